#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`bss coordinates` as people and other programs use it."""
import json
import unittest

import support

NEURON = "AtomicNeuronOnDLS"
REFERENCE = "AtomicNeuronOnDLS(NeuronColumnOnDLS(17), NeuronRowOnDLS(1); Enum(273))"


class Coordinates(support.Case):
    def lines(self, verb, *lines, status=0):
        out, _ = self.bss("coordinates", verb, status=status,
                          text="".join(json.dumps(line) + "\n" for line in lines))
        return [json.loads(line) for line in out.splitlines()]

    def test_list_names_all_with_their_ranges(self):
        out, _ = self.bss("coordinates", "list")
        rows = [line.split("\t") for line in out.splitlines()]
        self.assertEqual(rows[0], ["NAME", "KIND", "SIZE", "FIRST", "LAST", "PARTS", "STATE"])
        by_name = {row[0]: row[1:] for row in rows[1:]}
        self.assertEqual(by_name[NEURON], ["grid", "512", "0", "511", "NeuronRow Column", ""])
        self.assertEqual(by_name["PPUMemoryBlockSize"], ["ranged", "4096", "1", "4096", "", ""])
        self.assertEqual(by_name["ExtollAddress"][-1], "retired")
        out, _ = self.bss("coordinates", "list", "--json")
        described = {c["name"]: c for c in map(json.loads, out.splitlines())}
        self.assertEqual(set(described), set(by_name))
        self.assertEqual([p["key"] for p in described[NEURON]["parts"]], ["NeuronRow", "Column"])

    def test_show_tells_parts_values_and_conversions(self):
        out, _ = self.bss("coordinates", "show", "SynapseRowOnSynapseDriver")
        self.assertIn("value\ttop\t0\nvalue\tbottom\t1\n", out)
        out, _ = self.bss("coordinates", "show", NEURON)
        self.assertIn("part\tNeuronRow\tNeuronRowOnDLS\t0 to 1\n", out)
        self.assertIn("converts\ttoCapMemBlockOnDLS\tCapMemBlockOnDLS\n", out)
        self.assertIn("haldls/coordinates/neuron.h, haldls_neuron\n", out)
        shown = json.loads(self.bss("coordinates", "show", "--json", "SynapseDriverOnPADIBus")[0])
        self.assertIn({"function": "toSynapseDriverOnSynapseDriverBlock", "count": 4,
                       "to": "SynapseDriverOnSynapseDriverBlock", "index": "PADIBusOnPADIBusBlock"},
                      shown["conversions"])
        self.refuse("coordinates", "show", "Neuron", message="no coordinate 'Neuron'")

    def test_convert_prints_what_a_coordinate_becomes(self):
        for value in ("273", "NeuronRow:1 Column:17", REFERENCE):
            for to in ("NeuronColumnOnDLS", "toNeuronColumnOnDLS", "x"):
                self.assertEqual(self.bss("coordinates", "convert", NEURON, to, value)[0], "17\n")
        rows = ["coordinates", "convert", "SynapseDriverOnDLS", "SynapseRowOnDLS", "3"]
        self.assertEqual(self.bss(*rows)[0], "6\n7\n")
        self.assertEqual(self.bss(*rows, "1", "--style", "labels")[0], "Synram:0 SynapseRow:7\n")
        self.assertEqual(self.bss(*rows, "--json")[0],
                         '{"to":"SynapseRowOnDLS","values":[6,7]}\n')
        self.refuse(*rows, "2", message="index is 2, allowed are 0 to 1")
        self.refuse(*rows, "x", message="'x' is no index")
        self.refuse("coordinates", "convert", "CrossbarInputOnDLS", "SPL1Address", "3",
                    message="CrossbarInputOnDLS 3 has no SPL1Address")
        self.refuse("coordinates", "convert", NEURON, "Moon", "3", message="no conversion 'Moon'")
        self.refuse("coordinates", "convert", NEURON, "SynramOnDLS", "512",
                    message="AtomicNeuronOnDLS is 512, allowed are 0 to 511")

    def test_parse_and_print_read_what_the_other_writes(self):
        self.assertEqual(self.bss("coordinates", "parse", NEURON, "Column:17 NeuronRow:bottom")[0],
                         "273\n")
        self.assertEqual(self.bss("coordinates", "print", NEURON, "273")[0],
                         "NeuronRow:1 Column:17\n")
        self.assertEqual(self.bss("coordinates", "print", "--style=reference", NEURON, "273")[0],
                         REFERENCE + "\n")
        out = json.loads(self.bss("coordinates", "parse", "--json", NEURON, REFERENCE)[0])
        self.assertEqual(out, {"coordinate": NEURON, "value": 273,
                               "labels": "NeuronRow:1 Column:17", "reference": REFERENCE})
        self.refuse("coordinates", "parse", NEURON, "NeuronRow:1",
                    message="write a number of 0 to 511, 'NeuronRow:0 Column:0'")

    def test_lines_are_answered_in_order(self):
        self.assertEqual(
            self.lines("convert", {"from": NEURON, "to": "SynramOnDLS", "value": 273},
                       {"from": NEURON, "function": "x", "value": "NeuronRow:1 Column:17"},
                       {"from": "SynapseDriverOnDLS", "to": "SynapseRowOnDLS", "value": 3},
                       {"from": "SynapseDriverOnDLS", "to": "SynapseRowOnDLS", "value": 3,
                        "index": 1},
                       {"from": "CrossbarInputOnDLS", "to": "SPL1Address", "value": 3},
                       {"from": "PPUMemoryBlockOnPPU", "function": "toMax", "enum": 41980},
                       {"from": "PPUMemoryBlockOnPPU", "function": "toMax", "value": 41980}),
            [{"to": "SynramOnDLS", "value": 1}, {"to": "NeuronColumnOnDLS", "value": 17},
             {"to": "SynapseRowOnDLS", "values": [6, 7]}, {"to": "SynapseRowOnDLS", "value": 7},
             {"to": "SPL1Address", "value": None}, {"to": "PPUMemoryWordOnPPU", "value": 1030},
             {"to": "PPUMemoryWordOnPPU", "value": 1020}])
        self.assertEqual(
            self.lines("print", {"coordinate": "SynramOnDLS", "value": "bottom"}),
            [{"coordinate": "SynramOnDLS", "value": 1, "labels": "Synram:1",
              "reference": "SynramOnDLS(1)"}])

    def test_wrong_lines_say_why_and_the_others_are_answered(self):
        rows = [
            ("parse", {"value": 1}, "the line lacks \"coordinate\""),
            ("parse", {"coordinate": NEURON}, "needs \"value\" or \"enum\""),
            ("parse", {"coordinate": NEURON, "value": 1, "enum": 1}, "needs \"value\" or \"enum\""),
            ("parse", {"coordinate": NEURON, "value": -1}, "no whole number of 0 or more"),
            ("parse", {"coordinate": NEURON, "enum": "1"}, "\"enum\" is no whole number"),
            ("parse", {"coordinate": NEURON, "value": 512}, "allowed are 0 to 511"),
            ("convert", {"from": NEURON, "value": 1}, "the line lacks \"to\""),
            ("convert", {"to": NEURON, "value": 1}, "the line lacks \"from\""),
            ("convert", {"from": NEURON, "to": "x", "value": 1, "index": -1}, "\"index\" is no"),
            ("convert", {"from": NEURON, "to": "x", "value": 1, "index": 1},
             "index is 1, allowed are 0 to 0")]
        for verb, line, message in rows:
            good = {"coordinate": NEURON, "from": NEURON, "to": "SynramOnDLS", "value": 0}
            out = self.lines(verb, line, good, status=1)
            self.assertIn(message, out[0]["error"])
            self.assertEqual(out[1]["value"], 0)

    def test_what_makes_no_sense_is_refused(self):
        self.refuse("coordinates", status=2, message="say list, show, convert, parse or print")
        self.refuse("coordinates", "draw", status=2, message="'draw' is none of list, show")
        self.refuse("coordinates", "show", status=2, message="show takes 1 arguments, here are 0")
        self.refuse("coordinates", "parse", NEURON, "NeuronRow:1", "Column:17", status=2,
                    message="put a coordinate of several words in quotes")
        self.refuse("coordinates", "print", "--style=loud", NEURON, "1", status=2,
                    message="'loud' is none of labels, reference, number")


if __name__ == "__main__":
    unittest.main()
