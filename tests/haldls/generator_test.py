#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the generator of the register map refuses, and what one more line of data brings."""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENERATOR = os.path.join(ROOT, "haldls/generator/generate.py")
spec = importlib.util.spec_from_file_location("generate", GENERATOR)
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def container(**changes):
    data = {"container": "TestThing", "c_name": "test_thing", "summary": "a thing",
            "coordinate": "ThingOnTest", "count": 4, "backends": ["Omnibus"],
            "write": ["0x100 + 2 * e", "0x101 + 2 * e"], "read": "same", "source": "this test",
            "fields": [
                {"name": "low", "at": "0:0+4", "type": "uint", "default": 3, "summary": "x"},
                {"name": "flag", "at": "0:31+1", "type": "bool", "default": 1, "xor": 1,
                 "summary": "x"},
                {"name": "wide", "at": "1:0+8 0:8+8", "type": "uint", "default": 0,
                 "summary": "x"}]}
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
                f.write(generate.canonical(data) if canonical else json.dumps(data))
            run = subprocess.run([sys.executable, GENERATOR, "--check", path],
                                 capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 1)
            self.assertIn(text, run.stderr)

    def test_each_wrong_datum_is_refused_with_its_reason(self):
        self.refuse(field(1, at="0:3+1"), "bit 3 of word 0 belongs to low already")
        self.refuse(field(0, max=16), "wider than 4 bits")
        self.refuse(field(0, default=16), "default 16 is outside 0 to 15")
        self.refuse(field(1, at="0:30+2", xor=0), "a bool of 2 bits")
        self.refuse(field(2, at="2:0+8"), "word 2 of a container of 2")
        self.refuse(field(0, at="0:30+4"), "does not lie within a word")
        self.refuse(field(0, at="0.0+4"), "is no piece")
        self.refuse(field(0, type="float"), "type 'float' is none of")
        self.refuse(field(0, encoding="magic"), "encoding 'magic' is none of")
        self.refuse(field(0, type="enum", values={"one": 1}, default=1), "an enum without a zero")
        self.refuse(field(0, type="enum"), "an enum without values")
        self.refuse(field(0, type="enum", values={"a": 0, "b": 16}), "value b = 16 does not fit")
        self.refuse(field(1, xor=2), "xor does not fit")
        self.refuse(container(backends=["Telepathy"]), "unknown back end 'Telepathy'")
        self.refuse(container(), "not in canonical form", canonical=False)
        data = container()
        data["fields"][0]["colour"] = "red"
        self.assertRaises(generate.Refused, generate.Field, data["fields"][0], "TestThing")

    def test_the_data_of_the_project_are_accepted_and_canonical(self):
        files = []
        for folder, _, names in os.walk(os.path.join(ROOT, "haldls/registers")):
            files += [os.path.join(folder, n) for n in names if n.endswith(".json")]
        self.assertGreater(len(files), 90)
        run = subprocess.run([sys.executable, GENERATOR, "--check"] + files, capture_output=True,
                             text=True, check=False)
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.returncode, 0)


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
	return 0;
}
/* what the libraries would bring */
int hxcomm_error_set(int code, const char *format, ...)
{
	(void)format;
	return code;
}
int haldls__range_error(const char *f, long long v, long long a, long long b)
{
	(void)f, (void)v, (void)a, (void)b;
	return HXCOMM_ERANGE;
}
"""


class OneMoreContainer(unittest.TestCase):
    def test_it_appears_everywhere_from_its_data_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test_thing.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write(generate.canonical(container()))
            subprocess.run([sys.executable, GENERATOR, "--out", folder, path], check=True)
            main = os.path.join(folder, "main.c")
            with open(main, "w", encoding="utf-8") as f:
                f.write(PROGRAM)
            program = os.path.join(folder, "program")
            includes = [f"-I{ROOT}/{room}/include" for room in ("hxcomm", "fisch", "haldls")]
            subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-o", program, main,
                            os.path.join(folder, "containers_0.c"), f"-I{folder}",
                            f"-I{ROOT}/haldls/src"] + includes, check=True)
            out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
            # low 3 in bits 3:0, the flag is stored inverted, the upper byte of wide in 15:8
            self.assertEqual(out, "ab03 cd 107 1\nwide\n")


if __name__ == "__main__":
    unittest.main()
