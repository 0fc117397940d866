# SPDX-License-Identifier: MIT
"""Every text file: UTF-8 without byte order mark, LF, no space at the end of a line, a newline at
the end of the file; every source begins with its licence. Long files are reported, not refused."""
import pathlib
import subprocess
import sys

BINARY = {".zst", ".gz", ".xz", ".png", ".sqlite", ".bin"}
NO_LICENCE = {".md", ".json", ".jsonl", ".svg", ".csv", ".symbols", ".txt", ".1"}
NO_LICENCE_NAMES = {"LICENSE", ".gitignore", ".clang-format", ".clang-tidy"}
LONG = 700


def files(root):
    """What git knows or would add; without git, everything outside the build folders."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    try:
        out = subprocess.run(command, check=True, capture_output=True).stdout.decode()
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(p.relative_to(root)) for p in root.rglob("*")
                 if not p.relative_to(root).parts[0].startswith(("build", ".git"))]
    paths = [root / name for name in sorted(names)]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY
            and "corpus" not in path.parts]


def needs_licence(path):
    if path.name == "CMakeLists.txt":
        return True
    return path.suffix not in NO_LICENCE and path.name not in NO_LICENCE_NAMES


def check(path):
    data = path.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    complaints = []
    if text.startswith("\ufeff"):
        complaints.append("begins with a byte order mark")
    if "\r" in text:
        complaints.append("has a carriage return")
    if text and not text.endswith("\n"):
        complaints.append("does not end with a newline")
    lines = text.split("\n")
    complaints += [f"line {i} ends with a space" for i, line in enumerate(lines, 1)
                   if line != line.rstrip()]
    first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
    if needs_licence(path) and "SPDX-License-Identifier: MIT" not in first:
        complaints.append("does not begin with its SPDX line")
    if path.suffix in (".c", ".h") and len(lines) > LONG:
        print(f"note: {path} has {len(lines)} lines")
    return complaints


def main(root):
    bad = [(path, text) for path in files(root) for text in check(path)]
    for path, text in bad:
        print(f"{path.relative_to(root)}: {text}")
    return 1 if bad else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
