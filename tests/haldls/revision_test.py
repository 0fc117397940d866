#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A new revision of the chip is a folder with what differs, and a field is one line of data."""
import filecmp
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import generated_program

ROOT = pathlib.Path(__file__).resolve().parents[2]
GENERATOR, REGISTERS = ROOT / "haldls/generator", ROOT / "haldls/registers"
sys.path.insert(0, str(GENERATOR))
import revision  # noqa: E402 (lies in the folder above)
import schema  # noqa: E402

LINE = '    { "name": "test_phase", "at": "0:24+2 0:28+2", "type": "uint", "default": 2, ' \
    '"max": 14, "summary": "a field of this test" },\n'
# Bits 24 and 25 hold the lower half of the value, 28 and 29 the upper one.
PROGRAM = r"""
#include <haldls/containers.h>
#include <stdio.h>
#include <string.h>
#include "encodings.h"
int main(void)
{
	const struct haldls_container *c = &haldls_cadc_config_container;
	struct haldls_cadc_config value = HALDLS_CADC_CONFIG_INIT, back;
	uint32_t before, after;
	const struct haldls_field *field = c->fields;
	while (strcmp(field->name, "test_phase"))
		field++;
	if (c->field_count != 4 || field->max != 14 || field->defaults[0] != 2)
		return 1;
	if (c->encode(&before, &value))
		return 2;
	value.test_phase = 13; /* 0b1101 */
	if (c->encode(&after, &value) || c->decode(&back, &after) || back.test_phase != 13)
		return 3;
	printf("%08x %08x\n", before, after ^ before);
	memset((char *)&value + field->offset, 0xff, sizeof(value.test_phase));
	return c->encode(&after, &value) == HXCOMM_ERANGE ? 0 : 4;
}
"""


class Revision(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.registers = self.folder / "registers"
        self.registers.mkdir()
        for name in ("hicannx3", "fpga", "logical"):
            (self.registers / name).symlink_to(REGISTERS / name)

    def revise(self, name, text, **files):
        (self.registers / name).mkdir()
        (self.registers / name / "revision.json").write_text(text, "utf-8")
        for file, content in files.items():
            (self.registers / name / f"{file}.json").write_text(content, "utf-8")

    def generate(self, program, chip, *more):
        out = self.folder / chip
        subprocess.run([sys.executable, "-B", GENERATOR / program, "--registers", self.registers,
                        "--chip", chip, "--out", out, *more], check=True)
        return out

    def test_one_line_of_data_is_a_field(self):
        data = (REGISTERS / "hicannx3/cadc_config.json").read_text("utf-8")
        self.revise("hicannx9", '{ "import": "hicannx3" }',
                    cadc_config=data.replace('"fields": [\n', '"fields": [\n' + LINE))
        old = self.generate("generate.py", "hicannx3")
        new = self.generate("generate.py", "hicannx9")
        changed = {path.name for path in old.rglob("*.[ch]")
                   if not filecmp.cmp(path, new / path.relative_to(old), shallow=False)}
        self.assertEqual(changed, {"containers.h", self.source_of_cadc_config(new).name})
        self.assertIn("test_phase", (new / "haldls/containers.h").read_text("utf-8"))
        out = generated_program.run(self.folder, PROGRAM, [self.source_of_cadc_config(new)])
        self.assertEqual(out, f"{100 << 4 | 20 << 12 | 2 << 24:08x} "
                              f"{3 << 24 | 3 << 28:08x}\n")
        self.generate("reference.py", "hicannx9", "--coordinates", ROOT / "haldls/coordinates")
        page = (new / "html/cadc_config.html").read_text("utf-8")
        self.assertIn("bits 25:24 of word 0, bits 29:28 of word 0", page)
        self.assertIn('"test_phase', (new / "man7/haldls_cadc_config.7").read_text("utf-8"))

    @staticmethod
    def source_of_cadc_config(generated):
        return next(path for path in generated.glob("containers_*.c")
                    if "haldls_cadc_config_container = {" in path.read_text("utf-8"))

    def files(self, chip):
        return revision.files_of(str(self.registers), chip)

    def test_files_of_a_revision_stand_for_those_before_it(self):
        old = self.files("hicannx3")
        self.assertEqual(len(old), len(list(REGISTERS.glob("*/*.json"))))
        self.revise("hicannx8", '{ "import": "hicannx3", "without": ["madc_config"] }', adpll="{}")
        self.revise("hicannx9", '{ "import": "hicannx8", "without": ["adpll"] }', new_thing="{}")
        names = {os.path.basename(path): os.path.basename(os.path.dirname(path))
                 for path in self.files("hicannx9")}
        self.assertEqual(len(names), len(old) - 2 + 1)
        self.assertEqual(names["new_thing.json"], "hicannx9")
        self.assertNotIn("madc_config.json", names)
        self.assertNotIn("adpll.json", names)
        self.assertEqual(names["cadc_config.json"], "hicannx3")

    def test_wrong_revisions_are_refused_with_their_reason(self):
        rows = [("{", "revision.json: is no JSON"),
                ("{}", "it: key 'import' is missing"),
                ('{ "import": "hicannx2" }', "hicannx2: there is no such chip"),
                ('{ "import": "logical" }', "logical: there is no such chip"),
                ('{ "import": "own" }', "own: imports itself, by way of own"),
                ('{ "import": "hicannx3", "colour": 1 }', "unknown key 'colour'"),
                ('{ "import": "../hicannx3" }', '"../hicannx3" is not a name in C'),
                ('{ "import": "hicannx3", "without": ["nothing"] }', "nothing.json is left out")]
        self.revise("own", "{}")
        for text, reason in rows:
            with self.subTest(reason):
                (self.registers / "own/revision.json").write_text(text, "utf-8")
                with self.assertRaises(schema.Refused) as refused:
                    self.files("own")
                self.assertIn(reason, str(refused.exception))
        with self.assertRaisesRegex(schema.Refused, "there is no such chip"):
            self.files("hicannx1")


if __name__ == "__main__":
    unittest.main()
