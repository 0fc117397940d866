# SPDX-License-Identifier: MIT
"""`bss health` before and after a chip was brought up."""
import json
import unittest

from support import Case


class Health(Case):
    def test_a_chip_that_is_up_is_well(self):
        out, err = self.bss("health", "--bring-up", "--connection", "emulator:?serial=9")
        self.assertEqual(err, "")
        for line in ["chip         emulator-9, up", "serial 9", "links        8 of 8 up",
                     "processors 250 MHz", "system time  synchronised", "2.5 V analog", "all is well"]:
            self.assertIn(line, out)
        health = json.loads(self.bss("health", "--bring-up", "--json")[0])
        self.assertEqual((health["chip"], health["is_up"], health["findings"]), ("emulator-1", True, []))
        self.assertEqual(len(health["supplies"]), 6)
        self.assertEqual([clock["locked"] for clock in health["clocks"]], [True] * 4)
        self.assertAlmostEqual(health["supplies"][0]["W"],
                               health["supplies"][0]["V"] * health["supplies"][0]["A"])

    def test_a_chip_that_is_not_up_says_so(self):
        out, _ = self.bss("health", status=1)
        self.assertIn("chip         emulator-1, not brought up", out)
        self.assertIn("fault: the clocks of the chip are not set: bring it up", out)
        health = json.loads(self.bss("health", "--json", status=1)[0])
        self.assertEqual(health["findings"][0]["severity"], "fault")
        self.assertEqual(health["clocks"], [])
        health = json.loads(self.bss("health", "--json", "--connection", "mock:", status=1)[0])
        self.assertIn("does not answer over JTAG", health["findings"][0]["text"])

    def test_a_broken_chip_says_what_is_broken(self):
        out, _ = self.bss("health", "--bring-up", "--connection", "emulator:?no_pll=1", status=1)
        self.assertIn("its PLL has not locked", out)
        out, _ = self.bss("health", "--bring-up", "--connection", "emulator:?dead_links=3")
        self.assertIn("links        7 of 8 up", out)
        self.assertIn("warning: link 3 is switched on but down", out)

    def test_wrong_uses_are_told(self):
        self.refuse("health", "--connection", "none:", message="none")
        self.refuse("health", "emulator:", message="given by --connection", status=2)


if __name__ == "__main__":
    unittest.main()
