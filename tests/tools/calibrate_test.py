# SPDX-License-Identifier: MIT
"""`bss calibrate` and `bss chips`: from a chip to the store and back."""
import json
import os
import pty
import signal
import subprocess
import unittest

from support import BSS, Case

CHIP = "emulator:?serial=7"


class Calibrate(Case):
    def test_a_calibration_is_made_once_and_listed(self):
        out, err = self.bss("calibrate", "-c", CHIP, "--json")
        made = json.loads(out)
        self.assertEqual((made["chip"], made["new"]), ("emulator-7", True))
        self.assertEqual(made["store"], str(self.folder / ".local/share/bss/calibration.sqlite"))
        self.assertEqual(err.splitlines()[0], "calibrating emulator-7 ...")
        self.assertIn("calibrating emulator-7: done after", err)
        self.assertNotIn("\033", err)

        again = json.loads(self.bss("calibrate", "-c", CHIP, "--json")[0])
        self.assertEqual((again["new"], again["metrics"]), (False, made["metrics"]))
        text, _ = self.bss("calibrate", "-c", CHIP)
        self.assertIn("has a calibration of emulator-7 to this target already", text)

        listed = [json.loads(line) for line in self.bss("chips", "--json")[0].splitlines()]
        self.assertEqual(len(listed), 1)
        self.assertEqual((listed[0]["chip"], listed[0]["valid"]), ("emulator-7", True))
        self.assertEqual(listed[0]["metrics"], made["metrics"])
        titles, row = [line.split("\t") for line in self.bss("chips")[0].splitlines()]
        self.assertEqual(titles[:4], ["ID", "CHIP", "KIND", "DATE"])
        self.assertEqual(row[:3], ["1", "emulator-7", "spiking"])
        self.assertRegex(row[3], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        metrics = self.bss("chips", "--metrics", "emulator-7")[0]
        self.assertIn("\tleak.std_after\t", metrics)
        self.refuse("chips", "emulator-8", message="no calibration of emulator-8: run `bss cal")

    def test_wrong_input_says_what_is_wrong_and_stores_nothing(self):
        rows = [
            (("-c", "nowhere:"), "nowhere"),
            (("-c", "emulator"), "emulator"),
            (("-c", "emulator:?serial=1000"), "serial"),
            (("-c", "emulator:?sereal=1"), "sereal"),
            (("--tau-mem", "1s"), "tau_mem"),
            (("--threshold", "60lsb"), "threshold"),
            (("--store", "/dev/null/x"), "/dev/null/x"),
        ]
        for arguments, message in rows:
            with self.subTest(arguments):
                self.refuse("calibrate", *arguments, message=message)
        out, _ = self.bss("calibrate", "-c", "nowhere:", "--json", status=1)
        self.assertEqual(json.loads(out)["error"]["code"], "HXCOMM_ENOENT")
        self.refuse("chips", message="calibration.sqlite")

    def test_a_damaged_store_is_an_error(self):
        store = self.write("store.sqlite", b"SQLite format 3\0" + bytes(range(256)) * 40)
        for command in ["chips", "calibrate"]:
            _, err = self.bss(command, "--store", store, status=1)
            self.assertIn(str(store), err)
        self.refuse("chips", "--store", "absent.sqlite", message="absent.sqlite")

    def test_ctrl_c_ends_cleanly_and_stores_nothing(self):
        process = subprocess.Popen([BSS, "calibrate", "-c", CHIP, "--store", "s.sqlite"],
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder,
                                   env=self.environment)
        self.assertEqual(process.stderr.readline(), "calibrating emulator-7 ...\n")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=250)
        self.assertEqual(process.returncode, 130)
        self.assertIn("calibrating emulator-7: interrupted after", err)
        self.refuse("chips", "--store", "s.sqlite", message="holds no calibration")

    def test_a_terminal_gets_a_bar(self):
        try:
            leader, follower = pty.openpty()
        except OSError as error:
            self.skipTest(str(error))
        process = subprocess.Popen([BSS, "calibrate", "-c", CHIP], stderr=follower, stdout=follower,
                                   cwd=self.folder, env=self.environment)
        os.close(follower)
        seen = b""
        while True:
            try:
                seen += os.read(leader, 4096)
            except OSError:
                break
        os.close(leader)
        self.assertEqual(process.wait(250), 0)
        self.assertIn(b"\rcalibrating emulator-7 [", seen)
        self.assertIn(b"OBSERVABLE", seen)
        self.assertRegex(seen.decode(), r"(?m)^leak +\d")


if __name__ == "__main__":
    unittest.main()
