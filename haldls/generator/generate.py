#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the C side of the register map: structs, encoders, decoders, addresses, reflection.

usage: generate.py --registers FOLDER --chip hicannx3 --out FOLDER   write haldls/*.h and *.c there
       generate.py --registers FOLDER --chip hicannx3                refuse wrong data, no more
       generate.py --print DATAFILE...                               print their canonical form

One JSON file describes one container; haldls/registers/README.md explains its keys.
Python standard library only; used at build time, never at run time.
"""
import argparse
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # nothing appears in the source tree
import logical
import logical_c
import revision
import shared_addresses
from logical_c import address_name, c_string, expression, is_silent, reads_as_written, upper
from register_map import BACKENDS, canonical, read_registers
from schema import Refused
from write_file import write_file


def limits(field):
    unit = f"; unit: {field.unit}" if field.unit else ""
    if field.type == "bool":
        return unit
    if field.type == "enum":
        return "; one of " + ", ".join(field.values) + unit
    return f"; {field.min} … {field.max}{unit}"


def default_text(field):
    names = {v: n for n, v in field.values.items()} if field.type == "enum" else {}
    if field.type == "bool":
        names = {0: "false", 1: "true"}
    d = field.data["default"]
    texts = [str(names.get(x, x)) for x in (d if isinstance(d, list) else [d])]
    return "{" + ", ".join(texts) + "}" if isinstance(d, list) else texts[0]


def header(c):
    out = []
    for f in c.fields:
        if f.values:
            what = "Values" if f.type == "enum" else "Special values"
            tag = f"enum haldls_{c.c}_{f.name}" if f.type == "enum" else "enum"
            out.append(f"/** {what} of {c.name}.{f.name}. */\n{tag} {{")
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
        out.append(f"\t{f.c_type()} {f.name}{dims};")
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
    flat = [("true" if v else "false") if f.type == "bool" else str(v) for v in f.defaults()]
    if f.type == "enum":
        flat = [f"({f.c_type()}){v}" for v in flat]
    if not f.dims:
        return flat[0]
    if f.loop:
        return "{ 0 }"

    def nest(dims, items):
        if len(dims) == 1:
            return "{ " + ", ".join(items) + " }"
        step = len(items) // dims[0]
        return "{ " + ", ".join(nest(dims[1:], items[i * step:(i + 1) * step])
                                for i in range(dims[0])) + " }"
    return nest(f.dims, flat)


# ---- encoding ------------------------------------------------------------------------------------


def range_check(c, f, index):
    """Refuse a value that the field cannot hold."""
    low = f"(long long)value->{f.name}{index} < {f.min} || " if f.min != 0 else ""
    limit = f"{f.max}" + ("" if f.type == "int" else "u") + ("ll" if f.max > 0xFFFFFFFF else "")
    kind = "int32_t" if f.type == "int" else "uint64_t" if f.max > 0xFFFFFFFF else "uint32_t"
    return (f"\tif ({low}({kind})value->{f.name}{index} > {limit})\n"
            f"\t\treturn haldls__range_error(\"{c.name}.{f.name}{index}\", "
            f"(long long)value->{f.name}{index}, {f.min}ll, {f.max}ll);")


def loop_encode(c, f):
    """A field with one element a word."""
    word, lsb, width = f.elements[0][0]
    out = [f"\tfor (size_t i = 0; i < {f.loop}; i++) {{"]
    if width < 32:
        out.append(f"\t\tif (value->{f.name}[i] > {f.max}u)")
        out.append(f"\t\t\treturn haldls__element_error(\"{c.name}.{f.name}\", i, "
                   f"value->{f.name}[i], {f.max}ll);")
    out.append(f"\t\twords[i] = value->{f.name}[i]" + (f" << {lsb};" if lsb else ";"))
    return "\n".join(out + ["\t}"])


def raw_expression(f, value, xor):
    """The bits of a value, before they are moved to their places."""
    wide = "uint64_t" if f.width > 32 else "uint32_t"
    text = f"({wide}){value}"
    if f.constant:
        return f"{f.data['default']}u"
    if f.stored:
        return f"{f.container}_{f.name}_stored[{value}]"
    if f.encoding == "thermometer":
        return f"haldls__thermometer_encode({text})"
    if f.encoding == "signed16":
        return f"({text} & 0xffffu)"
    if f.offset:
        text = f"({text} + ({wide})({f.offset}))"
    if xor:
        text = f"({text} ^ {xor}u)"
    return text


def terms_of(f):
    """[(word, what a field adds to it)]"""
    if f.encoding == "capmem_debug_cell":
        given = f"(value->debug_readout_enable, value->{f.name})"
        return [(0, "haldls__capmem_debug_row" + given), (1, "haldls__capmem_debug_column" + given)]
    if f.encoding == "nonzero":
        return [(0, f"(uint32_t)value->{f.name}")]
    if f.encoding in ("capmem_debug_enable", "read_only", "byte_enable"):
        return []
    out = []
    for index, element, xor in zip(f.indices(), f.elements, f.xors):
        shift = 0
        raw = raw_expression(f, f"value->{f.name}{index}", xor)
        for word, lsb, width in element:
            part = f"({raw} >> {shift})" if shift else raw
            if width < 32:
                part = f"({part} & 0x{(1 << width) - 1:x}u)"
            part = f"(uint32_t){part}"
            out.append((word, f"{part} << {lsb}" if lsb else part))
            shift += width
    return out


def encode_body(c):
    out = []
    if any(f.loop for f in c.fields):
        out = [loop_encode(c, f) for f in c.fields]
        return "\n".join(out + ["\treturn HXCOMM_OK;"])
    terms = {w: [] for w in range(c.words)}
    for f in c.fields:
        full = f.type == "bool" or (f.min == 0 and f.max == 0xFFFFFFFF)
        if not full and not f.constant:
            out += [range_check(c, f, index) for index in f.indices()]
        for word, text in terms_of(f):
            terms[word].append(text)
    for w in range(c.words):
        text = " |\n\t        ".join(terms[w]) or "0"
        if c.gray:
            text = f"haldls__gray_decode({text})"
        out.append(f"\twords[{w}] = {text};")
    if not any("value->" in line for line in out):
        out.append("\t(void)value;")
    out.append("\treturn HXCOMM_OK;")
    return "\n".join(out)


# ---- decoding ------------------------------------------------------------------------------------


def loop_decode(f):
    word, lsb, width = f.elements[0][0]
    text = f"words[i] >> {lsb}" if lsb else "words[i]"
    if width < 32:
        text += f" & 0x{(1 << width) - 1:x}u"
    return (f"\tfor (size_t i = 0; i < {f.loop}; i++)\n"
            f"\t\tvalue.{f.name}[i] = {text};")


def gathered(f, element, xor, source):
    """The raw bits of an element out of its pieces."""
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
    if f.encoding in ("thermometer", "signed16", "signed13"):
        raw = {"thermometer": "haldls__thermometer_decode", "signed16": "haldls__signed16",
               "signed13": "haldls__signed13"}[f.encoding] + f"({raw})"
    return raw


def decode_check(c, f, index):
    """Refuse a number that the field cannot mean."""
    name = f"value.{f.name}{index}"
    number = f"(long long){name}"
    if f.internal:
        check, low, high = (f"{name} != {f.data['default']}", f.data["default"],
                            f.data["default"])
    elif f.type == "bool" or f.constant or \
            (not f.offset and not f.stored and f.min == 0 and f.max == (1 << f.width) - 1):
        return []
    else:
        below = f"{number} < {f.min}ll || " if f.min or f.type == "int" else ""
        check, low, high = f"{below}{number} > {f.max}ll", f.min, f.max
    return [f"\tif ({check})",
            f"\t\treturn haldls__range_error(\"{c.name}.{f.name}{index}\", {number}, "
            f"{low}ll, {high}ll);"]


def decode_field(c, f, source):
    target = f"value.{f.name}"
    if f.encoding == "capmem_debug_enable":
        return [f"\t{target} = ({source}[0] & HALDLS__CAPMEM_ROW_BITS) != 0;"]
    if f.encoding == "capmem_debug_cell":
        return [f"\tif (haldls__capmem_debug_cell(&{target}, {source}[0], {source}[1]))",
                f"\t\treturn haldls__range_error(\"{c.name}.{f.name}\", "
                f"(long long){source}[1], 0ll, 129ll);"]
    if f.encoding == "nonzero":
        return [f"\t{target} = {source}[0] != 0;"]
    if f.encoding == "byte_enable":  # the bus returns whole words
        return [f"\t{target}{index} = true;" for index in f.indices()]
    out = []
    for index, element, xor in zip(f.indices(), f.elements, f.xors):
        raw, name = gathered(f, element, xor, source), target + index
        if f.stored:
            raw = (f"haldls__stored_find({f.container}_{f.name}_stored, "
                   f"{len(f.stored)}, {raw})")
        if f.type == "bool":
            out.append(f"\t{name} = ({raw}) != 0;")
        elif f.type == "enum":
            out.append(f"\t{name} = ({f.c_type()})({raw});")
        elif f.offset:
            out.append(f"\t{name} = ({f.c_type()})((uint32_t)({raw}) - (uint32_t)({f.offset}));")
        else:
            out.append(f"\t{name} = {raw};")
        out += decode_check(c, f, index)
    return out


def decode_body(c):
    if not c.fields:
        return f"\t(void)words;\n\t*out = (struct haldls_{c.c}){{ 0 }};\n\treturn HXCOMM_OK;"
    out = [f"\tstruct haldls_{c.c} value = {{ 0 }};"]
    source = "words"
    if c.gray:
        out.append(f"\tuint32_t plain[{c.words}];")
        out.append(f"\tfor (size_t i = 0; i < {c.words}; i++)")
        out.append("\t\tplain[i] = words[i] ^ words[i] >> 1;")
        source = "plain"
    for f in c.fields:
        out += [loop_decode(f)] if f.loop else decode_field(c, f, source)
    out.append("\t*out = value;\n\treturn HXCOMM_OK;")
    return "\n".join(out)


# ---- addresses and what else depends on the coordinate -------------------------------------------


def address_cases(addresses, indent):
    if addresses.each:
        return [f"{indent}return word < {addresses.count}u ? {expression(addresses.each)} "
                ": UINT32_MAX;"]
    if not addresses.list:
        return [f"{indent}(void)word;", f"{indent}return UINT32_MAX;"]
    out = [f"{indent}switch (word) {{"]
    for i, text in enumerate(addresses.list):
        out.append(f"{indent}case {i}:\n{indent}\treturn {expression(text)};")
    out.append(f"{indent}default:\n{indent}\treturn UINT32_MAX;\n{indent}}}")
    return out


def address_function(c, kind):
    """static inline uint32_t haldls__<c>_<kind>_address(backend, element, word)"""
    default = c.write if kind == "write" else c.read
    out = [f"static inline uint32_t {address_name(c, kind)}(\n"
           "\tenum fisch_backend backend, uint32_t element, uint32_t word)\n{\n"
           "\t(void)backend, (void)element;"]
    for backend, addresses in c.addresses.items():
        if addresses.data == default.data:
            continue
        out.append(f"\tif (backend == {BACKENDS[backend]}) {{")
        out += address_cases(addresses, "\t\t")
        out.append("\t}")
    return "\n".join(out + address_cases(default, "\t") + ["}\n"])


def addresses_header(containers):
    """The addresses of all register containers, inline: logical containers list them in loops."""
    functions = [address_function(c, kind) for c in containers for kind in ("write", "read")
                 if kind == "write" or not reads_as_written(c)]
    return "\n".join([NOTICE + "#ifndef HALDLS_CONTAINER_ADDRESSES_H",
                      "#define HALDLS_CONTAINER_ADDRESSES_H\n", "#include <fisch/register.h>\n",
                      "#include <stdint.h>\n"] + functions + ["#endif\n"])


def coordinate_functions(c):
    """Functions of the coordinate that few containers have; and the names of those it has."""
    out, names = [], []
    for key, text in c.expressions.items():
        if key == "byte_enables":
            continue
        out.append(f"static uint32_t {c.c}_{key}(uint32_t element)\n{{\n"
                   f"\treturn {expression(text)};\n}}\n")
        names.append(key)
    lanes = [f for f in c.fields if f.encoding == "byte_enable"]
    if lanes or "byte_enables" in c.expressions:
        if lanes:
            terms = " | ".join(f"given->{f.name}[{i}] << {lane}" for f in lanes
                               for i, lane in enumerate(f.lanes))
            body = (f"\tconst struct haldls_{c.c} *given = value;\n\t(void)element;\n"
                    f"\treturn (uint8_t)({terms});")
        else:
            body = ("\t(void)value;\n\treturn (uint8_t)("
                    f"{expression(c.expressions['byte_enables'])});")
        out.append(f"static uint8_t {c.c}_byte_enables(const void *value, uint32_t element)\n"
                   f"{{\n{body}\n}}\n")
        names.append("byte_enables")
    return "\n".join(out), "".join(f"\t.{name} = {c.c}_{name},\n" for name in names)


# ---- reflection ----------------------------------------------------------------------------------


def reflection(c):
    out = []
    for f in c.fields:
        if f.values:
            rows = ", ".join(f"{{ {c_string(n)}, {v} }}" for n, v in f.values.items())
            out.append(f"static const struct haldls_value {c.c}_{f.name}_values[] = {{ {rows} }};")
        defaults = "0" if f.loop else ", ".join(str(v) for v in f.defaults())
        out.append(f"static const int64_t {c.c}_{f.name}_defaults[{f.count()}] = "
                   f"{{ {defaults} }};")
    if c.fields:
        out.append(f"static const struct haldls_field {c.c}_fields[] = {{")
    for f in c.fields:
        kind = "HALDLS_TYPE_" + ("UINT64" if f.c_type() == "uint64_t" else f.type.upper())
        dims = f.dims + [0] * (2 - len(f.dims))
        strides = ", ".join(f"sizeof(((struct haldls_{c.c} *)0)->{f.name}{'[0]' * (d + 1)})"
                            for d in range(len(f.dims))) or "0"
        values = f"{c.c}_{f.name}_values, {len(f.values)}" if f.values else "NULL, 0"
        out.append(f"\t{{ {c_string(f.name)}, {c_string(f.alias)}, {c_string(f.summary)}, "
                   f"{c_string(f.unit)},\n\t  {kind}, offsetof(struct haldls_{c.c}, {f.name}), "
                   f"{{ {dims[0]}, {dims[1]} }}, {{ {strides} }}, {f.count()},\n"
                   f"\t  {f.min}ll, {f.max}ll, "
                   f"{c.c}_{f.name}_defaults, {values}, "
                   f"{'true' if f.is_hidden() else 'false'} }},")
    if c.fields:
        out.append("};")
    backends = ", ".join(BACKENDS[b] for b in c.backends)
    out.append(f"static const enum fisch_backend {c.c}_backends[] = {{ {backends} }};")
    readers = ", ".join(BACKENDS[b] for b in c.read_backends)
    out.append(f"static const enum fisch_backend {c.c}_read_backends[] = {{ {readers} }};")
    functions, members = coordinate_functions(c)
    if functions:
        out.append(functions)
    if c.payload:
        members += f"\t.payload = HALDLS_PAYLOAD_{upper(c.payload)},\n"
    if is_silent(c):
        members += "\t.is_silent = true,\n"
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
	.write_words = {c.write.count},
	.read_words = {c.read.count},
	.size = sizeof(struct haldls_{c.c}),
	.backends = {c.c}_backends,
	.backend_count = {len(c.backends)},
	.read_backends = {c.c}_read_backends,
	.read_backend_count = {len(c.read_backends)},
	.init = {c.c}_init,
	.encode = {c.c}_encode,
	.decode = {c.c}_decode,
	.write_address = {address_name(c, "write")},
	.read_address = {address_name(c, "read")},
	.fields = {f"{c.c}_fields" if c.fields else "NULL"},
	.field_count = {len(c.fields)},
{members}}};
""")
    return "\n".join(out)


def source(c):
    kind = "write" if c.write.count else "read"
    stored = [f"static const uint32_t {c.c}_{f.name}_stored[] = "
              f"{{ {', '.join(map(str, f.stored))} }};\n" for f in c.fields if f.stored]
    return "\n".join([f"/* ---- {c.name} ---- */\n"] + stored + [
        f"int haldls_{c.c}_encode(uint32_t *words, const struct haldls_{c.c} *value)\n{{",
        encode_body(c), "}\n",
        f"int haldls_{c.c}_decode(struct haldls_{c.c} *out, const uint32_t *words)\n{{",
        decode_body(c), "}\n",
        f"uint32_t haldls_{c.c}_address(uint32_t element, uint32_t word)\n{{",
        f"\treturn {address_name(c, kind)}({BACKENDS[c.backends[0]]}, element, word);", "}\n",
        reflection(c)])


NOTICE = "// SPDX-License-Identifier: MIT\n/* Written by haldls/generator/generate.py. */\n"


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


def generate(containers, logicals, folder):
    write_file(os.path.join(folder, "haldls/containers.h"), containers_header(containers))
    write_file(os.path.join(folder, "container_addresses.h"), addresses_header(containers))
    groups = 4
    for g in range(groups):
        text = NOTICE + '#include "container_addresses.h"\n#include "encodings.h"\n\n' \
            "#include <haldls/containers.h>\n" \
            "#include <hxcomm/error.h>\n\n#include <stddef.h>\n\n"
        text += "\n".join(source(c) for c in containers[g::groups])
        write_file(os.path.join(folder, f"containers_{g}.c"), text)
    table = ",\n\t".join(f"&haldls_{c.c}_container" for c in containers)
    write_file(os.path.join(folder, "container_table.c"), NOTICE +
               '#include "container_table.h"\n\n#include <haldls/containers.h>\n\n'
               "const struct haldls_container *const haldls__container_table[] = {\n\t" +
               table + ",\n};\nconst size_t haldls__container_count = " +
               f"{len(containers)};\n")
    write_file(os.path.join(folder, "haldls/logical.h"), logical_c.logical_header(NOTICE, logicals))
    write_file(os.path.join(folder, "logical.c"), logical_c.logical_source(NOTICE, logicals))


def read_data(files):
    """All register containers and logical ones; refuses what is wrong."""
    containers, logical_files = read_registers(files)
    logicals = logical.read_all(logical_files, containers)
    shared_addresses.check(containers)
    return containers, logicals


def print_canonical(paths):
    for path in paths:
        with open(path, encoding="utf-8") as f:
            data = json.load(f)
        sys.stdout.write(logical.canonical(data) if "parts" in data else canonical(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--registers", help="folder of the data")
    parser.add_argument("--chip", help="which of its folders describes the chip")
    parser.add_argument("--out", help="folder to write to")
    parser.add_argument("--print", nargs="+", metavar="FILE")
    args = parser.parse_args()
    if args.print:
        print_canonical(args.print)
        return 0
    if not args.registers or not args.chip:
        parser.error("it needs --registers and --chip")
    try:
        containers, logicals = read_data(revision.files_of(args.registers, args.chip))
    except Refused as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    if args.out:
        generate(containers, logicals, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
