# SPDX-License-Identifier: MIT
"""`bss registers read|write` on a chip that stays: an emulated one, served on the loopback interface."""
import json
import subprocess
import unittest

from support import BSS, Case


class Chip(Case):
    def setUp(self):
        super().setUp()
        server = subprocess.Popen([BSS, "emulate", "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  cwd=self.folder, env=self.environment)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        self.uri = server.stdout.readline().strip()

    def registers(self, *arguments, **more):
        return self.bss("registers", *arguments, "--connection", self.uri, **more)[0]

    def lines(self, *arguments, **more):
        return [json.loads(line) for line in self.registers(*arguments, **more).splitlines()]

    def test_what_is_written_is_read(self):
        self.registers("write", "--bring-up", "CADCConfig", "1", "reset_wait=7", "enable=true")
        read, = self.lines("read", "--json", "CADCConfig", "1")
        self.assertEqual(read, {"container": "CADCConfig", "coordinate": 1,
                                "fields": {"enable": True, "reset_wait": 7, "dead_time": 20}})
        # another field: by default the others go back to theirs, with --keep they stay
        self.registers("write", "--keep", "CADCConfig", "all", "dead_time=9")
        read = self.lines("read", "--json", "CADCConfig")
        self.assertEqual([line["fields"]["reset_wait"] for line in read], [100, 7])
        self.assertEqual([line["fields"]["dead_time"] for line in read], [9, 9])
        out = self.registers("write", "CADCConfig", "0-1", "dead_time=8")
        self.assertEqual(out, "CADCConfig 0 to 1: written, 4 words\n")
        read = self.lines("read", "--json", "CADCConfig")
        self.assertEqual([line["fields"]["reset_wait"] for line in read], [100, 100])
        out = self.registers("read", "CADCConfig", "1")
        self.assertRegex(out, r"^CADCConfig 1\n  enable +false\n  reset_wait +100\n  dead_time +8\n$")

    def test_lines_are_answered_in_order(self):
        writes = [{"container": "CapMemCell", "coordinate": i, "fields": {"value": 10 * i}}
                  for i in range(5)]
        text = "\n".join(json.dumps(line) for line in writes) + "\n"
        answers = self.lines("write", "--bring-up", text=text)
        self.assertEqual([line["words"] for line in answers], [2] * 5)
        text += '{"container":"CapMemCell","coordinate":12480}\n{"container":"TMP112Status"}\nno\n'
        answers = self.lines("read", text=text, status=1)
        self.assertEqual(answers[:5], writes)
        self.assertIn("allowed are 0 to 12479", answers[5]["error"])
        self.assertEqual(answers[6]["fields"]["temperature"] // 16 / 16, 38)
        self.assertIn("no JSON", answers[7]["error"])

    def test_other_ways_to_a_register(self):
        self.registers("write", "--bring-up", "CapMemCell", "7", "value=321")
        read, = self.lines("read", "--json", "--backend", "OmnibusChipOverJTAG", "CapMemCell", "7")
        self.assertEqual(read["fields"], {"value": 321})
        read, = self.lines("read", text='{"container":"CapMemCell","coordinate":7,'
                                        '"backend":"OmnibusChipOverJTAG"}\n')
        self.assertEqual(read["fields"], {"value": 321})

    def test_wrong_requests_are_told(self):
        chip = ["--connection", self.uri]
        self.refuse("registers", "read", "NeuronConfig", "3", *chip,
                    message="was not brought up: its clocks are not set")
        self.refuse("registers", "write", "NeuronConfig", "3", *chip, message="was not brought up")
        self.registers("read", "--bring-up", "NeuronConfig", "3")
        for arguments, message in [
                (["read", "NeuronConfig", "512"], "512, allowed are 0 to 511"),
                (["read", "NeuronConfig", "0-512"], "512, allowed are 0 to 511"),
                (["read", "NeuronConfig", "5-4"], "'5-4' is no coordinate"),
                (["read", "NeuronConfig", "x"], "'x' is no coordinate"),
                (["read", "NeuronConfig", "-1"], "invalid option"),
                (["read", "Neuron"], "no container 'Neuron'"),
                (["read", "ShiftRegister"], "cannot be read"),
                (["read", "NeuronConfig", "1", "--backend", "JTAGIdCode"], "cannot be reached"),
                (["read", "ExternalPPUDRAMMemoryQuad"], "more words than a program"),
                (["write", "JTAGIdCode", "0"], "JTAGIdCode cannot be written"),
                (["write", "CapMemCell", "0", "value=1024"], "allowed are 0 to 1023"),
                (["write", "CapMemCell", "0", "volt=1"], "no field 'volt'"),
                (["write", "CapMemCell", "0", "value"], "'value' is no field=value"),
                (["write", "--keep", "ShiftRegister", "0"], "cannot be read")]:
            status = 2 if message == "invalid option" else 1
            self.refuse("registers", *arguments, *chip, message=message, status=status)
        self.refuse("registers", "write", "CapMemCell", *chip, message="write which coordinates?",
                    status=2)
        self.refuse("registers", "read", "A", "1", "2", *chip, message="at most 2", status=2)
        out, _ = self.bss("registers", "read", "--json", "Neuron", *chip, status=1)
        self.assertEqual(json.loads(out)["error"]["code"], "HXCOMM_ENOENT")


if __name__ == "__main__":
    unittest.main()
