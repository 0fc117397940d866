# SPDX-License-Identifier: MIT
"""Who may include and link whom: the sources and link lines against the map of the house."""
import pathlib
import re
import sys

LIBRARIES = ["hxcomm", "fisch", "haldls", "stadls", "grenade", "calix"]
MAY_USE = {
    "hxcomm": [],
    "fisch": ["hxcomm"],
    "haldls": ["fisch", "hxcomm"],
    "stadls": ["haldls", "fisch", "hxcomm"],
    "grenade": ["stadls", "haldls", "fisch", "hxcomm"],
    "calix": ["stadls", "haldls", "fisch", "hxcomm"],
    "emulator": ["haldls", "hxcomm"],
    "tools": LIBRARIES,
    "docs/examples": LIBRARIES,
}
ROOMS = LIBRARIES + ["emulator"]
# What a public header may include beside headers of the house.
PUBLIC = {"assert.h", "stdbool.h", "stddef.h", "stdint.h", "stdarg.h", "stdio.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
LINK = re.compile(r"\bbss::(\w+)")


def check_source(root, room, path):
    is_public = "include" in path.relative_to(root / room).parts
    for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        other = name.split("/")[0]
        if kind == '"' and ("/" in name or is_public):
            yield f'includes "{name}": a private header lies beside its users'
        if kind == "<" and "/" in name and other in ROOMS and other != room:
            if other not in MAY_USE[room]:
                yield f"includes <{name}>: {room} may use only {MAY_USE[room]}"
        if is_public and other not in ROOMS and name not in PUBLIC:
            yield f"includes <{name}>: a public header shows nothing of other projects"


def check_build(room, path):
    for line in path.read_text(encoding="utf-8").splitlines():
        for other in LINK.findall(line.split("#")[0]):
            if other != room and other not in MAY_USE[room]:
                yield f"links bss::{other}: {room} may use only {MAY_USE[room]}"


def main(root):
    count = 0
    for room in MAY_USE:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in (".c", ".h"):
                complaints = check_source(root, room, path)
            elif path.name == "CMakeLists.txt":
                complaints = check_build(room, path)
            else:
                continue
            for complaint in complaints:
                print(f"{path.relative_to(root)}: {complaint}")
                count += 1
    return count


def check_itself():
    """The patterns find what they are meant to find."""
    assert INCLUDE.findall('# include <calix/store.h>') == [("<", "calix/store.h")]
    assert LINK.findall("USES bss::fisch PRIVATE_USES bss::calix") == ["fisch", "calix"]


check_itself()
sys.exit(1 if main(pathlib.Path(sys.argv[1])) else 0)
