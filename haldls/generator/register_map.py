# SPDX-License-Identifier: MIT
"""The register map as data: reads the files of haldls/registers/ and refuses what is wrong.

One JSON file describes one container; haldls/registers/README.md explains its keys.
"""
import json
import os
import re

from schema import SCHEMA, Refused

BACKENDS = {
    "Omnibus": "FISCH_OMNIBUS", "OmnibusChipOverJTAG": "FISCH_OMNIBUS_CHIP_OVER_JTAG",
    "JTAGPLLRegister": "FISCH_JTAG_PLL_REGISTER", "JTAGPhyRegister": "FISCH_JTAG_PHY_REGISTER",
    "JTAGIdCode": "FISCH_JTAG_ID_CODE", "JTAGIdCodeOnDLS": "FISCH_JTAG_ID_CODE",
    "JTAGClockScaler": "FISCH_JTAG_CLOCK_SCALER", "ResetJTAGTap": "FISCH_RESET_JTAG_TAP",
    "ResetChip": "FISCH_RESET_CHIP", "Timer": "FISCH_TIMER", "WaitUntil": "FISCH_WAIT_UNTIL",
    "Barrier": "FISCH_BARRIER", "SystimeSync": "FISCH_SYSTIME_SYNC",
    "PollingOmnibusBlock": "FISCH_POLLING_OMNIBUS_BLOCK",
    "SpikePack1ToChip": "FISCH_SPIKE_PACK_1_TO_CHIP",
    "SpikePack2ToChip": "FISCH_SPIKE_PACK_2_TO_CHIP",
    "SpikePack3ToChip": "FISCH_SPIKE_PACK_3_TO_CHIP",
    "NullPayloadReadable": "FISCH_NULL_PAYLOAD_READABLE",
    "SPIShiftRegister": "FISCH_SPI_SHIFT_REGISTER",
    "SPIDACDataRegister": "FISCH_SPI_DAC_DATA_REGISTER",
    "SPIDACControlRegister": "FISCH_SPI_DAC_CONTROL_REGISTER",
    "I2CIdRegister": "FISCH_I2C_ID_REGISTER", "I2CTempRegister": "FISCH_I2C_TEMP_REGISTER",
    "I2CINA219RoRegister": "FISCH_I2C_INA219_RO_REGISTER",
    "I2CINA219RwRegister": "FISCH_I2C_INA219_RW_REGISTER",
    "I2CTCA9554RoRegister": "FISCH_I2C_TCA9554_RO_REGISTER",
    "I2CTCA9554RwRegister": "FISCH_I2C_TCA9554_RW_REGISTER",
    "I2CAD5252RwRegister": "FISCH_I2C_AD5252_RW_REGISTER",
    "I2CDAC6573RwRegister": "FISCH_I2C_DAC6573_RW_REGISTER",
    "I2CTCA9546Register": "FISCH_I2C_TCA9546_REGISTER",
}
TYPES = {"bool": "bool", "uint": "uint32_t", "int": "int32_t", "enum": None}


def pieces_of(text, where):
    """'1:3+1 1:2+1' -> [(word, lsb, width), ...], least significant piece first; 'i:0+10' is a
    piece in the word of the element's own number."""
    out = []
    for piece in text.split(" "):
        match = re.fullmatch(r"(\d+|i):(\d+)\+(\d+)", piece)
        if not match:
            raise Refused(f"{where}: '{piece}' is no piece: write word:lsb+width")
        word, lsb, width = match[1], int(match[2]), int(match[3])
        if width < 1 or lsb + width > 32:
            raise Refused(f"{where}: piece {piece} does not lie within a word of 32 bits")
        out.append((word if word == "i" else int(word), lsb, width))
    return out


def check_keys(data, allowed, needed, where):
    for key in data:
        if key not in allowed:
            raise Refused(f"{where}: unknown key '{key}'")
    for key in needed:
        if key not in data:
            raise Refused(f"{where}: key '{key}' is missing")


def of_file(path, work):
    """What `work` makes of a file; a refusal says which file it is about."""
    try:
        return work()
    except Refused as refused:
        raise Refused(f"{path}: {refused}")


def read_file(path, kind, canonical_form):
    """The data of a file: what schema.json says of its kind, written in the one way."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    try:
        data = json.loads(text)
    except ValueError as error:
        raise Refused(f"is no JSON: {error}")
    name = data.get("container") if isinstance(data, dict) else None
    SCHEMA.check(data, kind, name if isinstance(name, str) else "it")
    if os.path.basename(path) != data["c_name"] + ".json":
        raise Refused(f"is named after another container than {data['c_name']}")
    if canonical_form(data) != text:
        raise Refused("not in canonical form: generate.py --print shows it")
    return data


class Field:
    def __init__(self, data, container, c_name=""):
        self.where = f"{container}.{data.get('name', '?')}"
        self.data, self.container = data, c_name
        self.name = data["name"]
        self.alias = data.get("alias")
        self.encoding = data.get("encoding")
        self.type = data["type"]
        self.summary = data["summary"]
        self.unit = data.get("unit")
        self.values = data.get("values")
        self.stored = data.get("stored")
        self.constant = data.get("constant", False)
        self.internal = data.get("internal", False)
        self.offset = data.get("offset", 0)
        self.lanes = data.get("lanes", [])
        self.read_places(data.get("at", []))
        self.read_range(data)
        self.check()

    def read_places(self, at):
        """The shape of the field and the pieces of each element."""
        self.dims, level = [], at
        while isinstance(level, list) and level:
            self.dims.append(len(level))
            level = level[0]
        flat = [at] if isinstance(at, str) else at
        while flat and isinstance(flat[0], list):
            flat = [x for row in flat for x in row]
        self.elements = [pieces_of(x, self.where) for x in flat]
        self.width = sum(p[2] for p in self.elements[0]) if self.elements else 0
        for element in self.elements:
            if sum(p[2] for p in element) != self.width:
                raise Refused(f"{self.where}: its elements differ in width")
        # one element a word: a loop, not a list
        self.loop = self.data.get("elements", 0)
        if bool(self.loop) != any(p[0] == "i" for e in self.elements for p in e):
            raise Refused(f"{self.where}: 'elements' and a word i belong together")
        if self.loop:
            if self.dims or len(self.elements[0]) != 1 or self.encoding or self.stored:
                raise Refused(f"{self.where}: elements of words of their own are plain numbers")
            self.dims = [self.loop]
        if self.encoding == "byte_enable":
            if self.type != "bool" or self.elements or not self.lanes or \
                    any(not 0 <= lane <= 3 for lane in self.lanes):
                raise Refused(f"{self.where}: byte enables are bools of lanes 0 to 3")
            self.dims = [len(self.lanes)]

    def read_range(self, data):
        xor = data.get("xor", 0)
        self.xors = xor if isinstance(xor, list) else [xor] * self.count()
        if len(self.xors) != self.count() or any(x >> self.width for x in self.xors):
            raise Refused(f"{self.where}: xor does not fit {self.count()} elements of "
                          f"{self.width} bits")
        self.min = data.get("min", 0)
        if self.encoding == "capmem_debug_cell":
            self.max = data.get("max", 0)
        elif self.encoding in ("capmem_debug_enable", "nonzero", "byte_enable"):
            self.max = 1
        elif self.encoding == "thermometer":
            self.max = 255
        else:
            self.max = data.get("max", (1 << self.width) - 1)

    def check(self):
        where = self.where
        if self.type == "bool" and not self.encoding and self.width != 1:
            raise Refused(f"{where}: a bool of {self.width} bits")
        if self.type == "enum":
            self.check_enum()
        elif self.values is not None:
            self.check_values()
        plain = not self.encoding and not self.stored
        if plain and (self.max + self.offset) >> self.width:
            raise Refused(f"{where}: its largest value {self.max} is wider than {self.width} bits")
        if self.min + self.offset < 0 and self.type != "int":
            raise Refused(f"{where}: its smallest value {self.min} lies below 0 when stored")
        for default in self.defaults():
            if not self.min <= default <= self.max:
                raise Refused(f"{where}: default {default} is outside {self.min} to {self.max}")
        if self.loop and (self.offset or any(self.xors) or any(self.defaults()) or
                          self.type != "uint"):
            raise Refused(f"{where}: elements of words of their own are plain numbers")

    def check_enum(self):
        if not self.values:
            raise Refused(f"{self.where}: an enum without values")
        numbers = sorted(self.values.values())
        if 0 not in numbers and not self.data.get("without_zero"):
            raise Refused(f"{self.where}: an enum without a zero")
        self.check_values()
        if self.stored is None:
            # what has no name is no value, unless "max" says that the chip takes it
            if numbers != list(range(numbers[0], numbers[-1] + 1)):
                raise Refused(f"{self.where}: numbers between its values have no name: use stored")
            self.min, self.max = numbers[0], self.data.get("max", numbers[-1])
            return
        if numbers != list(range(len(numbers))) or len(self.stored) != len(numbers) or \
                any(x >> self.width for x in self.stored):
            raise Refused(f"{self.where}: stored needs a number of {self.width} bits for each of "
                          f"the values 0, 1, ...")
        self.min, self.max = 0, len(numbers) - 1

    def check_values(self):
        if self.type == "bool":
            raise Refused(f"{self.where}: a bool has no names for its values")
        for name, value in self.values.items():
            if not self.min <= value <= self.max:
                raise Refused(f"{self.where}: value {name} = {value} does not fit")

    def count(self):
        n = 1
        for d in self.dims:
            n *= d
        return n

    def defaults(self):
        d = self.data["default"]
        if isinstance(d, list):
            if len(d) != self.count():
                raise Refused(f"{self.where}: {len(d)} defaults for {self.count()} elements")
            return d
        return [d] * self.count()

    def is_hidden(self):
        return self.constant or self.internal

    def c_type(self):
        if self.type == "enum":
            return f"enum haldls_{self.container}_{self.name}"
        return "uint64_t" if self.max > 0xFFFFFFFF else TYPES[self.type]

    def indices(self):
        """All index texts of its elements: '' or '[1]' or '[1][0]'."""
        out = [""]
        for size in self.dims:
            out = [f"{prefix}[{i}]" for prefix in out for i in range(size)]
        return out


class Addresses:
    """Where the words lie: an expression of e for each, or one of e and w for all."""

    def __init__(self, data):
        self.each = None
        if isinstance(data, dict):
            self.each, self.count, self.list = data["each"], data["words"], []
        else:
            self.list, self.count = data, len(data)
        self.data = data


class Container:
    def __init__(self, path):
        data = read_file(path, "register", canonical)
        self.name = name = data["container"]
        self.c = data["c_name"]
        self.summary, self.coordinate, self.count = (data["summary"], data["coordinate"],
                                                     data["count"])
        self.source = data["source"]
        self.write = Addresses(data["write"])
        self.read = self.write if data["read"] == "same" else Addresses(data["read"])
        self.addresses = {b: Addresses(a) for b, a in data.get("addresses", {}).items()}
        self.view_of = data.get("view_of")
        self.backends = data["backends"]
        self.read_backends = data.get("read_backends", self.backends)
        for b in self.addresses:
            if b not in BACKENDS:
                raise Refused(f"{name}.addresses: \"{b}\" is no back end")
        self.expressions = {key: data[key] for key in ("word_count", "shift", "byte_enables")
                            if key in data}
        self.payload = data.get("payload")
        self.gray = data.get("word_transform") == "gray"
        self.read_unsupported_on = data.get("read_unsupported_on", [])
        self.path = path
        self.fields = [Field(f, name, self.c) for f in data["fields"]]
        self.words = max(self.write.count, self.read.count)
        self.check_names()
        self.check_bits()
        self.check_lanes()
        self.check_messages()

    def folder(self):
        return os.path.basename(os.path.dirname(os.path.abspath(self.path)))

    def check_names(self):
        names = set()
        for field in self.fields:
            for name in {field.name, field.alias} - {None}:
                if name in names:
                    raise Refused(f"{field.where}: there are two fields '{name}'")
                names.add(name)
        if not self.words:
            raise Refused(f"{self.name}: has an address neither to write nor to read")

    def write_count(self):
        return self.write.count

    def read_count(self):
        return self.read.count

    def check_lanes(self):
        switched = any(f.encoding == "byte_enable" for f in self.fields)
        if switched and "byte_enables" in self.expressions:
            raise Refused(f"{self.name}: byte enables by an expression and by a field")
        lanes = switched or "byte_enables" in self.expressions
        if lanes and (self.words != 1 or self.backends != ["Omnibus"]):
            raise Refused(f"{self.name}: byte enables are for one word over Omnibus")
        if "shift" in self.expressions and not lanes:
            raise Refused(f"{self.name}: a shift without byte enables would write all lanes")

    def check_messages(self):
        if self.payload == "list" and self.backends != [f"SpikePack{self.words}ToChip"]:
            raise Refused(f"{self.name}: only a spike pack holds a list, as long as its name says")
        if "word_count" in self.expressions and not (self.write.each and self.read.each):
            raise Refused(f"{self.name}: word_count needs addresses by 'each'")

    def check_bits(self):
        used = {}
        for field in self.fields:
            pieces = [((i if word == "i" else word), lsb, width)
                      for i in range(max(field.loop, 1))
                      for element in field.elements for word, lsb, width in element]
            for word, lsb, width in pieces:
                if word >= self.words:
                    raise Refused(f"{field.where}: word {word} of a container of {self.words}")
                for bit in range(lsb, lsb + width):
                    if (word, bit) in used and field.encoding != "nonzero":
                        raise Refused(f"{field.where}: bit {bit} of word {word} belongs to "
                                      f"{used[(word, bit)]} already")
                    used[(word, bit)] = field.name


def canonical(data):
    """The one way to write a data file: a key a line, a field a line."""
    lines = []
    for key in SCHEMA.keys("register"):
        if key in data and key != "fields":
            lines.append(f"  {json.dumps(key)}: {json.dumps(data[key])}")
    fields = []
    for field in data["fields"]:
        ordered = {k: field[k] for k in SCHEMA.keys("field") if k in field}
        fields.append("    { " + json.dumps(ordered)[1:-1] + " }")
    if fields:
        lines.append('  "fields": [\n' + ",\n".join(fields) + "\n  ]")
    else:
        lines.append('  "fields": []')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_registers(paths):
    """All register containers, sorted by c_name, and the files of logical containers."""
    logical = [path for path in paths if os.path.basename(os.path.dirname(path)) == "logical"]
    containers = [of_file(path, lambda path=path: Container(path))
                  for path in sorted(set(paths) - set(logical))]
    return sorted(containers, key=lambda c: c.c), logical
