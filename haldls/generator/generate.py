#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the C side of the register map: structs, encoders, decoders, addresses, reflection.

usage: generate.py --out FOLDER DATAFILE...      write FOLDER/haldls/*.h and FOLDER/*.c
       generate.py --check DATAFILE...           refuse wrong or non-canonical data, write nothing

One JSON file describes one container; haldls/registers/README.md explains its keys.
Python standard library only; used at build time, never at run time.
"""
import argparse
import json
import os
import re
import sys

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
CONTAINER_KEYS = ["container", "c_name", "summary", "coordinate", "count", "backends",
                  "read_backends", "write", "read", "addresses", "word_transform",
                  "read_unsupported_on", "source", "fields"]
CONTAINER_NEEDED = ["container", "c_name", "summary", "coordinate", "count", "backends", "write",
                    "read", "source", "fields"]
FIELD_KEYS = ["name", "alias", "encoding", "at", "type", "default", "constant", "min", "max",
              "values", "without_zero", "offset", "xor", "unit", "internal", "summary"]
FIELD_NEEDED = ["name", "type", "default", "summary"]
# Encodings beyond moving bits. The names are a closed set; each has one C helper in
# haldls/src/encodings.h.
ENCODINGS = ["capmem_debug_enable", "capmem_debug_cell", "thermometer", "nonzero", "signed16",
             "signed13"]
TYPES = {"bool": "bool", "uint": "uint32_t", "int": "int32_t", "enum": None}


class Refused(Exception):
    pass


def pieces_of(text, where):
    """'1:3+1 1:2+1' -> [(word, lsb, width), ...], least significant piece first."""
    out = []
    for piece in text.split(" "):
        match = re.fullmatch(r"(\d+):(\d+)\+(\d+)", piece)
        if not match:
            raise Refused(f"{where}: '{piece}' is no piece: write word:lsb+width")
        word, lsb, width = map(int, match.groups())
        if width < 1 or lsb + width > 32:
            raise Refused(f"{where}: piece {piece} does not lie within a word of 32 bits")
        out.append((word, lsb, width))
    return out


class Field:
    def __init__(self, data, container):
        where = f"{container}.{data.get('name', '?')}"
        for key in data:
            if key not in FIELD_KEYS:
                raise Refused(f"{where}: unknown key '{key}'")
        for key in FIELD_NEEDED:
            if key not in data:
                raise Refused(f"{where}: key '{key}' is missing")
        self.data, self.where = data, where
        self.name = data["name"]
        self.alias = data.get("alias")
        self.encoding = data.get("encoding")
        self.type = data["type"]
        self.summary = data["summary"]
        self.unit = data.get("unit")
        self.values = data.get("values")
        self.constant = data.get("constant", False)
        self.internal = data.get("internal", False)
        self.offset = data.get("offset", 0)
        if self.type not in TYPES:
            raise Refused(f"{where}: type '{self.type}' is none of {', '.join(TYPES)}")
        if self.encoding and self.encoding not in ENCODINGS:
            raise Refused(f"{where}: encoding '{self.encoding}' is none of {', '.join(ENCODINGS)}")
        at = data.get("at", [])
        self.dims = []
        level = at
        while isinstance(level, list) and level:
            self.dims.append(len(level))
            level = level[0]
        flat = [at] if isinstance(at, str) else at
        while flat and isinstance(flat[0], list):
            flat = [x for row in flat for x in row]
        self.elements = [pieces_of(x, where) for x in flat]
        self.width = sum(p[2] for p in self.elements[0]) if self.elements else 0
        for element in self.elements:
            if sum(p[2] for p in element) != self.width:
                raise Refused(f"{where}: its elements differ in width")
        xor = data.get("xor", 0)
        self.xors = xor if isinstance(xor, list) else [xor] * self.count()
        if len(self.xors) != self.count() or any(x >> self.width for x in self.xors):
            raise Refused(f"{where}: xor does not fit {self.count()} elements of "
                          f"{self.width} bits")
        self.min = data.get("min", 0)
        if self.encoding == "capmem_debug_cell":
            self.max = data.get("max", 0)
        elif self.encoding in ("capmem_debug_enable", "nonzero"):
            self.max = 1
        elif self.encoding == "thermometer":
            self.max = 255
        else:
            self.max = data.get("max", (1 << self.width) - 1)
        self.check()

    def check(self):
        where = self.where
        if self.type == "bool" and not self.encoding and self.width != 1:
            raise Refused(f"{where}: a bool of {self.width} bits")
        if self.type == "enum":
            if not self.values:
                raise Refused(f"{where}: an enum without values")
            if 0 not in self.values.values() and not self.data.get("without_zero"):
                raise Refused(f"{where}: an enum without a zero")
            for name, value in self.values.items():
                if not self.min <= value <= self.max:
                    raise Refused(f"{where}: value {name} = {value} does not fit")
        if not self.encoding and (self.max + self.offset) >> self.width:
            raise Refused(f"{where}: its largest value {self.max} is wider than {self.width} bits")
        if self.min + self.offset < 0 and self.type != "int":
            raise Refused(f"{where}: its smallest value {self.min} lies below 0 when stored")
        for default in self.defaults():
            if not self.min <= default <= self.max:
                raise Refused(f"{where}: default {default} is outside {self.min} to {self.max}")

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

    def c_type(self, container):
        if self.type == "enum":
            return f"enum haldls_{container}_{self.name}"
        return "uint64_t" if self.max > 0xFFFFFFFF else TYPES[self.type]


class Container:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        try:
            data = json.loads(text)
        except ValueError as error:
            raise Refused(f"{path}: {error}")
        self.path = path
        name = data.get("container", os.path.basename(path))
        for key in data:
            if key not in CONTAINER_KEYS:
                raise Refused(f"{name}: unknown key '{key}'")
        for key in CONTAINER_NEEDED:
            if key not in data:
                raise Refused(f"{name}: key '{key}' is missing")
        if canonical(data) != text:
            raise Refused(f"{path}: not in canonical form: generate.py --print shows it")
        self.name, self.c = name, data["c_name"]
        if os.path.basename(path) != self.c + ".json":
            raise Refused(f"{path}: is named after another container than {self.c}")
        self.summary, self.coordinate, self.count = (data["summary"], data["coordinate"],
                                                     data["count"])
        self.source = data["source"]
        self.write = data["write"]
        self.read = self.write if data["read"] == "same" else data["read"]
        self.backends = data["backends"]
        self.read_backends = data.get("read_backends", self.backends)
        for b in self.backends + self.read_backends:
            if b not in BACKENDS:
                raise Refused(f"{name}: unknown back end '{b}'")
        self.addresses = data.get("addresses", {})
        self.gray = data.get("word_transform") == "gray"
        self.fields = [Field(f, name) for f in data["fields"]]
        self.words = max(len(self.write), len(self.read))
        self.check_bits()

    def check_bits(self):
        used = {}
        for field in self.fields:
            for i, element in enumerate(field.elements):
                for word, lsb, width in element:
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
    for key in CONTAINER_KEYS:
        if key in data and key != "fields":
            lines.append(f"  {json.dumps(key)}: {json.dumps(data[key])}")
    fields = []
    for field in data["fields"]:
        ordered = {k: field[k] for k in FIELD_KEYS if k in field}
        fields.append("    { " + json.dumps(ordered)[1:-1] + " }")
    if fields:
        lines.append('  "fields": [\n' + ",\n".join(fields) + "\n  ]")
    else:
        lines.append('  "fields": []')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def upper(text):
    return text.upper()


def c_string(text):
    return json.dumps(text, ensure_ascii=False) if text is not None else "NULL"


def limits(field):
    if field.type == "bool":
        return ""
    unit = f" {field.unit}" if field.unit else ""
    return f"; {field.min} … {field.max}{unit}"


def default_text(field):
    d = field.data["default"]
    return "{" + ", ".join(map(str, d)) + "}" if isinstance(d, list) else str(d)


def indices(field):
    """All index texts of a field's elements: '' or '[1]' or '[1][0]'."""
    out = [""]
    for size in field.dims:
        out = [f"{prefix}[{i}]" for prefix in out for i in range(size)]
    return out


def header(c):
    out = []
    for f in c.fields:
        if f.type == "enum":
            out.append(f"/** Values of {c.name}.{f.name}. */\nenum haldls_{c.c}_{f.name} {{")
            for name, value in f.values.items():
                out.append(f"\tHALDLS_{upper(c.c)}_{upper(f.name)}_{upper(name)} = {value}, "
                           f"/**< {name} */")
            out.append("};\n")
    out.append(f"/** {c.name}: {c.summary}.\n *  {c.count} of them, one a {c.coordinate}. "
               f"Source: {c.source}. */")
    out.append(f"struct haldls_{c.c} {{")
    if not c.fields:
        out.append("\t/** no field: a write triggers, its value does not matter; leave it 0 */")
        out.append("\tuint32_t unused;")
    for f in c.fields:
        dims = "".join(f"[{d}]" for d in f.dims)
        out.append(f"\t/** {f.summary}{limits(f)}; default {default_text(f)} */")
        out.append(f"\t{f.c_type(c.c)} {f.name}{dims};")
    out.append("};\n")
    init = ", ".join(f".{f.name} = " + initialiser(f) for f in c.fields) or ".unused = 0"
    out.append(f"/** A {c.name} with the defaults of the chip's software. */")
    out.append(f"#define HALDLS_{upper(c.c)}_INIT {{ {init} }}")
    out.append(f"""enum {{
	HALDLS_{upper(c.c)}_WORDS = {c.words}, /**< register words of a {c.name} */
	HALDLS_{upper(c.c)}_COUNT = {c.count}, /**< number of {c.coordinate} */
}};

/** Encode a {c.name}.
 *  @param[out] words  [HALDLS_{upper(c.c)}_WORDS] register words, in the order of writes
 *  @param value       the container
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  a field lies outside its range; @p words are undefined */
HXCOMM_API HXCOMM_NODISCARD int haldls_{c.c}_encode(uint32_t *words,
        const struct haldls_{c.c} *value);

/** Decode a {c.name}.
 *  @param[out] out  the container; unchanged after an error
 *  @param words     [HALDLS_{upper(c.c)}_WORDS] register words, in the order of reads
 *  @retval 0              decoded
 *  @retval HXCOMM_ERANGE  a field would lie outside its range */
HXCOMM_API HXCOMM_NODISCARD int haldls_{c.c}_decode(struct haldls_{c.c} *out,
        const uint32_t *words);

/** Address of a word of a {c.name} over its default back end.
 *  @param element  {c.coordinate}, 0 … {c.count - 1}
 *  @param word     0 … HALDLS_{upper(c.c)}_WORDS - 1
 *  @return the address of the write, or of the read where it cannot be written */
HXCOMM_API uint32_t haldls_{c.c}_address(uint32_t element, uint32_t word);

/** Description of {c.name}. */
HXCOMM_API extern const struct haldls_container haldls_{c.c}_container;
""")
    return "\n".join(out)


def initialiser(f):
    def value(v):
        if f.type == "enum":
            return str(v)
        if f.type == "bool":
            return "true" if v else "false"
        return str(v)
    flat = [value(v) for v in f.defaults()]
    if f.type == "enum":
        flat = [f"(enum haldls_{f.container}_{f.name}){v}" for v in flat]
    if not f.dims:
        return flat[0]
    def nest(dims, items):
        if len(dims) == 1:
            return "{ " + ", ".join(items) + " }"
        step = len(items) // dims[0]
        return "{ " + ", ".join(nest(dims[1:], items[i * step:(i + 1) * step])
                                for i in range(dims[0])) + " }"
    return nest(f.dims, flat)


def raw_expression(f, value, xor):
    wide = "uint64_t" if f.width > 32 else "uint32_t"
    text = f"({wide}){value}"
    if f.encoding == "thermometer":
        return f"haldls__thermometer_encode(({wide}){value})"
    if f.encoding == "signed16":
        return f"((uint32_t){value} & 0xffffu)"
    if f.offset:
        text = f"({text} + ({wide})({f.offset}))"
    if xor:
        text = f"({text} ^ {xor}u)"
    return text


def encode_body(c):
    out = []
    for f in c.fields:
        if f.encoding in ("capmem_debug_enable", "nonzero") or f.constant:
            continue
        full = (f.type == "uint" and f.min == 0 and f.max == 0xFFFFFFFF) or f.type == "bool"
        if full:
            continue
        for index in indices(f):
            cast = "long long" if f.type == "int" else "unsigned long long"
            low = f"(long long)value->{f.name}{index} < {f.min} || " if f.min != 0 else ""
            limit = f"{f.max}" + ("" if f.type == "int" else "u")
            if f.max > 0xFFFFFFFF:
                limit += "ll"
            kind = "int32_t" if f.type == "int" else ("uint64_t" if f.max > 0xFFFFFFFF
                                                      else "uint32_t")
            out.append(f"\tif ({low}({kind})value->{f.name}{index} > {limit})")
            out.append(f"\t\treturn haldls__range_error(\"{c.name}.{f.name}{index}\", "
                       f"(long long)value->{f.name}{index}, {f.min}ll, {f.max}ll);")
    terms = {w: [] for w in range(c.words)}
    for f in c.fields:
        if f.encoding == "capmem_debug_cell":
            terms[0].append("haldls__capmem_debug_row(value->debug_readout_enable, "
                            f"value->{f.name})")
            terms[1].append("haldls__capmem_debug_column(value->debug_readout_enable, "
                            f"value->{f.name})")
            continue
        if f.encoding in ("capmem_debug_enable", "nonzero"):
            if f.encoding == "nonzero":
                terms[0].append(f"(uint32_t)value->{f.name}")
            continue
        for index, element, xor in zip(indices(f), f.elements, f.xors):
            shift = 0
            raw = (f"{f.data['default']}u" if f.constant
                   else raw_expression(f, f"value->{f.name}{index}", xor))
            for word, lsb, width in element:
                part = f"({raw} >> {shift})" if shift else raw
                if width < 32:
                    part = f"({part} & 0x{(1 << width) - 1:x}u)"
                part = f"(uint32_t){part}"
                terms[word].append(f"{part} << {lsb}" if lsb else part)
                shift += width
    for w in range(c.words):
        text = " |\n\t        ".join(terms[w]) or "0"
        if c.gray:
            text = f"haldls__gray_decode({text})"
        out.append(f"\twords[{w}] = {text};")
    if not c.fields:
        out.append("\t(void)value;")
    out.append("\treturn HXCOMM_OK;")
    return "\n".join(out)


def decode_body(c):
    if not c.fields:
        return "\t(void)words;\n\t*out = (struct haldls_%s){ 0 };\n\treturn HXCOMM_OK;" % c.c
    out = [f"\tstruct haldls_{c.c} value = {{ 0 }};"]
    source = "words"
    if c.gray:
        out.append(f"\tuint32_t plain[{c.words}];")
        out.append(f"\tfor (size_t i = 0; i < {c.words}; i++)")
        out.append("\t\tplain[i] = words[i] ^ words[i] >> 1;")
        source = "plain"
    for f in c.fields:
        target = f"value.{f.name}"
        if f.encoding == "capmem_debug_enable":
            out.append(f"\t{target} = ({source}[0] & HALDLS__CAPMEM_ROW_BITS) != 0;")
            continue
        if f.encoding == "capmem_debug_cell":
            out.append(f"\tif (haldls__capmem_debug_cell(&{target}, {source}[0], {source}[1]))")
            out.append(f"\t\treturn haldls__range_error(\"{c.name}.{f.name}\", "
                       f"(long long){source}[1], 0ll, 129ll);")
            continue
        for index, element, xor in zip(indices(f), f.elements, f.xors):
            wide = "uint64_t" if f.width > 32 else "uint32_t"
            parts, shift = [], 0
            for word, lsb, width in element:
                part = f"{source}[{word}]"
                if lsb:
                    part += f" >> {lsb}"
                if width < 32:
                    part = f"({part} & 0x{(1 << width) - 1:x}u)"
                if shift:
                    part = f"({wide}){part} << {shift}"
                parts.append(part)
                shift += width
            raw = " | ".join(parts)
            if xor:
                raw = f"({raw}) ^ {xor}u"
            if f.encoding == "nonzero":
                out.append(f"\t{target} = {source}[0] != 0;")
                continue
            if f.encoding == "thermometer":
                raw = f"haldls__thermometer_decode({raw})"
            if f.encoding == "signed16":
                raw = f"haldls__signed16({raw})"
            if f.encoding == "signed13":
                raw = f"haldls__signed13({raw})"
            name = target + index
            if f.type == "bool":
                out.append(f"\t{name} = ({raw}) != 0;")
            elif f.type == "enum":
                out.append(f"\t{name} = (enum haldls_{c.c}_{f.name})({raw});")
            elif f.offset:
                out.append(f"\t{name} = ({f.c_type(c.c)})((uint32_t)({raw}) - (uint32_t)({f.offset}));")
            else:
                out.append(f"\t{name} = {raw};")
            stored_max = f.offset == 0 and f.max == (1 << f.width) - 1 and f.min == 0
            if f.type != "bool" and not stored_max or f.internal:
                number = f"(long long){name}"
                if f.internal:
                    check = f"{name} != {f.data['default']}"
                    lo = hi = f.data["default"]
                else:
                    low = f"{number} < {f.min}ll || " if f.min or f.type == "int" else ""
                    check = f"{low}{number} > {f.max}ll"
                    lo, hi = f.min, f.max
                if f.constant:
                    continue
                out.append(f"\tif ({check})")
                out.append(f"\t\treturn haldls__range_error(\"{c.name}.{f.name}{index}\", "
                           f"{number}, {lo}ll, {hi}ll);")
    out.append("\t*out = value;\n\treturn HXCOMM_OK;")
    return "\n".join(out)


def address_expression(text):
    text = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)\b", r"\1u", text)
    return text.replace("e ", "element ").replace("(e)", "(element)") if False else re.sub(
        r"\be\b", "element", text)


def address_function(c, kind):
    """static uint32_t <c>_<kind>_address(backend, element, word)"""
    expressions = c.write if kind == "write" else c.read
    out = [f"static uint32_t {c.c}_{kind}_address(enum fisch_backend backend, uint32_t element,"
           " uint32_t word)\n{\n\t(void)backend, (void)element;"]
    groups = []
    for backend, texts in c.addresses.items():
        groups.append((BACKENDS[backend], texts))
    groups.append((None, expressions))
    for backend, texts in groups:
        indent = "\t"
        if backend and texts != expressions:
            out.append(f"\tif (backend == {backend}) {{")
            indent = "\t\t"
        elif backend:
            continue
        out.append(f"{indent}switch (word) {{")
        for i, text in enumerate(texts):
            out.append(f"{indent}case {i}:\n{indent}\treturn {address_expression(text)};")
        out.append(f"{indent}default:\n{indent}\treturn UINT32_MAX;\n{indent}}}")
        if indent == "\t\t":
            out.append("\t}")
    out.append("}\n")
    return "\n".join(out)


def reflection(c):
    out = []
    for f in c.fields:
        if f.type == "enum":
            rows = ", ".join(f"{{ {c_string(n)}, {v} }}" for n, v in f.values.items())
            out.append(f"static const struct haldls_value {c.c}_{f.name}_values[] = {{ {rows} }};")
        defaults = ", ".join(str(v) for v in f.defaults())
        out.append(f"static const int64_t {c.c}_{f.name}_defaults[] = {{ {defaults} }};")
    if c.fields:
        out.append(f"static const struct haldls_field {c.c}_fields[] = {{")
    for f in c.fields:
        kind = "HALDLS_TYPE_" + ("UINT64" if f.c_type(c.c) == "uint64_t" else f.type.upper())
        dims = f.dims + [0] * (2 - len(f.dims))
        values = f"{c.c}_{f.name}_values, {len(f.values)}" if f.type == "enum" else "NULL, 0"
        out.append(f"\t{{ {c_string(f.name)}, {c_string(f.alias)}, {c_string(f.summary)}, "
                   f"{c_string(f.unit)},\n\t  {kind}, offsetof(struct haldls_{c.c}, {f.name}), "
                   f"{{ {dims[0]}, {dims[1]} }}, {f.count()},\n\t  {f.min}ll, {f.max}ll, "
                   f"{c.c}_{f.name}_defaults, {values}, "
                   f"{'true' if f.constant or f.internal else 'false'} }},")
    if c.fields:
        out.append("};")
    backends = ", ".join(BACKENDS[b] for b in c.backends)
    out.append(f"static const enum fisch_backend {c.c}_backends[] = {{ {backends} }};")
    readers = ", ".join(BACKENDS[b] for b in c.read_backends)
    out.append(f"static const enum fisch_backend {c.c}_read_backends[] = {{ {readers} }};")
    fields = f"{c.c}_fields, {len(c.fields)}" if c.fields else "NULL, 0"
    out.append(f"""static void {c.c}_init(void *value)
{{
	*(struct haldls_{c.c} *)value = (struct haldls_{c.c})HALDLS_{upper(c.c)}_INIT;
}}

static int {c.c}_encode(uint32_t *words, const void *value)
{{
	return haldls_{c.c}_encode(words, value);
}}

static int {c.c}_decode(void *value, const uint32_t *words)
{{
	return haldls_{c.c}_decode(value, words);
}}

const struct haldls_container haldls_{c.c}_container = {{
	.name = "{c.name}",
	.c_name = "{c.c}",
	.summary = {c_string(c.summary)},
	.coordinate = "{c.coordinate}",
	.count = {c.count},
	.write_words = {len(c.write)},
	.read_words = {len(c.read)},
	.size = sizeof(struct haldls_{c.c}),
	.backends = {c.c}_backends,
	.backend_count = {len(c.backends)},
	.read_backends = {c.c}_read_backends,
	.read_backend_count = {len(c.read_backends)},
	.init = {c.c}_init,
	.encode = {c.c}_encode,
	.decode = {c.c}_decode,
	.write_address = {c.c}_write_address,
	.read_address = {c.c}_read_address,
	.fields = {fields.split(', ')[0]},
	.field_count = {fields.split(', ')[1]},
}};
""")
    return "\n".join(out)


def source(c):
    kind = "write" if c.write else "read"
    return "\n".join([
        f"/* ---- {c.name} ---- */\n",
        f"int haldls_{c.c}_encode(uint32_t *words, const struct haldls_{c.c} *value)\n{{",
        encode_body(c), "}\n",
        f"int haldls_{c.c}_decode(struct haldls_{c.c} *out, const uint32_t *words)\n{{",
        decode_body(c), "}\n",
        address_function(c, "write"), address_function(c, "read"),
        f"uint32_t haldls_{c.c}_address(uint32_t element, uint32_t word)\n{{",
        f"\treturn {c.c}_{kind}_address(haldls_{c.c}_container.backends[0], element, word);", "}\n",
        reflection(c)])


NOTICE = "// SPDX-License-Identifier: MIT\n/* Written by haldls/generator/generate.py. */\n"


def write_file(path, text):
    """Leaves an unchanged file alone, so that nothing is compiled again."""
    try:
        with open(path, encoding="utf-8") as f:
            if f.read() == text:
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def containers_header(containers):
    out = [NOTICE + "#ifndef HALDLS_CONTAINERS_H\n#define HALDLS_CONTAINERS_H\n",
           "/** @file\n *  @brief All register containers, generated from haldls/registers/.",
           " *  @defgroup haldls_containers Register containers\n *",
           " *  Plain values: no ownership, no threads rule. @{ */\n",
           "#include <haldls/container.h>\n#include <hxcomm/export.h>\n",
           "#include <stdbool.h>\n#include <stdint.h>\n",
           "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"]
    out += [header(c) for c in containers]
    rows = ", \\\n".join(
        f"\tstruct haldls_{c.c} *: &haldls_{c.c}_container, \\\n"
        f"\tconst struct haldls_{c.c} *: &haldls_{c.c}_container" for c in containers)
    out.append("/** The description of the container that a pointer points to: the type decides.\n"
               " *  @param pointer  a pointer to any struct of this page */")
    out.append(f"#define HALDLS_CONTAINER_OF(pointer) _Generic((pointer), \\\n{rows})\n")
    out.append("#ifdef __cplusplus\n}\n#endif\n/** @} */\n#endif\n")
    return "\n".join(out)


def generate(containers, folder):
    for c in containers:
        for f in c.fields:
            f.container = c.c
    write_file(os.path.join(folder, "haldls/containers.h"), containers_header(containers))
    groups = 4
    for g in range(groups):
        text = NOTICE + '#include "encodings.h"\n\n#include <haldls/containers.h>\n' \
            "#include <hxcomm/error.h>\n\n#include <stddef.h>\n\n"
        text += "\n".join(source(c) for c in containers[g::groups])
        write_file(os.path.join(folder, f"containers_{g}.c"), text)
    table = ", \n\t".join(f"&haldls_{c.c}_container" for c in containers)
    write_file(os.path.join(folder, "container_table.c"), NOTICE +
               '#include "container_table.h"\n\n#include <haldls/containers.h>\n\n'
               "const struct haldls_container *const haldls__container_table[] = {\n\t" +
               table + ",\n};\nconst size_t haldls__container_count = " +
               f"{len(containers)};\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--print", action="store_true", help="print the canonical form of a file")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    if args.print:
        for path in args.files:
            with open(path, encoding="utf-8") as f:
                sys.stdout.write(canonical(json.load(f)))
        return 0
    try:
        containers = [Container(path) for path in sorted(args.files)]
    except Refused as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    containers.sort(key=lambda c: c.c)
    if args.out and not args.check:
        generate(containers, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
