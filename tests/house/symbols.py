# SPDX-License-Identifier: MIT
"""Exported symbols: each library exports exactly what tests/abi/<library>.symbols lists, and
everything begins with the library's name. With --write the lists are made anew."""
import pathlib
import subprocess
import sys

# A provider's module exports one object, whatever its own name is.
PROVIDERS = {"emulator": ["hxcomm_provider"]}


def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", path], check=True, text=True,
                         capture_output=True).stdout
    return sorted(line.split()[-1].split("@")[0] for line in out.splitlines())


def check(folder, path, write):
    library = path.name.split(".")[0].removeprefix("lib")
    symbols = exported(path)
    wanted = PROVIDERS.get(library)
    if wanted is None:
        listed = folder / f"{library}.symbols"
        if write:
            listed.write_text("".join(f"{symbol}\n" for symbol in symbols), encoding="utf-8")
        wanted = listed.read_text(encoding="utf-8").split() if listed.exists() else []
        for symbol in symbols:
            if not symbol.startswith(f"{library}_") or "__" in symbol:
                yield f"{library} exports {symbol}: not in its name"
    for symbol in sorted(set(symbols) - set(wanted)):
        yield f"{library} exports {symbol}, which is not listed"
    for symbol in sorted(set(wanted) - set(symbols)):
        yield f"{library} no longer exports {symbol}: existing programs need it"


def main(arguments):
    write = "--write" in arguments
    folder, *paths = [pathlib.Path(a) for a in arguments if a != "--write"]
    complaints = [text for path in paths for text in check(folder, path, write)]
    for text in complaints:
        print(text)
    return 1 if complaints else 0


sys.exit(main(sys.argv[1:]))
