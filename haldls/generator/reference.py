#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the register reference: pages for people out of the data that the library is made of.

usage: reference.py --registers FOLDER --chip hicannx3 --coordinates FOLDER --out FOLDER
writes html/* and man7/* there.

Python standard library only; used at build time, never at run time.
"""
import argparse
import glob
import os
import sys

sys.dont_write_bytecode = True  # nothing appears in the source tree
import coordinates
import reference_coordinates
import reference_html
import reference_man
import revision
from generate import read_data
from schema import Refused
from write_file import write_file


def grouped(registers, logicals):
    """[(folder, containers by name)], the chip first and logical containers last."""
    folders = sorted({c.folder() for c in registers}, key=lambda folder: (folder == "fpga", folder))
    groups = [(folder, [c for c in registers if c.folder() == folder]) for folder in folders]
    return [(folder, sorted(containers, key=lambda c: c.name.lower()))
            for folder, containers in groups + [("logical", logicals)] if containers]


def write_pages(folder, pages):
    """Exactly these: a page of what is gone goes, too."""
    os.makedirs(folder, exist_ok=True)
    for name in set(os.listdir(folder)) - set(pages):
        os.remove(os.path.join(folder, name))
    for name, content in pages.items():
        write_file(os.path.join(folder, name), content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for option in ("--registers", "--chip", "--coordinates", "--out"):
        parser.add_argument(option, required=True)
    args = parser.parse_args()
    try:
        groups = grouped(*read_data(revision.files_of(args.registers, args.chip)))
        files = sorted(glob.glob(os.path.join(args.coordinates, "*.json")))
        world = coordinates.World([coordinates.Domain(path) for path in files])
        more_html, more_man = reference_coordinates.pages(world, groups)
    except Refused as error:
        print(f"reference.py: {error}", file=sys.stderr)
        return 1
    write_pages(os.path.join(args.out, "html"), {**reference_html.pages(groups), **more_html})
    write_pages(os.path.join(args.out, "man7"), {**reference_man.pages(groups), **more_man})
    return 0


if __name__ == "__main__":
    sys.exit(main())
