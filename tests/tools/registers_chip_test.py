# SPDX-License-Identifier: MIT
"""`bss registers read|write|dump|diff` on a chip that stays: an emulated one, served on the loopback
interface."""
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
        self.assertRegex(out, r"^CADCConfig of CADCConfigOnDLS 1\n  enable +false\n  reset_wait +100\n  dead_time +8\n$")

    def test_lines_are_answered_in_order(self):
        writes = [{"container": "CapMemCell", "coordinate": i, "fields": {"value": 10 * i}}
                  for i in range(5)]
        text = "\n".join(json.dumps(line) for line in writes) + "\n"
        answers = self.lines("write", "--bring-up", text=text)
        self.assertEqual([line["words"] for line in answers], [2] * 5)
        text += '{"container":"CapMemCell","coordinate":12480}\n{"container":"TMP112Status"}\nno\n'
        answers = self.lines("read", text=text, status=1)
        self.assertEqual([answer.pop("place") for answer in answers[:5]],
                         [f"CapMemBlock:0 Row:0 Column:{i}" for i in range(5)])
        self.assertEqual(answers[:5], writes)
        self.assertIn("allowed are 0 to 12479", answers[5]["error"])
        self.assertEqual(answers[6]["fields"]["temperature"] // 16 / 16, 38)
        self.assertIn("no JSON", answers[7]["error"])

    def test_logical_containers_are_written_and_read(self):
        self.registers("write", "--bring-up", "AtomicNeuron", "3", "leak.v_leak=500", "leak.i_bias=7")
        self.registers("write", "--keep", "AtomicNeuron", "3", 'reset={"v_reset":{"index":0,"data":9}}')
        out = self.registers("read", "AtomicNeuron", "3")
        for line in [r"leak\.v_leak +500", r"leak\.i_bias +7", r"reset\.v_reset +9",
                     r"leak\.enable_division +false"]:
            self.assertRegex(out, r"(?m)^  " + line + "$")
        # the same, as its register
        for coordinate in ["3", "CapMemBlock:0 Row:v_leak Column:3"]:
            read, = self.lines("read", "--json", "CapMemCell", coordinate)
            self.assertEqual(read["fields"], {"value": 500})
        self.assertRegex(self.registers("read", "CapMemCell", "3"),
                         r"^CapMemCell of CapMemCellOnDLS 3 \(CapMemBlock:0 Row:0 Column:3\)\n")
        self.registers("write", "SynapseRow", "17", f"weights={json.dumps([i % 64 for i in range(256)])}")
        read, = self.lines("read", "--json", "SynapseRow", "17")
        self.assertEqual(read["fields"]["weights"], [i % 64 for i in range(256)])

    def test_other_ways_to_a_register(self):
        self.registers("write", "--bring-up", "CapMemCell", "7", "value=321")
        read, = self.lines("read", "--json", "--backend", "OmnibusChipOverJTAG", "CapMemCell", "7")
        self.assertEqual(read["fields"], {"value": 321})
        read, = self.lines("read", text='{"container":"CapMemCell","coordinate":7,'
                                        '"backend":"OmnibusChipOverJTAG"}\n')
        self.assertEqual(read["fields"], {"value": 321})

    def test_a_chip_is_dumped_compared_and_written_again(self):
        self.registers("write", "--bring-up", "CapMemCell", "100-103", "value=7")
        self.registers("write", "SynapseQuad", "32767", "weights=[1,2,3,63]")
        self.registers("write", "CrossbarNode", "75", "mask=4097")
        self.registers("dump", "--output", "full.jsonl")
        changed = self.registers("dump", "full.jsonl", "--changed")
        lines = [json.loads(line) for line in changed.splitlines()]
        names = [(line["container"], line["coordinate"]) for line in lines]
        for name in [*(("CapMemCell", i) for i in range(100, 104)), ("SynapseQuad", 32767),
                     ("CrossbarNode", 75)]:
            self.assertIn(name, names)
        # every line of the dump is what a read gives
        for line in lines[::10]:
            read, = self.lines("read", text=json.dumps(line) + "\n")
            self.assertEqual(read, line)
        self.assertEqual(self.registers("diff", "full.jsonl"), "")
        self.assertEqual(self.bss("registers", "diff", "full.jsonl", self.uri)[0], "")
        # what has changed is told field by field, from either side
        self.registers("write", "--keep", "SynapseQuad", "32767", "labels=[0,0,9,0]")
        out = self.registers("diff", "full.jsonl", status=1)
        # quad 63, entry 2: column 8 * 31 + 2 * 2 + 1
        self.assertEqual(out, "SynapseRow of SynapseRowOnDLS 511 (Synram:1 SynapseRow:255): "
                              "labels[253] is 9, was 0\n"
                              "1 difference\n")
        line, = [json.loads(line) for line in
                 self.bss("registers", "diff", "--json", self.uri, "full.jsonl", status=1)[0].splitlines()]
        self.assertEqual(line, {"container": "SynapseRow", "coordinate": 511, "field": "labels",
                                "index": 253, "first": 9, "second": 0,
                                "place": "Synram:1 SynapseRow:255"})
        # the lines of a dump restore it
        answers = self.lines("write", text=changed)
        self.assertEqual(len(answers), len(lines))
        self.assertEqual(self.registers("diff", "full.jsonl"), "")
        self.assertEqual(self.bss("registers", "diff", "--bring-up", "full.jsonl", "emulator:",
                                  status=1)[0].count("OnDLS 10"), 4)

    def test_saved_chips_are_written_and_read(self):
        self.registers("write", "--bring-up", "CapMemCell", "100-103", "value=7")
        self.registers("write", "NeuronConfig", "300", "enable_fire=true")
        self.registers("dump", "--output", "chip.jsonl")
        for name in ["json", "binary"]:
            self.registers("dump", "--format", name, "--output", f"chip.{name}")
            self.assertEqual(self.bss("registers", "diff", "chip.jsonl", f"chip.{name}")[0], "")
            self.assertEqual(self.registers("diff", f"chip.{name}"), "")
            # and back into lines
            self.bss("registers", "dump", f"chip.{name}", "--output", "again.jsonl")
            self.assertEqual((self.folder / "again.jsonl").read_bytes(),
                             (self.folder / "chip.jsonl").read_bytes())
        # a full disk takes nothing away
        (self.folder / "full").symlink_to("/dev/full")
        for name in ["lines", "json"]:
            self.refuse("registers", "dump", "chip.jsonl", "--format", name, "--output", "full",
                        message="No space left")
            self.assertTrue((self.folder / "full").is_symlink())
        saved = json.loads(self.bss("registers", "dump", "chip.binary", "--format", "json")[0])
        self.assertEqual(saved["parts"]["NeuronConfig"]["300"], {"enable_fire": True})
        data = bytearray((self.folder / "chip.binary").read_bytes())
        data[len(data) // 2] ^= 1
        self.refuse("registers", "dump", self.write("broken", bytes(data)), message="'")
        self.refuse("registers", "dump", self.write("cut", bytes(data[:40])), message="'")
        self.refuse("registers", "dump", "chip.json", "--format", "xml", status=2,
                    message="'xml' is none of the formats lines, json, binary")

    def test_wrong_dumps_are_told(self):
        self.refuse("registers", "dump", "--connection", self.uri, message="was not brought up")
        self.refuse("registers", "dump", "none.jsonl", message="'none.jsonl' cannot be opened")
        self.refuse("registers", "dump", "none:", message="none")
        self.refuse("registers", "diff", "--connection", self.uri, message="diff of what?", status=2)
        self.write("empty.jsonl", "")
        self.refuse("registers", "dump", "empty.jsonl", message="no line in it")
        for text, message in [("{}\n", "line 1: the line lacks"),
                              ('{"container":"CADCConfig","coordinate":1}\n{"cont', "line 2: no JSON"),
                              ('{"container":"CADCConfig","coordinate":2}', "allowed are 0 to 1"),
                              ('{"container":"CapMemCell","fields":{"value":1024}}', "1024"),
                              ('{"container":"JTAGIdCode"}', "cannot be written"),
                              ("\0\xff\n", "this is no saved chip")]:
            path = self.write("bad.jsonl", text)
            self.refuse("registers", "dump", path, message=message)
        out, _ = self.bss("registers", "dump", "--json", path, status=1)
        self.assertEqual(json.loads(out)["error"]["code"], "HXCOMM_ECORRUPT")
        self.write("good.jsonl", '{"container":"CapMemCell","fields":{"value":5}}')
        self.refuse("registers", "dump", "good.jsonl", "--output", "no/such/file",
                    message="'no/such/file' cannot be written")
        path = self.write("fpga.jsonl", '{"container":"InstructionTimeoutConfig"}')
        out, err = self.bss("registers", "dump", path, "--changed")
        self.assertIn("1 words of a dump are no part of a chip", err)
        self.assertEqual(out, "")
        out, _ = self.bss("registers", "dump", "--changed", "-", text='{"container":"CapMemCell",'
                          '"fields":{"value":5}}')
        self.assertEqual(json.loads(out), {"container": "CapMemCell", "coordinate": 0,
                                           "place": "CapMemBlock:0 Row:0 Column:0",
                                           "fields": {"value": 5}})

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
                (["read", "NeuronConfig", "x"], "NeuronConfig: 'x' is no NeuronConfigOnDLS: write"),
                (["read", "NeuronConfig", "NeuronConfigBlock:4 NeuronConfig:1"],
                 "NeuronConfigBlockOnDLS is 4, allowed are 0 to 3"),
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
