# SPDX-License-Identifier: MIT
"""Every environment variable that the sources read is in tools/settings.h and in the manual page,
and the other way round; every key of an address of the emulated chip is in the guide, and the other way
round."""
import pathlib
import re
import sys


def check_keys(root):
    """Keys as `emulator/src` reads them, and rows of the table in the guide."""
    read = set()
    for path in sorted((root / "emulator/src").glob("*.c")):
        text = path.read_text("utf-8")
        read |= set(re.findall(r'\buri, "(\w+)"', text))
        read |= set(re.findall(r'^\tX\("(\w+)", ', text, re.MULTILINE))
    guide = (root / "docs/guide/providers.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE))
    return ([f"docs/guide/providers.md does not explain the key {name}" for name in sorted(read - listed)]
            + [f"docs/guide/providers.md explains {name}: nobody reads it"
               for name in sorted(listed - read)])


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
    complaints += check_keys(root)
    for text in complaints:
        print(text)
    return 1 if complaints else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
