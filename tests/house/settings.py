# SPDX-License-Identifier: MIT
"""Every environment variable that the sources read is in tools/settings.h and in the manual page,
and the other way round."""
import pathlib
import re
import sys


def main(root):
    listed = set(re.findall(r'X\("(\w+)"', (root / "tools/settings.h").read_text("utf-8")))
    manual = (root / "docs/man/bss.1").read_text("utf-8")
    read = {}
    for room in ["hxcomm", "fisch", "haldls", "stadls", "grenade", "calix", "emulator", "tools",
                 "docs/examples"]:
        for path in sorted((root / room).rglob("*.c")):
            for name in re.findall(r'\bgetenv\("(\w+)"\)', path.read_text("utf-8")):
                read.setdefault(name, path.relative_to(root))
    complaints = [f"{path} reads {name}: not in tools/settings.h"
                  for name, path in read.items() if name not in listed]
    complaints += [f"tools/settings.h lists {name}: nobody reads it"
                   for name in sorted(listed - set(read))]
    complaints += [f"docs/man/bss.1 does not mention {name}"
                   for name in sorted(listed) if name not in manual]
    for text in complaints:
        print(text)
    return 1 if complaints else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
