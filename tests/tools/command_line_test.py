# SPDX-License-Identifier: MIT
"""Options, help, exit codes, settings, and `bss info`."""
import json
import re
import subprocess
import unittest

from support import BSS, ROOT, Case


class CommandLine(Case):
    def commands(self):
        out, _ = self.bss("--help")
        return re.findall(r"^  ([a-z]+)  +", out.split("Commands:")[1], re.MULTILINE)

    def test_the_help_lists_all_commands(self):
        for name in ["info", "chips", "calibrate", "plot", "registers", "words", "health", "link",
                     "emulate", "completion", "help"]:
            self.assertIn(name, self.commands())

    def test_every_command_has_a_help_in_plain_ascii(self):
        for command in self.commands():
            out, err = self.bss(command, "--help")
            self.assertIn("Usage: bss", out, command)
            self.assertTrue(out.isascii(), command)
            self.assertEqual(err, "", command)
            if command != "help":
                self.assertEqual(self.bss("help", command)[0], out)

    def test_topics_are_explained(self):
        out, _ = self.bss("help")
        topics = out.split("Topics: ")[1].split()
        self.assertEqual(topics, ["errors", "uri", "units", "formats", "settings"])
        for topic in topics:
            self.assertTrue(self.bss("help", topic)[0].isascii(), topic)

    def test_the_topic_errors_is_the_table_of_the_library(self):
        header = (ROOT / "hxcomm/include/hxcomm/error.h").read_text(encoding="utf-8")
        table = re.findall(r'X\((\w+), (-\d+), "([^"]*)"\)', header)
        self.assertGreater(len(table), 10)
        out, _ = self.bss("help", "errors")
        for name, value, meaning in table:
            self.assertRegex(out, rf"{name} +{value} +{meaning}\n")

    def test_a_saved_program_is_printed(self):
        folder = ROOT / "tests/fuzz/corpus/saved_program"
        out, _ = self.bss("words", "print", str(folder / "whole"))
        self.assertEqual(out.splitlines(), [
            "0 omnibus_write fpga 0x88004000 bytes 0xf", "1 omnibus_data 0x000000ff",
            "2 omnibus_read fpga 0x88000003", "3 jtag_read 0x000000000 bits 32", "4 tick",
            "5 barrier omnibus jtag"])

    def test_the_version_is_that_of_the_project(self):
        project = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
        version = re.search(r"project\(bss VERSION (\S+)", project)[1]
        self.assertEqual(self.bss("--version")[0], f"bss {version}\n")

    def test_wrong_usage_exits_with_2_and_says_what_to_do(self):
        rows = [
            ((), "no command given"),
            (("inof",), "no command 'inof', did you mean 'info'? `bss --help` lists them"),
            (("xyzzy",), "no command 'xyzzy'? `bss --help`"),
            (("--frobnicate",), "unrecognized option"),
            (("help", "erors"), "no help on 'erors', did you mean 'errors'?"),
            (("help", "uri", "units"), "one topic at a time"),
            (("info", "more"), "info takes no arguments"),
            (("info", "--frobnicate"), "Try `bss info --help'"),
            (("chips", "a", "b"), "'b' is too much"),
            (("completion", "fish"), "bash only"),
            (("completion",), "bash only"),
            (("calibrate", "emulator:"), "the chip is given by --connection"),
            (("calibrate", "--tau-mem", "10"), "'10' is not a time such as 10us"),
            (("calibrate", "--tau-mem", "10"), "the unit is missing"),
            (("calibrate", "--tau-mem", "10V"), "'10V' is not a time"),
            (("calibrate", "--leak", "80"), "'80' is not counts of an ADC such as 80lsb"),
            (("calibrate", "--leak", "nanlsb"), "'nanlsb' is not counts"),
            (("calibrate", "--synapse-gm", "0.5"), "'0.5' is not a whole number"),
            (("calibrate", "--synapse-gm", "-1"), "'-1' is not a whole number"),
            (("calibrate", "--tau-mem", "0us"), "zero is no target"),
            (("calibrate", "--seed", "x"), "'x' is no seed"),
            (("calibrate", "--seed", "-1"), "'-1' is no seed"),
            (("calibrate", "--seed", "18446744073709551616"), "is no seed"),
            (("plot",), "say what to draw"),
            (("plot", "raster"), "say what to draw"),
            (("plot", "pie", "a.csv", "-o", "a.svg"), "'pie' cannot be drawn"),
            (("plot", "raster", "a.csv"), "say where to write"),
            (("plot", "raster", "a.csv", "b.csv", "-o", "c.svg"), "'b.csv' is too much"),
            (("plot", "raster", "a.csv", "-o", "c.svg", "--size", "big"), "'big' is no size"),
            (("plot", "raster", "a.csv", "-o", "c.svg", "--size", "9x9"), "'9x9' is no size"),
        ]
        for arguments, message in rows:
            with self.subTest(arguments):
                self.refuse(*arguments, message=message, status=2)

    def test_a_full_disk_is_no_success(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([BSS, "info"], stdout=full, stderr=subprocess.PIPE, text=True,
                                    env=self.environment)
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot write the result: No space left", result.stderr)


class Info(Case):
    def info(self, **environment):
        return json.loads(self.bss("info", "--json", **environment)[0])

    def test_built_in_providers_and_the_emulator_are_there(self):
        providers = {p["scheme"]: p for p in self.info()["providers"]}
        for scheme in ["arq", "loopback", "mock", "emulator"]:
            self.assertIsNone(providers[scheme]["reason"])
            self.assertTrue(providers[scheme]["summary"])

    def test_it_says_why_a_module_does_not_load(self):
        self.write("broken.so", "this is no shared object")
        providers = {p["scheme"]: p
                     for p in self.info(HXCOMM_PROVIDER_PATH=str(self.folder))["providers"]}
        self.assertIsNone(providers["broken"]["summary"])
        self.assertTrue(providers["broken"]["reason"])
        text, _ = self.bss("info", HXCOMM_PROVIDER_PATH=str(self.folder))
        self.assertRegex(text, r"(?m)^broken\t\t.+")

    def test_settings_name_their_source(self):
        def source(info, name):
            return next((s["source"], s["value"]) for s in info["settings"] if s["name"] == name)
        self.assertEqual(source(self.info(), "HXCOMM_CONNECTION"), ("default", "emulator:"))
        self.assertEqual(source(self.info(HXCOMM_CONNECTION="mock:"), "HXCOMM_CONNECTION"),
                         ("environment", "mock:"))

    def test_a_store_that_is_absent_or_unreadable_is_reported(self):
        self.assertEqual(self.info()["store"]["code"], "HXCOMM_ENOENT")
        broken = self.write("broken.sqlite", "this is no database at all, whatever its name is\n")
        self.assertIn(self.info(BSS_STORE=str(broken))["store"]["code"],
                      ["HXCOMM_EINVAL", "HXCOMM_ECORRUPT"])

    def test_text_and_json_agree(self):
        text, _ = self.bss("info")
        info = self.info()
        self.assertIn(f"bss        {info['versions']['bss']} ", text)
        for provider in info["providers"]:
            self.assertIn(f"{provider['scheme']}\t{provider['summary']}", text)


if __name__ == "__main__":
    unittest.main()
