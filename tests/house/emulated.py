# SPDX-License-Identifier: MIT
"""Every field of every register does something in the emulated chip, or the guide says that it
does nothing there, and why.

A field does something where a source of the emulator names it beside its container, or where its
container is one of those whose words are taken apart by hand, below. The table of docs/guide/providers.md
names fields that exist, once. That they change nothing indeed is seen by emulator/inert."""
import json
import pathlib
import re
import sys

# Containers whose words the emulator reads without the names of their fields, and where.
BY_WORD = {
    "Barrier": "fpga.c",
    "CADCChannelConfig": "chip_effects.c",
    "CADCSampleQuad": "chip_effects.c",
    "CapMemBlock": "chip_effects.c",
    "CapMemCell": "chip_effects.c",
    "ColumnCorrelationQuad": "chip_effects.c",
    "ColumnCurrentQuad": "chip_effects.c",
    "CommonPhyConfigChip": "chip.c",
    "CommonPhyConfigFPGA": "fpga_registers.c",
    "CrossbarInputDropCounter": "chip_effects.c",
    "CrossbarOutputEventCounter": "chip_effects.c",
    "DACChannel": "board.c",
    "DACControl": "board.c",
    "EventRecordingConfig": "fpga_registers.c",
    "ExternalPPUDRAMMemoryByte": "fpga_registers.c",
    "ExternalPPUDRAMMemoryQuad": "fpga_registers.c",
    "ExternalPPUMemoryByte": "fpga_registers.c",
    "ExternalPPUMemoryQuad": "fpga_registers.c",
    "FPGADeviceDNA": "fpga_registers.c",
    "FPGASystimeSyncActiveState": "fpga_registers.c",
    "FPGASystimeSyncLastAsicSystime": "fpga_registers.c",
    "FPGASystimeSyncLastRTT": "fpga_registers.c",
    "FPGASystimeSyncNumRetries": "fpga_registers.c",
    "HicannARQStatus": "fpga_registers.c",
    "I2CIdRegister": "board.c",
    "INA219Config": "board.c",
    "INA219Status": "board.c",
    "InstructionTimeoutConfig": "fpga_registers.c",
    "JTAGClockScaler": "fpga.c",
    "JTAGIdCode": "jtag.c",
    "PADIEvent": "chip_effects.c",
    "PPUMemory": "registers.c",
    "PPUMemoryBlock": "registers.c",
    "PPUMemoryWord": "registers.c",
    "PPUStatusRegister": "chip_effects.c",
    "PLLSelfTestStatus": "clocks.c",
    "PerfTest": "fpga_registers.c",
    "PerfTestStatus": "fpga_registers.c",
    "PhyStatus": "fpga_registers.c",
    "PollingOmnibusBlock": "fpga.c",
    "PollingOmnibusBlockConfig": "fpga_registers.c",
    "ResetChip": "fpga.c",
    "ShiftRegister": "board.c",
    "SpikeCounterRead": "chip_effects.c",
    "SpikeIOConfig": "fpga_registers.c",
    "SpikeIOInputRoute": "fpga_registers.c",
    "SpikeIOOutputRoute": "fpga_registers.c",
    "SpikePack1ToChip": "fpga.c",
    "SpikePack2ToChip": "fpga.c",
    "SpikePack3ToChip": "fpga.c",
    "SynapseCorrelationCalibQuad": "chip_effects.c",
    "SynapseLabelQuad": "chip_effects.c",
    "SynapseQuad": "chip_effects.c",
    "SynapseWeightQuad": "chip_effects.c",
    "SystimeCorrectionBarrierConfig": "fpga_registers.c",
    "SystimeSync": "fpga.c",
    "SystimeSyncBase": "chip.c",
    "TCA9554Inputs": "board.c",
    "TMP112Status": "board.c",
    "Timer": "fpga.c",
    "Timer::Value": "fpga.c",
    "VectorGeneratorControl": "vector.c",
    "VectorGeneratorFIFOWord": "vector.c",
    "VectorGeneratorLUTEntry": "vector.c",
    "VectorGeneratorNotificationAddress": "vector.c",
}

# Where the analog half keeps containers as they were written.
STATE = "analog_state.h"

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
ROW = re.compile(r"^\| ([A-Z][A-Za-z0-9, ]+) \| ([a-z0-9_, ]+) \| .+ \|$", re.MULTILINE)


def containers(root):
    for folder in ["hicannx3", "fpga"]:
        for path in sorted((root / "haldls" / "registers" / folder).glob("*.json")):
            entry = json.loads(path.read_text(encoding="utf-8"))
            yield entry["container"], entry["c_name"], [f["name"] for f in entry["fields"]]


def inert_fields(guide, errors):
    text = guide.read_text(encoding="utf-8")
    inert = set()
    for row in ROW.finditer(text.partition("\n## What it leaves out\n")[2].partition("\n## ")[0]):
        for container in row.group(1).split(", "):
            for field in row.group(2).split(", "):
                if (container, field) in inert:
                    errors.append(f"{guide}: {container}.{field} stands there twice")
                inert.add((container, field))
    return inert


def main(root):
    errors = []
    guide = root / "docs" / "guide" / "providers.md"
    sources = {path.name: COMMENT.sub("", path.read_text(encoding="utf-8"))
               for path in sorted((root / "emulator" / "src").glob("*.[ch]"))}
    inert = inert_fields(guide, errors)
    known = set()
    for container, c_name, fields in containers(root):
        struct = f"haldls_{c_name}"
        own = [text for text in sources.values() if struct in text or
               (struct in sources[STATE] and f'#include "{STATE}"' in text)]
        for field in fields:
            known.add((container, field))
            named = any(re.search(rf"(\.|->){field}\b", text) for text in own)
            if (container, field) in inert or named or container in BY_WORD:
                continue
            errors.append(f"{container}.{field}: nothing in emulator/src goes by it, and the table "
                          f"of {guide} does not say so")
    for container, field in sorted(inert - known):
        errors.append(f"{guide}: there is no field {container}.{field}")
    for container, source in BY_WORD.items():
        if source not in sources or container not in {name for name, _ in known}:
            errors.append(f"BY_WORD: no container {container}, or no source {source}")
    print("\n".join(errors))
    return 1 if errors or not inert else 0


sys.exit(main(pathlib.Path(sys.argv[1])))
