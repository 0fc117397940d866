# SPDX-License-Identifier: MIT
"""No code per field is written by hand: what is done with registers goes by their description.

The C of haldls, stadls, fisch and bss, as far as it is not generated, names no field of the
register map and no address in it, but for those below, each with its reason. Names of a single
word, such as "value", cannot be told from others and are not looked for; code that copies, prints,
compares or encodes the fields of a container one by one would name others, too."""
import json
import pathlib
import re
import sys

ROOMS = ["haldls", "stadls", "fisch", "tools"]
A_FUNCTION = "a function of that name"
ALLOWED = {
    "fisch/src/register.c": (A_FUNCTION, "check_value"),
    "stadls/src/range.c": (A_FUNCTION, "check_range"),
    "tools/cmd_link.c": (A_FUNCTION, "read_count"),
    "haldls/include/haldls/chip.h": ("a member is called like its container",
                                     "current_dac"),
    "haldls/src/chip.c": ("what is sane for a chip of bypassed neurons",
                          "dacen_pulse_extension enable_bypass_excitatory enable_bypass_inhibitory "
                          "enable_threshold_comparator"),
    "haldls/src/chip_json.c": ("planes of synapses are bytes, not containers",
                               "amp_calibs time_calibs"),
    "haldls/src/chip_order.c": ("planes of synapses are bytes, not containers",
                                "amp_calibs time_calibs"),
    "haldls/include/haldls/morphology.h": ("what its drawing is made of",
                                           "connect_soma connect_soma_right"),
    "haldls/src/morphology.c": ("the rules of connected neurons",
                                "connect_soma connect_soma_right"),
    "stadls/src/bringup.c": ("values of the bring-up",
                             "do_sync enable_channels enable_event_recording enable_reset "
                             "pc_conf_east pc_conf_west w_conf_east w_conf_west"),
    "stadls/src/health.c": ("what tells whether a chip is well",
                            "bus_voltage check_range check_value clock_enable counter_value "
                            "crc_error_count enable_event_recording enable_phy online_time "
                            "part_number pre_scaler_p rx_count rx_dropped_count select_source "
                            "shunt_voltage tx_count write_count"),
    "stadls/src/ppu.c": ("the switch that starts a processor", "inhibit_reset"),
    "tools/cmd_calibrate.c": ("a target of the calibration", "refractory_time"),
}
LEAST_ADDRESS = 0x10000  # smaller numbers are all sorts of things
ADDRESSES = {"stadls/src/ppu_elf.c": ("where a processor itself sees its memories", "0x80000000")}


def read_map(root):
    """Names of fields, and the constants in the expressions of addresses."""
    names, addresses = set(), set()
    for path in (root / "haldls/registers").glob("*/*.json"):
        data = json.loads(path.read_text("utf-8"))
        names |= {field["name"] for field in data.get("fields", []) if "_" in field["name"]} \
            if "parts" not in data else set()
        texts = json.dumps([data.get("write"), data.get("read"), data.get("addresses")])
        addresses |= {int(number, 16) for number in re.findall(r"0x[0-9a-f]+", texts)}
    return names, {address for address in addresses if address >= LEAST_ADDRESS}


def check_file(path, text, names, addresses):
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    found = set(re.findall(r"[a-z_0-9]+", code)) & names
    _, allowed = ALLOWED.get(path, ("", ""))
    for name in sorted(found - set(allowed.split())):
        yield f"{path} names the field '{name}': go by the description of its container"
    for name in sorted(set(allowed.split()) - found):
        yield f"{path} no longer names the field '{name}': take it off the list"
    found = {number for number in re.findall(r"\b0x[0-9a-fA-F]{5,}\b", code)
             if int(number, 16) in addresses}
    _, allowed = ADDRESSES.get(path, ("", ""))
    for number in sorted(found - set(allowed.split())):
        yield f"{path} names the address {number}: ask the container for it"
    for number in sorted(set(allowed.split()) - found):
        yield f"{path} no longer names the address {number}: take it off the list"


def main(root):
    names, addresses = read_map(root)
    complaints, files = [], set()
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.[ch]")):
            files.add(str(path.relative_to(root)))
            complaints += check_file(str(path.relative_to(root)), path.read_text("utf-8"), names,
                                     addresses)
    complaints += [f"{path} is on the list, but does not exist"
                   for path in sorted(set(ALLOWED) | set(ADDRESSES)) if path not in files]
    assert len(names) > 300 and len(addresses) > 50 and len(files) > 100
    for text in complaints:
        print(text)
    return 1 if complaints else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
