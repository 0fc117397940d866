# SPDX-License-Identifier: MIT
"""The manual pages name every subcommand and every long option of the program, their text is plain
ASCII as its help is, and they are drawn without a complaint where `man` is installed."""
import pathlib
import re
import shutil
import subprocess
import sys


def run(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def check_page(page, program, command):
    text = page.read_text("ascii").replace("\\-", "-")
    page_help = run(program, *command, "--help")
    page_help.encode("ascii")
    for option in sorted(set(re.findall(r"(?<![\w`-])--[a-z][a-z-]*", page_help))):
        if option not in text:
            yield f"{page.name} lacks {option}"
    if shutil.which("man"):
        result = subprocess.run(["man", "--warnings", "-l", "-Tutf8", str(page)], text=True,
                                capture_output=True, env={"MANROFFOPT": "", "PATH": "/usr/bin:/bin"})
        if result.stderr.strip() and "cannot" not in result.stderr:
            yield f"{page.name}: {result.stderr.strip()}"


def main(root, program):
    folder = root / "docs/man"
    commands = re.findall(r"^  ([a-z]+)  +", run(program, "--help").split("Commands:")[1], re.M)
    complaints = list(check_page(folder / "bss.1", program, []))
    for command in commands:
        if command not in (folder / "bss.1").read_text("ascii"):
            complaints.append(f"bss.1 lacks the command {command}")
        page = folder / f"bss-{command}.1"
        if page.exists():
            complaints += check_page(page, program, [command])
        elif command not in ("help", "completion"):
            complaints.append(f"there is no {page.name}")
    for text in complaints:
        print(text)
    return 1 if complaints else 0


sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
