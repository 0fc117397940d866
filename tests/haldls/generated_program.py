# SPDX-License-Identifier: MIT
"""Programs that tests make of generated code alone, without the libraries."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(folder, text, sources):
    """What a program prints that is made of `text` and generated sources beside their headers."""
    folder = pathlib.Path(folder)
    main, program = folder / "main.c", folder / "program"
    main.write_text(text, "utf-8")
    headers = pathlib.Path(sources[0]).parent
    generator = ROOT / "haldls/generator/coordinates.py"
    subprocess.run([sys.executable, "-B", generator, "--out", headers,
                    *sorted((ROOT / "haldls/coordinates").glob("*.json"))], check=True)
    includes = [f"-I{ROOT}/{room}/include" for room in ("hxcomm", "fisch", "haldls")]
    compiler = [os.environ.get("CC", "cc"), "-std=c17", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*compiler, "-o", program, main, ROOT / "tests/haldls/stand_in.c", *sources,
                    f"-I{headers}", f"-I{ROOT}/haldls/src", *includes], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout
