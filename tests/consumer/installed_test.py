# SPDX-License-Identifier: MIT
"""Install into a folder of its own, and build and run a program against it
through find_package and through pkg-config."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD, LIBDIR, CC = os.environ["BUILD"], os.environ["LIBDIR"], os.environ["CC"]
PROJECT = pathlib.Path(__file__).resolve().parent / "project"
GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "guide"
EXAMPLES = GUIDE.parent / "examples"


def run(*command, **environment):
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True,
                            env=clean | environment)
    if result.returncode:
        raise AssertionError(f"{command}:\n{result.stdout}{result.stderr}")
    return result.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.libraries = cls.prefix / LIBDIR

    def check_program(self, program):
        for uri, chip in [("mock:", "mock"), ("emulator:?serial=3", "emulator-3")]:
            out = run(program, uri, LD_LIBRARY_PATH=str(self.libraries))
            self.assertIn("NeuronConfig neuron.v_leak\n", out)
            self.assertIn(chip, out)

    def check_inside(self, program):
        libraries = str(self.libraries)
        seen = {run(program, f"emulator:?serial={n}", LD_LIBRARY_PATH=libraries) for n in (3, 4)}
        self.assertEqual(len(seen), 2)
        for line in seen:
            self.assertRegex(line, r"^emulator-[34]: readout offset -?\d+\.\d mV\n$")
        with self.assertRaisesRegex(AssertionError, "HXCOMM_ENOTSUP: .*open emulator:"):
            run(program, "mock:", LD_LIBRARY_PATH=libraries)

    def test_find_package(self):
        build = self.folder / "cmake"
        run("cmake", "-S", PROJECT, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={CC}")
        run("cmake", "--build", build)
        self.check_program(build / "consumer")
        self.check_inside(build / "inside")

    def test_an_example_builds_outside_the_tree(self):
        build = self.folder / "sudoku"
        run("cmake", "-S", EXAMPLES / "sudoku", "-B", build, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={self.prefix}", f"-DCMAKE_C_COMPILER={CC}")
        run("cmake", "--build", build)
        self.assertIn("Usage: sudoku", run(build / "sudoku", "--help"))

    def compile(self, source, program, *options, libraries):
        flags = run("pkg-config", f"--define-variable=prefix={self.prefix}", "--cflags", "--libs",
                    *libraries, PKG_CONFIG_PATH=str(self.libraries / "pkgconfig")).split()
        run(CC, "-std=c17", "-Wall", "-Wextra", "-Werror", source, "-o", program, *options, *flags)

    def test_pkg_config(self):
        program = self.folder / "consumer"
        self.compile(PROJECT / "main.c", program, libraries=["grenade", "calix"])
        self.check_program(program)

    def test_a_look_into_an_emulated_chip(self):
        program = self.folder / "inside"
        self.compile(PROJECT / "inside.c", program, libraries=["emulator"])
        self.check_inside(program)

    def listing(self, page):
        """The longest C listing of a page of the guide, as a file."""
        text = (GUIDE / page).read_text(encoding="utf-8")
        source = self.folder / page.replace(".md", ".c")
        source.write_text(max(re.findall(r"```c\n(.*?)```", text, re.S), key=len),
                          encoding="utf-8")
        return source

    def test_the_first_program_of_the_guide(self):
        program = self.folder / "first"
        self.compile(self.listing("first_program.md"), program, libraries=["stadls"])
        out = run(program, "emulator:?serial=5", LD_LIBRARY_PATH=str(self.libraries))
        self.assertRegex(out, r"^emulator-5: neuron 273 fires: yes, read after \d")

    def test_the_playback_program_of_the_guide(self):
        program = self.folder / "playback"
        self.compile(self.listing("playback_programs.md"), program, libraries=["stadls"])
        out = run(program, "emulator:?serial=5", LD_LIBRARY_PATH=str(self.libraries))
        self.assertEqual(out, "emulator-5: 0 spikes before, 0 after; the chip is as it was written\n")

    def test_the_provider_of_the_guide(self):
        module = self.folder / "providers" / "echo.so"
        module.parent.mkdir()
        self.compile(self.listing("providers.md"), module, "-shared", "-fPIC",
                     libraries=["hxcomm"])
        info = json.loads(run(self.prefix / "bin/bss", "info", "--json",
                              HXCOMM_PROVIDER_PATH=str(module.parent)))
        echo = next(p for p in info["providers"] if p["scheme"] == "echo")
        self.assertEqual((echo["summary"], echo["reason"]), ("an example", None))

    def test_the_installed_program_needs_nothing_of_the_build(self):
        info = json.loads(run(self.prefix / "bin/bss", "info", "--json"))
        reasons = {p["scheme"]: p["reason"] for p in info["providers"]}
        self.assertIsNone(reasons["emulator"])
        names = {path.name for path in self.prefix.rglob("*")}
        self.assertLessEqual({"bss.1", "bss", "emulator.so", "bssConfig.cmake", "hxcomm.pc"}, names)
        for path in [self.prefix / "bin/bss", *self.libraries.rglob("*.so")]:
            self.assertNotIn(BUILD, run("readelf", "-d", path), path.name)


if __name__ == "__main__":
    unittest.main()
