# SPDX-License-Identifier: MIT
"""The scripts tell an ordinary user which packages are missing, and change nothing."""
import os
import re
import subprocess
import unittest

from support import ROOT, Case


class Scripts(Case):
    def run_script(self, name, *arguments, user="1000", installed=()):
        """Run a script with a fake package database and a fake user."""
        tools = self.folder / "bin"
        tools.mkdir(exist_ok=True)
        for program, text in {
                "dpkg-query": "case \" %s \" in *\" $4 \"*) echo installed;; *) exit 1;; esac"
                              % " ".join(installed),
                "id": f"echo {user}",
                "apt-get": 'echo "apt-get $*" >>"$HOME/calls"; exit 100'}.items():
            path = tools / program
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        return subprocess.run([str(ROOT / "tools" / name), *arguments], text=True,
                              capture_output=True, cwd=self.folder,
                              env={"HOME": str(self.folder), "PATH": f"{tools}:{os.environ['PATH']}"})

    def packages(self, name):
        text = (ROOT / "tools/packages.sh").read_text(encoding="utf-8")
        return re.search(rf'^{name}="([^"]*)"', text, re.MULTILINE)[1].split()

    def test_a_user_is_told_what_to_install(self):
        build, test = self.packages("BUILD_PACKAGES"), self.packages("TEST_PACKAGES")
        for name, packages in [("quickstart", build), ("test", build + test)]:
            result = self.run_script(name)
            self.assertEqual(result.returncode, 1, name)
            self.assertIn("apt-get install --no-install-recommends " + " ".join(packages),
                          result.stderr)
            result = self.run_script(name, installed=packages[1:])
            self.assertIn(f"apt-get install --no-install-recommends {packages[0]}\n",
                          result.stderr)
            self.assertFalse((self.folder / "calls").exists())

    def test_root_installs_what_is_missing_and_a_failure_ends_it(self):
        packages = self.packages("BUILD_PACKAGES")
        result = self.run_script("quickstart", user="0", installed=packages[1:])
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"The packages could not be installed: {packages[0]}", result.stderr)
        self.assertEqual((self.folder / "calls").read_text(), "apt-get update\n")

    def test_wrong_usage_is_explained(self):
        for name in ["quickstart", "test"]:
            result = self.run_script(name, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertIn(f"Usage: tools/{name}", result.stdout)
            self.assertNotEqual(self.run_script(name, "a", "b").returncode, 0)


if __name__ == "__main__":
    unittest.main()
