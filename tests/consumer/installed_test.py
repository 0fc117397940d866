# SPDX-License-Identifier: MIT
"""Install into a folder of its own, and build and run a program against it
through find_package and through pkg-config."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

BUILD, LIBDIR, CC = os.environ["BUILD"], os.environ["LIBDIR"], os.environ["CC"]
PROJECT = pathlib.Path(__file__).resolve().parent / "project"


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

    def test_find_package(self):
        build = self.folder / "cmake"
        run("cmake", "-S", PROJECT, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={CC}")
        run("cmake", "--build", build)
        self.check_program(build / "consumer")

    def test_pkg_config(self):
        flags = run("pkg-config", f"--define-variable=prefix={self.prefix}", "--cflags", "--libs",
                    "grenade", "calix", PKG_CONFIG_PATH=str(self.libraries / "pkgconfig")).split()
        program = self.folder / "consumer"
        run(CC, "-std=c17", "-Wall", "-Wextra", "-Werror", PROJECT / "main.c", "-o", program,
            *flags)
        self.check_program(program)

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
