# SPDX-License-Identifier: MIT
"""Every test that the table of the emulator names exists, and is run by its program."""
import pathlib
import re
import sys

NAMED = re.compile(r"`([a-z_]+)/([a-z_]+): ([a-z0-9_]+)`")


def main(root):
    table = root / "tests" / "emulator" / "README.md"
    named = NAMED.findall(table.read_text(encoding="utf-8"))
    missing = []
    for folder, stem, name in named:
        path = root / "tests" / folder / f"{stem}_test.c"
        source = path.read_text(encoding="utf-8") if path.is_file() else ""
        if not re.search(rf"\((?:\w+, )?{name}[,)]", source.partition("\nint main(")[2]):
            missing.append(f"{table}: no test {folder}/{stem}: {name}")
    print("\n".join(missing))
    return 1 if missing or not named else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
