#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every inline function of the coordinates says what the table says, which the recorded vectors
have proven: a program that calls them all, with its assertions.

usage: coordinates_header_test.py LIBRARY INCLUDE_FOLDER..."""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "haldls/generator"))
import coordinates  # noqa: E402 (lies beside the generator)
import coordinates_c  # noqa: E402

HEAD = r"""
#undef NDEBUG
#include <haldls/coordinate.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long checked;

static void equal(const char *what, uint64_t e, uint64_t ours, uint64_t table)
{
	checked++;
	if (ours == table || (ours == UINT32_MAX && table == UINT64_MAX))
		return;
	printf("%s of %llu is %llu, by the table %llu\n", what, (unsigned long long)e,
		(unsigned long long)ours, (unsigned long long)table);
	exit(1);
}

static uint64_t by_table(const char *from, const char *function, uint32_t index, uint64_t e)
{
	const struct haldls_coordinate *c = haldls_coordinate_find(from);
	uint64_t out = UINT64_MAX;
	return haldls_coordinate_convert(
		       &out, c, haldls_coordinate_conversion_find(c, function), index, e)
	               ? UINT64_MAX
	               : out;
}
"""
CHECK = r"""
static void {name}(void)
{{
	const struct haldls_coordinate *c = haldls_coordinate_find("{coordinate}");
	const uint64_t size = c->size ? c->size : c->max + 1, step = size > 3000 ? size / 1009 : 1;
	for (uint64_t k = 0; k < size; k += step) {{
		uint64_t p[HALDLS_COORDINATE_PARTS_MAX], n;
		if (haldls_coordinate_from_enum(&n, c, c->min + k) || haldls_coordinate_decode(p, c, n))
			continue;
		const {type} e = ({type})n;
{body}
	}}
}}
"""


def statements(c):
    """What is to be checked of a coordinate e with the parts p."""
    noun, out = coordinates_c.noun(c), []
    if c.kind in ("mixin", "grid"):
        parts = ", ".join(f"({coordinates_c.c_type(p)})p[{i}]" for i, (p, _) in enumerate(c.parts))
        out.append(f'equal("haldls_{noun}", e, haldls_{noun}({parts}), e);')
        out += [f'equal("haldls_{noun}_{name}", e, haldls_{noun}_{name}(e), p[{i}]);'
                for i, name in enumerate(coordinates_c.part_names(c))]
    elif c.kind == "interval":
        first, last = f"haldls_{noun}_first(e)", f"haldls_{noun}_last(e)"
        out.append(f'equal("haldls_{noun}", e, haldls_{noun}({first}, {last}), e);')
        out += [f'equal("{f}", e, {f}, by_table("{c.name}", "{g}", 0, e));'
                for f, g in ((first, "toMin"), (last, "toMax"))]
    if c.made:
        parts = [coordinates_c.conversion_name(c, x) + "(e)" for x in c.made]
        out.append(f'equal("haldls_{noun}", e, haldls_{noun}({", ".join(parts)}), e);')
    for x in c.conversions(None).values():
        if not x.own or (x.expr == "e" and not x.valid):
            continue
        name = coordinates_c.conversion_name(c, x)
        for i in range(x.count):
            call = f"{name}(e{f', {i}' if x.count > 1 else ''})"
            out.append(f'equal("{name}", e, {call}, by_table("{c.name}", "{x.function}", {i}, e));')
    return out


def program(world):
    text, calls, functions = [HEAD], [], 0
    for n, c in enumerate(world.sorted):
        checks = [] if c.retired else statements(c)
        if checks:
            body = "\n".join("\t\t" + line for line in checks)
            text.append(CHECK.format(name=f"check_{n}", coordinate=c.name, body=body,
                                     type=coordinates_c.c_type(c)))
            calls.append(f"\tcheck_{n}();")
            functions += len(checks)
    for c in world.sorted:
        if not c.retired and 0 < c.size < 1 << 31:
            calls.append(f"\tequal(\"size of {c.name}\", 0, "
                         f"HALDLS_{coordinates_c.noun(c).upper()}_SIZE, {c.size});")
    text += ["int main(void)\n{", *calls, '\tprintf("%lu", checked);', "\treturn 0;\n}\n"]
    return "\n".join(text), functions


class Header(unittest.TestCase):
    def test_each_function_says_what_the_table_says(self):
        files = glob.glob(os.path.join(ROOT, "haldls/coordinates/*.json"))
        text, functions = program(coordinates.World([coordinates.Domain(f) for f in sorted(files)]))
        self.assertGreater(functions, 200)
        library, *folders = ARGUMENTS
        with tempfile.TemporaryDirectory() as folder:
            source, binary = os.path.join(folder, "all.c"), os.path.join(folder, "all")
            with open(source, "w", encoding="utf-8") as f:
                f.write(text)
            subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-O1", "-Wall", "-Wextra",
                            "-Wconversion", "-Werror", *[f"-I{f}" for f in folders], "-o", binary,
                            source, library, f"-Wl,-rpath,{os.path.dirname(library)}"], check=True)
            result = subprocess.run([binary], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
            self.assertGreater(int(result.stdout), 30000)


if __name__ == "__main__":
    ARGUMENTS = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
