#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the generator of the coordinates refuses, and what a few more lines of data bring."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENERATOR = os.path.join(ROOT, "haldls/generator/coordinates.py")
sys.path.insert(0, os.path.dirname(GENERATOR))
import coordinates  # noqa: E402 (lies beside the generator)


def domain(**changes):
    """Two boxes of three balls each, in a row of two and a column of three, too."""
    data = {"domain": "test", "summary": "x", "source": "this test", "coordinates": [
        {"name": "BallOnBox", "axis": "x", "max": 2, "summary": "x",
         "values": {"red": 0, "blue": 2}},
        {"name": "BallOnTable", "outer": "BoxOnTable", "inner": "BallOnBox", "summary": "x",
         "to": {"PlaceOnTable": "2 - e % 3", "BoxOnTable": {"expr": "0", "valid": "e <= 2"}}},
        {"name": "BoxOnTable", "axis": "y", "max": 1, "summary": "x",
         "to": {"BallOnTable": {"expr": "3 * e + i", "index": "BallOnBox"}}},
        {"name": "MarkOnTable", "max": 5, "summary": "x",
         "to": {"BallOnBox": "2 - e / 2", "BoxOnTable": "e % 2"},
         "made_of": {"parts": ["toBallOnBox", "toBoxOnTable"], "expr": "2 * (2 - a) + b"}},
        {"name": "PlaceOnTable", "y": "BoxOnTable", "x": "BallOnBox", "summary": "x",
         "places": [[0, 0], [0, 2], [1, 1]]}]}
    data.update(changes)
    return data


def changed(index, **changes):
    data = domain()
    data["coordinates"][index].update(changes)
    return data


def without(index, key):
    data = domain()
    del data["coordinates"][index][key]
    return data


def run(arguments):
    return subprocess.run([sys.executable, GENERATOR, *arguments], capture_output=True, text=True,
                          check=False)


class Refusals(unittest.TestCase):
    def refuse(self, data, text, canonical=True):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write(coordinates.canonical(data) if canonical else json.dumps(data))
            with self.assertRaises(coordinates.Refused) as refused:
                coordinates.World([coordinates.Domain(path)])
            self.assertIn(text, str(refused.exception))

    def test_each_wrong_datum_is_refused_with_its_reason(self):
        self.refuse(changed(0, colour="red"), "unknown key 'colour'")
        self.refuse(without(0, "summary"), "key 'summary' is missing")
        self.refuse(without(0, "max"), "must be exactly one of")
        self.refuse(changed(0, bits=3), "must be exactly one of")
        self.refuse(changed(0, values={"green": 3}), "value green = 3 is outside 0 to 2")
        self.refuse(changed(0, min=1), "BallOnBox cannot be a part")
        self.refuse(changed(1, outer="ShelfOnTable"), "there is no coordinate ShelfOnTable")
        self.refuse(changed(1, outer="BallOnTable"), "is a part of itself")
        self.refuse(changed(1, to={"PlaceOnTable": "e"}),
                    "BallOnTable 3 toPlaceOnTable is 3, allowed are 0 to 2")
        self.refuse(changed(1, to={"PlaceOnTable": "e ** 2"}), "is no expression of e and i")
        self.refuse(changed(1, to={"PlaceOnTable": {"table": [0, 1]}}), "2 entries for 6 numbers")
        self.refuse(changed(1, to={"PlaceOnTable": {"valid": "e"}}), "an expression or a table")
        self.refuse(changed(1, same=["Chair"]), "there is no coordinate Chair")
        made = {"parts": ["toBallOnBox", "toBoxOnTable"], "expr": "2 * a + b"}
        self.refuse(changed(3, made_of=made), "MarkOnTable made of parts: 2 and 0 of 0 make 4")
        self.refuse(changed(3, made_of=made | {"expr": "e"}), "no expression of a and b")
        self.refuse(changed(3, made_of=made | {"parts": ["toMoon", "toBallOnBox"]}),
                    "it has no conversion toMoon")
        self.refuse(changed(4, places=[[1, 1], [0, 0]]), "places are not in order")
        self.refuse(changed(4, places=[[0, 0], [2, 0]]), "outside the grid")
        self.refuse(changed(4, name="BallOnBox"), "BallOnBox is there twice")
        self.refuse(domain(domain="other"), "named after another domain")
        self.refuse(domain(), "not in canonical form", canonical=False)

    def test_two_functions_of_one_name_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test.json")
            with open(path, "w", encoding="utf-8") as f:
                f.write(coordinates.canonical(changed(4, c="ball_on_table")))
            result = run(["--out", folder, path])
            self.assertEqual(result.returncode, 1)
            self.assertIn("would be there twice", result.stderr)

    def test_the_data_of_the_project_are_accepted_and_canonical(self):
        files = sorted(glob.glob(os.path.join(ROOT, "haldls/coordinates/*.json")))
        self.assertEqual(run(files).stderr, "")
        printed = run(["--print", *files]).stdout
        text = ""
        for path in files:
            with open(path, encoding="utf-8") as f:
                text += f.read()
        self.assertEqual(printed, text)


PROGRAM = r"""
#include <haldls/coordinates/test.h>
#include <stdio.h>

int main(void)
{
	for (uint32_t box = 0; box < HALDLS_BOX_ON_TABLE_SIZE; box++)
		for (uint32_t ball = 0; ball < HALDLS_BALL_ON_BOX_SIZE; ball++) {
			const uint32_t e = haldls_ball_on_table(box, ball);
			if (haldls_ball_on_table_box(e) != box || haldls_ball_on_table_number(e) != ball ||
			        haldls_ball_on_table_of_box_on_table(box, ball) != e ||
			        haldls_place_on_table_of_ball_on_table(e) != 2 - ball)
				return 1;
			if (haldls_mark_on_table(ball, box) != 2 * (2 - ball) + box)
				return 2;
			printf("%d ", (int)haldls_place_on_table(box, ball));
		}
	return HALDLS_BALL_ON_BOX_BLUE == 2 ? 0 : 1;
}
"""


class MoreCoordinates(unittest.TestCase):
    def test_they_have_functions_from_their_data_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path, source = (os.path.join(folder, name) for name in ("test.json", "test.c"))
            program = os.path.join(folder, "test")
            with open(path, "w", encoding="utf-8") as f:
                f.write(coordinates.canonical(domain()))
            with open(source, "w", encoding="utf-8") as f:
                f.write(PROGRAM)
            self.assertEqual(run(["--out", folder, path]).stderr, "")
            subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-Wall", "-Wextra", "-Werror",
                            "-I", folder, "-o", program, source], check=True)
            result = subprocess.run([program], capture_output=True, text=True, check=False)
            self.assertEqual((result.returncode, result.stdout), (0, "0 -1 1 -1 2 -1 "))
            with open(os.path.join(folder, "coordinate_table.c"), encoding="utf-8") as f:
                self.assertIn('.name = "BallOnTable"', f.read())


if __name__ == "__main__":
    unittest.main()
