# SPDX-License-Identifier: MIT
"""`bss emulate` serves a chip on the loopback interface, `bss link` measures the way to it."""
import json
import signal
import subprocess
import unittest

from support import BSS, Case


class Link(Case):
    def serve(self, *arguments):
        """Start a server on any ports and return it with the address that it prints."""
        server = subprocess.Popen([BSS, "emulate", "--listen", "127.0.0.1:0", *arguments],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  cwd=self.folder, env=self.environment)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        return server, server.stdout.readline().strip()

    def link(self, uri, *more):
        return json.loads(self.bss("link", "--json", "--runs", 20, "--words", 20000,
                                   "--connection", uri, *more)[0])

    def test_an_emulated_chip_is_reached_as_an_fpga_is(self):
        _, uri = self.serve("--connection", "emulator:?serial=5")
        self.assertRegex(uri, r"^arq:127\.0\.0\.1:\d+\?reset_port=\d+$")
        near, far = self.link("emulator:?serial=5"), self.link(uri)
        self.assertEqual(far["chip"], "emulator-5")
        self.assertEqual(near["chip"], "emulator-5")
        self.assertIsNone(near["link"])
        self.assertGreater(far["round_trip"]["median_us"], 0)
        self.assertGreater(far["throughput"]["to_chip_MB_per_s"], 0)
        self.assertGreater(far["throughput"]["both_ways_MB_per_s"], 0)
        # 10 000 registers, 20 halts, and the words of both rates, with two halts, a barrier, a probe
        self.assertEqual(far["link"]["words_sent"], 30000 + 2 + 20 + 2 * 20001 + 1)
        self.assertEqual(far["link"]["malformed"], 0)
        for figures in [near, far]:
            time = figures["time"]
            self.assertEqual(time["runs"], 1 + 20 + 2)
            self.assertEqual(time["words_sent"], 30001 + 2 * 20000)
            self.assertEqual(time["responses"], 10000 + 20000)
            self.assertGreater(time["execute_s"], time["receive_s"])
            self.assertGreater(time["receive_s"], time["decode_s"])

    def test_the_text_tells_the_same(self):
        _, uri = self.serve()
        out, _ = self.bss("link", "--runs", 5, "--words", 1000, HXCOMM_CONNECTION=uri)
        for line in ["chip        emulator-1", "round trip  ", "to chip     ", "both ways   ",
                     "words       all came back as expected, 10000 registers read as written",
                     "sent        ", "received    "]:
            self.assertIn(line, out)

    def test_a_signal_ends_the_server_cleanly(self):
        for number in [signal.SIGINT, signal.SIGTERM]:
            server, uri = self.serve()
            self.link(uri)
            server.send_signal(number)
            _, err = server.communicate(timeout=60)
            self.assertEqual((server.returncode, err), (0, ""))

    def test_a_server_tells_what_it_has_done(self):
        server, uri = self.serve("--statistics")
        self.link(uri)
        server.send_signal(signal.SIGTERM)
        done = json.loads(server.communicate(timeout=60)[0])
        self.assertEqual(done["programs"], 1 + 20 + 2)
        self.assertEqual(done["words_received"], 30001 + 2 * 20000 + 23)
        self.assertEqual((done["resets"], done["thefts"], done["failed"]), (1, 0, 0))

    def test_a_link_is_recorded_and_replayed(self):
        file = self.folder / "link.hxr"
        recorded = self.link(f"record:{file},emulator:?serial=5")
        again = self.link(f"replay:{file}")
        self.assertEqual(recorded["chip"], "emulator-5")
        self.assertEqual(again["chip"], "emulator-5")
        self.assertEqual(recorded["time"]["words_received"], again["time"]["words_received"])
        self.refuse("link", "--runs", 21, "--words", 20000, "--connection", f"replay:{file}",
                    message="run 21 ends behind word 0, the recorded one goes on")

    def test_the_environment_names_the_chip(self):
        info = json.loads(self.bss("info", "--json", SLURM_FPGA_IPS="192.168.66.1,192.168.66.4")[0])
        self.assertEqual([c["address"] for c in info["connections"]],
                         ["arq:192.168.66.1", "arq:192.168.66.4"])
        self.assertIn("connection mock: (HXCOMM_CONNECTION is set)",
                      self.bss("info", HXCOMM_CONNECTION="mock:")[0])

    def test_what_is_no_chip_is_told(self):
        self.refuse("link", "--connection", "mock:",
                    message="was written 0x00000001 and read 0x00000000")
        self.refuse("link", "--connection", "arq:127.0.0.1:9?reset_port=9&timeout=0.01",
                    message="no answer from 127.0.0.1")
        out, _ = self.bss("link", "--json", "--connection", "mock:", status=1)
        self.assertEqual(json.loads(out)["error"]["code"], "HXCOMM_EPROTO")

    def test_addresses_of_the_server_are_checked(self):
        self.refuse("emulate", "--listen", "0.0.0.0", message="open to other machines")
        self.refuse("emulate", "--listen", "localhost", message="no numeric IPv4 address")
        self.refuse("emulate", "--listen", "127.0.0.1:70000", message="'70000' is no port", status=2)
        self.refuse("emulate", "--listen", ":1", message="':1' is no address", status=2)
        self.refuse("emulate", "--reset-port", "0", message="'0' is no port: 1 to", status=2)
        self.refuse("emulate", "emulator:", message="given by --listen", status=2)
        self.refuse("link", "--runs", "0", message="no number from 1 to 1000000", status=2)
        self.refuse("link", "--words", "x", message="'x' is no number from 1 to 4194304", status=2)


if __name__ == "__main__":
    unittest.main()
