# SPDX-License-Identifier: MIT
"""Run bss as a user does, in an empty home folder."""
import os
import pathlib
import subprocess
import tempfile
import unittest

BSS = os.environ["BSS"]
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        suppressions = pathlib.Path(__file__).resolve().parent / "lsan.supp"
        self.environment = {"HOME": folder.name, "PATH": os.environ["PATH"],
                            "LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0"}

    def bss(self, *arguments, status=0, text=None, **environment):
        """Run bss and return (stdout, stderr); `status` is what it must exit with."""
        result = subprocess.run([BSS, *map(str, arguments)], input=text, text=True,
                                capture_output=True, timeout=250, cwd=self.folder,
                                env=self.environment | environment)
        self.assertEqual(result.returncode, status,
                         f"bss {arguments}:\n{result.stdout}{result.stderr}")
        return result.stdout, result.stderr

    def refuse(self, *arguments, message, status=1, **more):
        """bss must fail with a message that contains `message`, and print no result."""
        out, err = self.bss(*arguments, status=status, **more)
        self.assertIn(message, err)
        self.assertTrue(err.startswith("bss"), err)
        self.assertEqual(out, "")

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
