#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The register reference shows every container and field of the data, at the addresses that the
program writes to; its pages are well formed, and their links lead somewhere."""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
REFERENCE, PROGRAM = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1)
DATA = [json.loads(path.read_text("utf-8"))
        for path in sorted((ROOT / "haldls/registers").glob("*/*.json"))]
REGISTERS = [data for data in DATA if "fields" in data]
COORDINATES = [coordinate for path in sorted((ROOT / "haldls/coordinates").glob("*.json"))
               for coordinate in json.loads(path.read_text("utf-8"))["coordinates"]]
LOGICALS = [data for data in DATA if "parts" in data]


def text_of(element):
    return "".join(element.itertext())


class Html(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # what is no XML is not parsed: the pages are both
        cls.pages = {path.name: ElementTree.fromstring(path.read_text("utf-8").split("\n", 1)[1])
                     for path in (REFERENCE / "html").glob("*.html")}

    def table(self, page, title):
        """Rows of cells below a heading."""
        body = list(page.find("body"))
        for at, element in enumerate(body):
            if element.tag == "h2" and text_of(element) == title:
                return [list(row) for row in body[at + 1].iter("tr")]
        return []

    def test_each_container_has_a_page_and_each_page_a_container(self):
        names = {data["c_name"] + ".html" for data in DATA}
        more = {"index.html", "addresses.html", "coordinates.html"}
        self.assertEqual(set(self.pages), names | more)
        for data in DATA:
            self.assertEqual(self.pages[data["c_name"] + ".html"].findtext("head/title"),
                             data["container"])
            entry = text_of(self.pages["index.html"])
            self.assertIn(data["summary"], entry)

    def test_every_link_leads_somewhere(self):
        places = {name: {element.get("id") for element in page.iter()} - {None}
                  for name, page in self.pages.items()}
        for name, page in self.pages.items():
            for target in {element.get("href") for element in page.iter()} - {None}:
                file, _, place = target.partition("#")
                self.assertTrue((REFERENCE / "html" / (file or name)).is_file(), target)
                if place:
                    self.assertIn(place, places[file or name], f"{name}: {target}")

    def test_every_page_is_reached_from_the_first(self):
        reached, new = set(), {"index.html"}
        while new:
            reached |= new
            new = {element.get("href").partition("#")[0] for name in new if name in self.pages
                   for element in self.pages[name].iter("a")} - reached - {""}
        self.assertEqual(reached & set(self.pages), set(self.pages))

    def test_every_field_is_told_with_its_bits_and_its_default(self):
        for data in REGISTERS:
            page = self.pages[data["c_name"] + ".html"]
            rows = {row[0].get("id"): row for row in self.table(page, "Fields")[1:]}
            self.assertEqual(list(rows), [f["name"] for f in data["fields"]], data["container"])
            for field in data["fields"]:
                cells = [text_of(cell) for cell in rows[field["name"]]]
                self.assertEqual(cells[5], field["summary"])
                self.check_default(cells[3], field)
                for name in field.get("values", {}):
                    self.assertIn(name, cells[2])
                if "max" in field and field["type"] in ("uint", "int"):
                    self.assertIn(f"to {field['max']}", cells[2])

    def check_default(self, shown, field):
        default = field["default"]
        if isinstance(default, list):
            return
        if field["type"] == "bool":
            self.assertEqual(shown, "true" if default else "false")
        elif field["type"] == "enum":
            self.assertEqual(field["values"][shown], default)
        else:
            self.assertEqual(shown, str(default))

    def test_drawn_bits_are_those_of_the_data(self):
        drawn_fields = 0
        for data in REGISTERS:
            wanted = {}
            for field in data["fields"]:
                if field.get("encoding") == "nonzero":
                    continue
                for word, lsb, width in re.findall(r"(\d+|i):(\d+)\+(\d+)",
                                                   json.dumps(field.get("at", ""))):
                    for bit in range(int(lsb), int(lsb) + int(width)):
                        wanted["w" if word == "i" else word, bit] = field["name"]
            drawn = {}
            rows = self.table(self.pages[data["c_name"] + ".html"], "Bits")
            for row in rows[1:]:
                at = 31
                for cell in row[1:]:
                    width = int(cell.get("colspan"))
                    for bit in range(at, at - width, -1):
                        if cell.get("class") != "none":
                            drawn[text_of(row[0]), bit] = cell.find("a").get("href")[1:]
                    at -= width
                self.assertEqual(at, -1, data["container"])
            self.assertEqual(drawn, wanted, data["container"])
            drawn_fields += len(set(drawn.values()))
        self.assertGreater(drawn_fields, 300)

    def test_every_part_of_a_logical_container_is_linked_and_its_fields_are_told(self):
        listed = subprocess.run([PROGRAM, "registers", "list"], capture_output=True, text=True,
                                check=True).stdout
        fields = {line["name"]: line["fields"] for line in map(json.loads, listed.splitlines())}
        c_names = {data["container"]: data["c_name"] for data in DATA}
        for data in LOGICALS:
            page = self.pages[data["c_name"] + ".html"]
            links = {element.get("href") for element in page.iter("a")}
            for part in data["parts"]:
                for one in part.get("parts", [part]):
                    self.assertIn(c_names[one["container"]] + ".html", links)
            told = [row[0].get("id") for row in self.table(page, "Fields")[1:]]
            self.assertEqual(told, [field["name"] for field in fields[data["container"]]],
                             data["container"])

    def test_every_coordinate_is_told_with_its_numbers_and_its_containers(self):
        rows = {row[0].get("id"): [text_of(cell) for cell in row]
                for row in self.pages["coordinates.html"].iter("tr") if row[0].get("id")}
        self.assertEqual(set(rows), {coordinate["name"] for coordinate in COORDINATES})
        for coordinate in COORDINATES:
            if "summary" in coordinate:  # else it is what the name says
                self.assertEqual(rows[coordinate["name"]][1], coordinate["summary"])
        for data in DATA:
            row = rows[data["coordinate"]]
            self.assertEqual(row[2], f"0 to {data['count'] - 1}")
            self.assertIn(data["container"], row[6].split(", "))

    def test_addresses_are_those_that_are_written(self):
        """Numbers that Python found, against those of the library."""
        requests, wanted = [], []
        for data in REGISTERS:
            rows = self.table(self.pages[data["c_name"] + ".html"], "Addresses")
            if not rows or not data["write"] or "word_count" in data or data.get("addresses") or \
                    data["backends"][0] != "Omnibus" or isinstance(data["write"], dict):
                continue
            for column, title in enumerate(map(text_of, rows[0])):
                if title.startswith("e = "):
                    requests.append({"container": data["container"],
                                     "coordinate": int(title.removeprefix("e = "))})
                    wanted.append([int(text_of(row[column]), 16) for row in rows[1:]])
        self.assertGreater(len(requests), 100)
        answers = subprocess.run([PROGRAM, "registers", "encode"], check=True, capture_output=True,
                                 text=True, input="\n".join(map(json.dumps, requests)))
        for request, line, addresses in zip(requests, answers.stdout.splitlines(), wanted):
            written = [write[0] for write in json.loads(line)["write"]]
            self.assertEqual(written, addresses, request)


class Man(unittest.TestCase):
    def test_each_container_has_a_page_with_its_fields(self):
        folder = REFERENCE / "man7"
        names = {f"haldls_{data['c_name']}.7" for data in DATA}
        names |= {"haldls_registers.7", "haldls_coordinates.7"}
        self.assertEqual({path.name for path in folder.iterdir()}, names)
        entry = (folder / "haldls_registers.7").read_text("ascii")
        page = (folder / "haldls_coordinates.7").read_text("ascii")
        for coordinate in COORDINATES:
            self.assertIn(f'.B "{coordinate["name"]}"\n', page)
        for data in DATA:
            self.assertIn(f".BR haldls_{data['c_name']} (7)", entry)
            page = (folder / f"haldls_{data['c_name']}.7").read_text("ascii")
            self.assertIn(f"haldls_{data['c_name']} \\- ", page)
            for field in data.get("fields", []):
                self.assertRegex(page, rf'(?m)^\.B "{field["name"]}(\[|")')
            for name in re.findall(r"^\.BR haldls_(\w+) \(7\)", page, re.M):
                self.assertIn(f"haldls_{name}.7", names)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_pages_are_drawn_without_a_complaint(self):
        pages = sorted(map(str, (REFERENCE / "man7").iterdir()))
        done = subprocess.run(["groff", "-man", "-ww", "-Wbreak", "-Tutf8", *pages],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        self.assertIn("SynapseDriverOnDLS, 0 to 255", done.stdout)


if __name__ == "__main__":
    unittest.main()
