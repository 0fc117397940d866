# SPDX-License-Identifier: MIT
"""The completion for bash offers what the program knows."""
import shutil
import subprocess
import unittest

from support import Case


class Completion(Case):
    def complete(self, *words):
        script, _ = self.bss("completion", "bash")
        quoted = " ".join(f"'{word}'" for word in words)
        script += f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _bss\n"
        script += 'printf "%s\\n" "${COMPREPLY[@]}"\n'
        return subprocess.run(["bash"], input=script, text=True, capture_output=True,
                              check=True).stdout.split()

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_commands_words_and_options_are_completed(self):
        rows = [
            (("bss", "ca"), ["calibrate"]),
            (("bss", "--ver"), ["--version", "--verbose"]),
            (("bss", "-q", "inf"), ["info"]),
            (("bss", "plot", "r"), ["raster"]),
            (("bss", "plot", "--t"), ["--title"]),
            (("bss", "calibrate", "--tau-s"), ["--tau-syn-exc", "--tau-syn-inh"]),
            (("bss", "help", "er"), ["errors"]),
            (("bss", "words", "en"), ["encode"]),
            (("bss", "emulate", "--li"), ["--listen"]),
        ]
        for words, wanted in rows:
            with self.subTest(words):
                self.assertEqual(sorted(self.complete(*words)), sorted(wanted))


if __name__ == "__main__":
    unittest.main()
