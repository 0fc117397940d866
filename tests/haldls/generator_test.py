#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the generator of the register map refuses, and what one more line of data brings."""
import glob
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

import generated_program

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENERATOR = os.path.join(ROOT, "haldls/generator")
sys.path.insert(0, GENERATOR)
import generate  # noqa: E402 (lies in the folder above)
import logical  # noqa: E402
import register_map  # noqa: E402
import schema  # noqa: E402


def container(**changes):
    data = {"container": "TestThing", "c_name": "test_thing", "summary": "a thing",
            "coordinate": "ThingOnTest", "count": 4, "backends": ["Omnibus"],
            "write": ["0x100 + 2 * e", "0x101 + 2 * e"], "read": "same", "source": "this test",
            "fields": [
                {"name": "low", "at": "0:0+4", "type": "uint", "default": 3, "summary": "x"},
                {"name": "flag", "at": "0:31+1", "type": "bool", "default": 1, "xor": 1,
                 "summary": "x"},
                {"name": "wide", "at": "1:0+8 0:8+8", "type": "uint", "default": 0,
                 "values": {"AllBits": 65535}, "summary": "x"}]}
    data.update(changes)
    return data


def field(index=0, **changes):
    data = container()
    data["fields"][index].update(changes)
    return data


class Refusals(unittest.TestCase):
    def refuse(self, data, text, canonical=True):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test_thing.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write(register_map.canonical(data) if canonical else json.dumps(data))
            self.refuse_files([path], path, text)

    def refuse_files(self, paths, named, text):
        """The refusal tells the file and the reason."""
        with self.assertRaises(schema.Refused) as refused:
            generate.read_data(paths)
        self.assertIn(named, str(refused.exception))
        self.assertIn(text, str(refused.exception))

    def refuse_plain(self, data, text):
        """What has no canonical form, as something is missing or too much."""
        self.refuse(data, text, canonical=False)

    def test_two_containers_have_two_names_and_two_places(self):
        other = {"container": "OtherThing", "c_name": "other_thing", "write": ["0x200 + e"],
                 "fields": []}
        rows = [({}, None),
                ({"container": "TestThing"}, "has the name 'TestThing', too"),
                ({"write": ["0x103 + e"]}, "test_thing.json: TestThing 2, word 0: address "
                                           "0x00000104 of Omnibus is that of OtherThing, too"),
                ({"write": ["0x103 + e"], "view_of": "TestThing"}, None),
                ({"write": ["0x0fe + e"], "view_of": "TestThing"},
                 "0x000000fe of Omnibus is none of"),
                ({"write": ["0x103 + e"], "backends": ["OmnibusChipOverJTAG"]}, None)]
        for changes, text in rows:
            with self.subTest(changes), tempfile.TemporaryDirectory() as folder:
                paths = []
                for data in (container(), container(**{**other, **changes})):
                    paths.append(os.path.join(folder, data["c_name"] + ".json"))
                    with open(paths[-1], "w", encoding="utf-8") as f:
                        f.write(register_map.canonical(data))
                if text:
                    self.refuse_files(paths, folder, text)
                else:
                    generate.read_data(paths)

    def test_a_refusal_ends_the_program(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("chip", "fpga", "logical"):
                os.mkdir(os.path.join(folder, name))
            path = os.path.join(folder, "chip/test_thing.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write("{")
            out = os.path.join(folder, "out")
            for program, more in (("generate.py", []), ("reference.py", ["--coordinates", folder])):
                run = subprocess.run([sys.executable, "-B", os.path.join(GENERATOR, program),
                                      "--registers", folder, "--chip", "chip", "--out", out, *more],
                                     capture_output=True, text=True, check=False)
                self.assertEqual(run.returncode, 1)
                self.assertTrue(run.stderr.startswith(f"{program}: {path}: is no JSON: "),
                                run.stderr)
                self.assertFalse(os.path.exists(out))

    def test_the_schema_names_what_the_generator_knows(self):
        """Two lists of back ends, one in data and one with their names in C."""
        with open(os.path.join(ROOT, "haldls/registers/schema.json"), encoding="utf-8") as f:
            definitions = json.load(f)["$defs"]
        self.assertEqual(definitions["backend"]["enum"], list(register_map.BACKENDS))
        types = definitions["field"]["properties"]["type"]["enum"]
        self.assertEqual(types, list(register_map.TYPES))

    @unittest.skipUnless(importlib.util.find_spec("jsonschema"), "no validator is installed")
    def test_another_validator_agrees(self):
        import jsonschema
        with open(os.path.join(ROOT, "haldls/registers/schema.json"), encoding="utf-8") as f:
            data = json.load(f)
        jsonschema.Draft202012Validator.check_schema(data)
        validator = jsonschema.Draft202012Validator(data)
        for path in glob.glob(os.path.join(ROOT, "haldls/registers/*/*.json")):
            with open(path, encoding="utf-8") as f:
                self.assertTrue(validator.is_valid(json.load(f)), path)
        for data in (container(count=0), field(0, type="float"), field(0, colour="red"), [],
                     container(backends=[]), container(write=["x"]), field(0, at="0.0+4")):
            self.assertFalse(validator.is_valid(data))

    def test_each_wrong_datum_is_refused_with_its_reason(self):
        self.refuse(field(1, at="0:3+1"), "bit 3 of word 0 belongs to low already")
        self.refuse(field(0, max=16), "wider than 4 bits")
        self.refuse(field(0, default=16), "default 16 is outside 0 to 15")
        self.refuse(field(1, at="0:30+2", xor=0), "a bool of 2 bits")
        self.refuse(field(2, at="2:0+8", values={}), "word 2 of a container of 2")
        self.refuse(field(0, at="0:30+4"), "does not lie within a word")
        self.refuse(field(0, at="0.0+4"), "is not a list of pieces word:lsb+width")
        self.refuse(field(0, type="float"),
                    'TestThing.fields.low.type: "float" is none of bool, uint, int, enum')
        self.refuse(field(0, encoding="magic"), '"magic" is none of capmem_debug_enable')
        self.refuse(field(0, type="enum", values={"one": 1}, default=1), "an enum without a zero")
        self.refuse(field(0, type="enum"), "an enum without values")
        self.refuse(field(0, type="enum", values={"a": 0, "b": 16}), "value b = 16 does not fit")
        self.refuse(field(0, values={"none": 16}), "value none = 16 does not fit")
        self.refuse(field(1, values={"on": 1}), "a bool has no names for its values")
        self.refuse(field(1, xor=2), "xor does not fit")
        self.refuse(container(backends=["Telepathy"]),
                    'TestThing.backends.0: "Telepathy" is none of Omnibus')
        self.refuse(container(), "not in canonical form", canonical=False)
        self.refuse(container(write=["0x100 + 2 * e; exit(1)"]), "is not an expression of e and w")
        self.refuse(container(write={"words": 2, "every": "e"}),
                    "TestThing.write: key 'each' is missing")
        self.refuse(container(payload="parcel"),
                    'TestThing.payload: "parcel" is none of none, list')
        self.refuse(field(0, type="enum", values={"a": 0, "b": 2}, default=0), "have no name")
        self.refuse(field(0, type="enum", values={"a": 0, "b": 1}, stored=[1], default=0),
                    "stored needs a number")
        self.refuse(field(2, at="i:0+8", values={}), "'elements' and a word i belong together")
        self.refuse(field(2, at="i:16+8", elements=3, values={}), "word 2 of a container of 2")
        self.refuse(field(1, encoding="byte_enable", lanes=[4]), "bools of lanes 0 to 3")

        for key in ("container", "c_name", "count", "write", "source", "fields"):
            data = container()
            del data[key]
            self.refuse_plain(data, f"key '{key}' is missing")
        data = container()
        del data["fields"][1]["summary"]
        self.refuse_plain(data, "TestThing.fields.flag: key 'summary' is missing")
        self.refuse_plain(field(0, colour="red"), "TestThing.fields.low: unknown key 'colour'")
        self.refuse(container(count=0), "TestThing.count: 0 lies outside 1 to 4294967295")
        self.refuse(container(count="4"), 'TestThing.count: "4" is no integer')
        self.refuse(container(count=True), "TestThing.count: true is no integer")
        self.refuse(container(summary=""), 'TestThing.summary: "" is not plain ASCII text')
        self.refuse(container(backends=[]), "TestThing.backends: is empty")
        self.refuse(field(0, default="three"), 'low.default: "three" is no integer')
        self.refuse(field(0, default=[1, 2]), "2 defaults for 1 elements")
        self.refuse(field(0, name="Low"), '"Low" is not a name in C')
        self.refuse(field(1, name="low"), "there are two fields 'low'")
        self.refuse(field(1, alias="low"), "there are two fields 'low'")
        self.refuse(container(write=[], read=[]), "an address neither to write nor to read")
        self.refuse(container(addresses={"Air": ["e"]}), '"Air" is no back end')
        self.refuse(container(write=["0x100 + e", "0x101 + e"]),
                    "TestThing 0, word 1: address 0x00000101 of Omnibus is that of TestThing, too")
        self.refuse(container(view_of="OtherThing"), 'view_of "OtherThing", which is no container')
        self.refuse_plain([], "it: [] is no object")

        self.refuse(container(shift="8 * e"), "a shift without byte enables")
        self.refuse(container(byte_enables="1 << e"), "byte enables are for one word over Omnibus")
        one = {"write": ["0x100 + e"], "fields": [
            {"name": "enables", "encoding": "byte_enable", "lanes": [0], "type": "bool",
             "default": 1, "summary": "x"}]}
        self.refuse(container(byte_enables="1", **one), "by an expression and by a field")
        self.refuse(container(backends=["OmnibusChipOverJTAG"], **one), "one word over Omnibus")
        self.refuse(container(payload="list"), "only a spike pack holds a list")
        self.refuse(container(payload="list", backends=["SpikePack3ToChip"]), "as its name says")
        self.refuse(container(word_count="e"), "word_count needs addresses by 'each'")
        self.refuse(container(shift="8 * e + word"), "is not an expression of e and w")
        self.refuse(container(payload="list", shift=1), "TestThing.shift: 1 is no string")

    def test_wrong_logical_data_are_refused_with_their_reason(self):
        part = {"container": "TestThing", "at": "e", "fields": {"low": "a.low", "flag": "flag"}}
        whole = {"container": "TestThing", "repeat": 2, "at": "2 * e + i", "member": "things[2]"}
        rows = [
            ([dict(part, container="Nothing")], "there is no container 'Nothing'"),
            ([dict(part, at="system(1)")], "is not an expression of e, i, j, k"),
            ([dict(part, fields={"high": "a"})], "has no field 'high'"),
            ([dict(part, fields={"low": "A b"})], "is no member"),
            ([dict(part, fields={"low": "a", "flag": "a.b"})], "is a value and has members"),
            ([dict(part, member="x")], "a member for all of it, or its fields"),
            ([dict(part, kernel="fast")], 'kernel: "fast" is none of synapse_rows'),
            ([dict(part, index=["i; j"])], 'index.0: "i; j" is not an expression'),
            ([dict(part, defaults={"wide": 1})], "defaults of what is no field"),
            ([dict(part, at_table=[1, 2])], "2 coordinates for 1 of them"),
            ([whole, whole], "member things[2] twice"),
            ([dict(part, fields={"low": "x[2].a", "wide": "x[3].b"})], "its dimensions differ"),
            ([dict(part, choices=[{"member": "c", "values": {"no": 0, "yes": 1}, "from": ["flag"],
                                   "stored": [0], "read": [0, 1], "summary": "x"}])],
             "needs a number for each value"),
            ([dict(part, choices=[{"member": "c", "values": {"no": 0, "yes": 1}, "from": ["low"],
                                   "stored": [0, 1], "read": [0, 1], "summary": "x"}])],
             "has no bool 'low'"),
        ]
        for parts, text in rows:
            with self.subTest(text):
                self.refuse_logical(parts, text)
        self.refuse_logical([dict(part, container="TestWhole")], "parts of each other")

    def refuse_logical(self, parts, text):
        data = {"container": "TestWhole", "c_name": "test_whole", "summary": "a whole",
                "coordinate": "WholeOnTest", "count": 2, "backends": ["Omnibus"],
                "source": "this test", "parts": parts}
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "logical"))
            paths = [os.path.join(folder, "test_thing.json"),
                     os.path.join(folder, "logical/test_whole.json")]
            with open(paths[0], "w", encoding="utf-8") as f:
                f.write(register_map.canonical(container()))
            with open(paths[1], "w", encoding="utf-8") as f:
                f.write(logical.canonical(data))
            # parts of each other belong to no file
            self.refuse_files(paths, "" if "each other" in text else paths[1], text)

    def test_a_file_is_named_after_its_container(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "other_thing.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write(register_map.canonical(container()))
            self.assertRaisesRegex(schema.Refused, "named after another container",
                                   register_map.Container, path)

    def test_the_data_of_the_project_are_accepted(self):
        files = glob.glob(os.path.join(ROOT, "haldls/registers/*/*.json"))
        self.assertGreater(len(files), 90)
        registers, logicals = generate.read_data(files)
        self.assertEqual(len(registers) + len(logicals), len(files))


LONG = {"container": "LongThing", "c_name": "long_thing", "summary": "a long thing",
        "coordinate": "LongOnTest", "count": 2, "backends": ["Omnibus"],
        "write": {"words": 1000, "each": "0x4000 + 0x1000 * e + w"}, "read": "same",
        "source": "this test",
        "fields": [{"name": "cells", "at": "i:4+8", "elements": 1000, "type": "uint", "default": 0,
                    "summary": "x"}]}
ODD = {"container": "OddThing", "c_name": "odd_thing", "summary": "an odd thing",
       "coordinate": "OddOnTest", "count": 8, "backends": ["Omnibus"], "write": ["0x8000 + e / 4"],
       "read": "same", "shift": "8 * (e % 4)", "source": "this test",
       "fields": [{"name": "mode", "at": "0:1+1 0:3+1", "type": "enum", "default": 0,
                   "values": {"off": 0, "some": 1, "all": 2}, "stored": [0, 2, 3], "summary": "x"},
                  {"name": "enables", "encoding": "byte_enable", "lanes": [3, 1], "type": "bool",
                   "default": 1, "summary": "x"}]}
PROGRAM = r"""
#include <haldls/containers.h>
#include <stdio.h>
#include <string.h>
#include "encodings.h"
int main(void)
{
	struct haldls_test_thing value = HALDLS_TEST_THING_INIT, back;
	uint32_t words[HALDLS_TEST_THING_WORDS];
	value.wide = 0xabcd;
	if (haldls_test_thing_encode(words, &value) || haldls_test_thing_decode(&back, words))
		return 1;
	printf("%x %x %x %u\n", words[0], words[1], haldls_test_thing_address(3, 1),
	        back.wide == value.wide && back.low == 3 && back.flag);
	value.low = 16;
	if (haldls_test_thing_encode(words, &value) != HXCOMM_ERANGE)
		return 2;
	puts(HALDLS_CONTAINER_OF(&value)->fields[2].name);
	printf("%s %d\n", HALDLS_CONTAINER_OF(&value)->fields[2].values[0].name,
	        HALDLS_TEST_THING_WIDE_ALL_BITS);
	static struct haldls_long_thing many;
	static uint32_t many_words[HALDLS_LONG_THING_WORDS];
	many.cells[999] = 0xab;
	if (haldls_long_thing_encode(many_words, &many))
		return 3;
	printf("%x %x\n", many_words[999], haldls_long_thing_address(1, 999));
	many.cells[7] = 256;
	if (haldls_long_thing_encode(many_words, &many) != HXCOMM_ERANGE)
		return 4;
	struct haldls_odd_thing odd = { HALDLS_ODD_THING_MODE_ALL, { true, false } };
	if (haldls_odd_thing_encode(words, &odd))
		return 5;
	printf("%x %u %u\n", words[0], haldls_odd_thing_container.shift(6),
	        haldls_odd_thing_container.byte_enables(&odd, 0));
	words[0] = 2; /* the trigger bit alone stands for no value */
	if (haldls_odd_thing_decode(&odd, words) != HXCOMM_ERANGE)
		return 6;
	return 0;
}
"""


class OneMoreContainer(unittest.TestCase):
    def test_it_appears_everywhere_from_its_data_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for data in (container(), LONG, ODD):
                paths.append(os.path.join(folder, data["c_name"] + ".json"))
                with open(paths[-1], "w", encoding="utf-8") as f:
                    f.write(register_map.canonical(data))
            generate.generate(*generate.read_data(paths), folder)
            out = generated_program.run(folder, PROGRAM, [
                os.path.join(folder, f"containers_{i}.c") for i in range(4)])
            # low 3 in bits 3:0, the flag is stored inverted, the upper byte of wide in 15:8;
            # 0xab from bit 4 on; "all" is both bits of the mode, entry 0 enables lane 3
            self.assertEqual(out, "ab03 cd 107 1\nwide\nAllBits 65535\nab0 53e7\na 16 8\n")


if __name__ == "__main__":
    unittest.main()
