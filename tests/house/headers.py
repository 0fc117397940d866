# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as C17 and as C++17, without a warning."""
import pathlib
import subprocess
import sys

WARNINGS = ["-Werror", "-Wall", "-Wextra", "-Wpedantic", "-fsyntax-only"]


def compile_alone(command, header, folders):
    include = [f"-I{folder}" for folder in folders]
    source = f"#include <{header}>\n#include <{header}>\nextern int something;\n"
    result = subprocess.run(command + WARNINGS + include + ["-"], input=source, text=True,
                            capture_output=True)
    if result.returncode:
        print(f"<{header}> by {' '.join(command)}:\n{result.stderr}")
    return result.returncode == 0


def main(c_compiler, cxx_compiler, folders):
    commands = [[c_compiler, "-std=c17", "-x", "c"]]
    if cxx_compiler != "none":
        commands.append([cxx_compiler, "-std=c++17", "-x", "c++"])
    folders = [pathlib.Path(folder) for folder in dict.fromkeys(folders) if folder]
    headers = sorted({str(path.relative_to(folder)) for folder in folders
                      for path in folder.rglob("*.h")})
    good = [compile_alone(command, header, folders) for command in commands for header in headers]
    print(f"{len(headers)} headers, {len(commands)} languages")
    return headers and all(good)


sys.exit(0 if main(sys.argv[1], sys.argv[2], sys.argv[3:]) else 1)
