# SPDX-License-Identifier: MIT
"""Which files describe a chip: those of its folder, and what that takes from another revision."""
import json
import os

from register_map import of_file
from schema import SCHEMA, Refused

REVISION = "revision.json"
SHARED = ["fpga", "logical"]  # whatever the chip


def json_files(folder):
    return sorted(name for name in os.listdir(folder)
                  if name.endswith(".json") and name != REVISION)


def read_revision(path):
    with open(path, encoding="utf-8") as f:
        try:
            data = json.load(f)
        except ValueError as error:
            raise Refused(f"is no JSON: {error}")
    SCHEMA.check(data, "revision", "it")
    return data


def files_of(registers, chip):
    """All data files of a chip; a file of a revision stands for that of the same name before it."""
    out, left_out, used, passed = {}, set(), set(), []
    while chip:
        folder = os.path.join(registers, chip)
        if not os.path.isdir(folder) or chip in SHARED:
            raise Refused(f"{folder}: there is no such chip")
        if chip in passed:
            raise Refused(f"{folder}: imports itself, by way of {', '.join(passed)}")
        passed.append(chip)
        names = set(json_files(folder))
        for name in names - left_out:
            out.setdefault(name, os.path.join(folder, name))
        used |= names & left_out
        path, chip = os.path.join(folder, REVISION), None
        if os.path.exists(path):
            data = of_file(path, lambda path=path: read_revision(path))
            left_out |= {f"{name}.json" for name in data.get("without", [])}
            chip = data["import"]
    for name in sorted(left_out - used):
        raise Refused(f"{registers}: {name} is left out, but there is none to be imported")
    return sorted(out.values()) + [os.path.join(registers, folder, name) for folder in SHARED
                                   for name in json_files(os.path.join(registers, folder))]
