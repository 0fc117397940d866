# SPDX-License-Identifier: MIT
"""Writes the C side of coordinates: sizes, constructors, conversions, reflection."""
import os
import re

from logical_c import c_string
from register_map import Refused
from write_file import write_file

NOTICE = "// SPDX-License-Identifier: MIT\n/* Written by haldls/generator/coordinates.py. */\n"
SPELLED = [("CapMem", "Capmem"), ("PPUDRAM", "PPU_DRAM"), ("SPIDAC", "SPI_DAC"),
           ("JTAGPLL", "JTAG_PLL"), ("I2CINA", "I2C_INA"), ("I2CAD", "I2C_AD"),
           ("I2CTCA", "I2C_TCA"), ("I2CDAC", "I2C_DAC"), ("CADC", "Cadc"), ("MADC", "Madc")]
KINDS = {"ranged": "HALDLS_COORDINATE_RANGED", "mixin": "HALDLS_COORDINATE_MIXIN",
         "grid": "HALDLS_COORDINATE_GRID", "interval": "HALDLS_COORDINATE_INTERVAL",
         "base": "HALDLS_COORDINATE_BASE", "record": "HALDLS_COORDINATE_RECORD"}
WIDTH = 96


def words(name):
    """NeuronColumnOnDLS is Neuron, Column; where it is does not count."""
    name = re.sub(r"On[A-Z].*$", "", name.split("::")[-1])
    return re.findall(r"[A-Z]+\d+(?=[A-Z]|$)|[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]+\d*|[A-Z]+\d*|\d+",
                      name)


def snake(name):
    for old, new in SPELLED:
        name = name.replace(old, new)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|"
                  r"(?<=[A-Z]\d)(?=[A-Z])", "_", name)
    return re.sub("_+", "_", name).lower()


def noun(c):
    """What a coordinate is called in C: neuron_config for NeuronConfigOnDLS."""
    name = re.sub(r"On(DLS|FPGA|Board)$", "", c.name.split("::")[-1])
    return c.data.get("c") or snake(re.sub(r"On[A-Z]\w+Block$", "OnBlock", name))


def common(a, b):
    """How many words they begin with alike."""
    same = 0
    while same < min(len(a), len(b)) and a[same] == b[same]:
        same += 1
    return same


def part_names(c):
    """Names of the parts as parameters: what the coordinate's own name says is left out."""
    return names_of(c, [part for part, _ in c.parts])


def names_of(c, parts):
    owns, out = [noun(c).split("_"), snake("".join(words(c.name))).split("_")], []
    for part in parts:
        w = snake("".join(words(part.name))).split("_")
        same = max(common(w, own) for own in owns)
        last = len(out) + 1 == len(parts)
        out.append("_".join(w[same:]) or ("number" if last else w[-1]))
    return out


def c_type(c):
    return "uint64_t" if c.max > 0xFFFFFFFF else "uint32_t"


def span(c):
    return f"{c.min} … {c.max}"


def wrapped(text, indent=""):
    """A comment of some lines."""
    out, line = [], indent + "/**"
    for word in text.split():
        if len(line) + 1 + len(word) > WIDTH - 3:
            out.append(line)
            line = indent + " * "
        line += " " + word
    return "\n".join(out + [line + " */"])


def prototype(result, name, parameters):
    one = f"static inline {result} {name}({', '.join(parameters)})"
    if len(one) <= WIDTH:
        return one
    out, line = [f"static inline {result} {name}("], "\t"
    for n, parameter in enumerate(parameters):
        end = "," if n + 1 < len(parameters) else ")"
        if len(line) + len(parameter) > WIDTH - 10:
            out.append(line.rstrip())
            line = "\t"
        line += parameter + end + " "
    return "\n".join(out + [line.rstrip()])


def limit(name, low, high):
    text = f"{name} <= {high}" if low == 0 else f"{name} >= {low} && {name} <= {high}"
    return "" if high in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF) else text


def function(summary, result, name, parameters, body, checks=()):
    """@p parameters are (type, name, largest)."""
    lines = [wrapped(summary)]
    lines.append(prototype(result, name, [f"{t} {n}" for t, n, *_ in parameters]))
    limits = [limit(n, low, high) for _, n, low, high in parameters] + list(checks)
    test = broken("\tassert(" + " && ".join(x for x in limits if x) + ");")
    return "\n".join(lines + ["{"] + ([test] if any(limits) else []) + body + ["}\n"])


def broken(line):
    """A statement on as many lines as it needs."""
    out = []
    while len(line) > WIDTH - 8:
        at = max(line.rfind(" ", 0, WIDTH - 8), 2)
        out.append(line[:at])
        line = "\t        " + line[at + 1:]
    return "\n".join(out + [line])


# ---- the headers ---------------------------------------------------------------------------------


def constructor(c):
    names = part_names(c)
    types = [p for p, _ in c.parts]
    result = c_type(c)
    where = " ".join(f"@param {n} {p.name}, {span(p)}" for n, p in zip(names, types))
    text = f"{c.name} of its parts. {where} @return {span(c)}"
    parameters = [(c_type(p), n, 0, p.max) for n, p in zip(names, types)]
    if not c.places:
        wide = "(uint64_t)" if result == "uint64_t" else ""
        terms = [(f"{wide}{n} * {d}" if d != 1 else n) for n, (_, d) in zip(names, c.parts)]
        return function(text, result, f"haldls_{noun(c)}", parameters,
                        [broken(f"\treturn {' + '.join(terms)};")])
    rows = []
    for y in range(c.outer.size):
        row = [c.places.index([y, x]) if [y, x] in c.places else 255 for x in range(c.inner.size)]
        rows.append("\t\t{ " + ", ".join(map(str, row)) + " },")
    a, b = names
    body = [f"\tstatic const uint8_t numbers[{c.outer.size}][{c.inner.size}] = {{", *rows, "\t};",
            f"\treturn numbers[{a}][{b}] == 255 ? UINT32_MAX : numbers[{a}][{b}];"]
    return function(text + "; UINT32_MAX where there is none", result, f"haldls_{noun(c)}",
                    parameters, body)


def getters(c):
    out = []
    for n, (name, (part, divisor)) in enumerate(zip(part_names(c), c.parts)):
        text = f"Its {part.name}. @param e {c.name}, {span(c)} @return {span(part)}"
        if c.places:
            table = ", ".join(str(place[n]) for place in c.places)
            body = [f"\tstatic const uint8_t parts[{c.size}] = {{", fill(table), "\t};",
                    "\treturn parts[e];"]
        else:
            term = f"e / {divisor}" if divisor != 1 else "e"
            if part.size * divisor != c.size:
                term += f" % {part.size}"
            if c_type(c) != c_type(part):
                term = f"({c_type(part)})({term})"
            body = [f"\treturn {term};"]
        out.append(function(text, c_type(part), f"haldls_{noun(c)}_{name}",
                            [(c_type(c), "e", c.min, c.max)], body))
    return out


def fill(numbers):
    out, line = [], "\t\t"
    for number in numbers.split(", "):
        if len(line) + len(number) > WIDTH - 14:
            out.append(line.rstrip())
            line = "\t\t"
        line += number + ", "
    return "\n".join(out + [line.rstrip()])


def interval_functions(c):
    n, t, b = noun(c), c_type(c), c_type(c.bound)
    wide = "(uint64_t)" if t == "uint64_t" else ""
    cast = f"({b})" if t != b else ""
    make = function(
        f"Interval of {c.bound.name} from @p first to @p last. @param first {span(c.bound)} "
        f"@param last first … {c.bound.max} @return {span(c)}", t, f"haldls_{n}",
        [(b, "first", 0, c.bound.max), (b, "last", 0, c.bound.max)],
        [f"\treturn {wide}first * {c.bound.size} + last;"], ["first <= last"])
    parts = [function(f"Its {which} {c.bound.name}. @param e {c.name}, {span(c)} "
                      f"@return {span(c.bound)}", b, f"haldls_{n}_{which}",
                      [(t, "e", 0, c.max)], [f"\treturn {cast}(e {op} {c.bound.size});"])
             for which, op in (("first", "/"), ("last", "%"))]
    return [make, *parts]


def made_function(c):
    """A constructor of what is no grid and no mixin, but is put together all the same."""
    parts = [x.to for x in c.made]
    names = names_of(c, parts)
    where = " ".join(f"@param {n} {p.name}, {span(p)}" for n, p in zip(names, parts))
    expr = re.sub(r"\b[ab]\b", lambda m: names["ab".index(m[0])], c.data["made_of"]["expr"])
    return function(f"{c.name} of its parts. {where} @return {span(c)}", c_type(c),
                    f"haldls_{noun(c)}", [(c_type(p), n, 0, p.max) for n, p in zip(names, parts)],
                    [broken(f"\treturn {expr};")])


def conversion_name(c, x):
    if x.function != f"to{x.to.name}":
        return f"haldls_{noun(c)}_{x.function.removeprefix('get_')}"
    return f"haldls_{noun(x.to)}_of_{noun(c)}"


def conversion_function(c, x):
    parameters = [(c_type(c), "e", c.min, c.max)]
    text = f"Its {x.to.name}. @param e {c.name}, {span(c)} "
    if x.count > 1:
        text += f"@param i {x.index.name + ', ' if x.index else 'which, '}0 … {x.count - 1} "
        parameters.append(("uint32_t", "i", 0, x.count - 1))
    text += f"@return {span(x.to)}"
    if x.valid or (x.table and None in x.table):
        text += "; UINT32_MAX where there is none"
    if x.table:
        body = [f"\tstatic const uint16_t numbers[{c.size}] = {{",
                fill(", ".join(map(str, x.table))), "\t};", "\treturn numbers[e];"]
    else:
        body = [broken(f"\treturn {x.valid} ? {x.expr} : UINT32_MAX;" if x.valid else
                       f"\treturn {x.expr};")]
    return function(text, c_type(x.to), conversion_name(c, x), parameters, body)


def enumerators(c):
    prefix = (c.data.get("prefix") or noun(c)).upper()
    rows = [wrapped(f"Named numbers of {c.name}: {c.summary}."),
            f"enum haldls_{c.data.get('enum') or noun(c) + '_value'} {{"]
    for name, value, text in c.values:
        text = text or name.replace("_", " ")
        rows.append(f"\tHALDLS_{prefix}_{name.upper()} = {value}, /**< {text} */")
    return "\n".join(rows + ["};\n"])


def sizes(domain):
    out = ["/** How many there are of each. */\nenum {"]
    large = []
    for c in domain.coordinates:
        summary = f"{c.name}: {c.summary}{same_numbers(c)}"
        if c.min:
            summary += f"; {span(c)}"
        if c.size > 0x7FFFFFFF:
            large.append(f"/** {summary} */\n#define HALDLS_{noun(c).upper()}_SIZE "
                         f"UINT64_C({c.size})\n")
        elif c.size:
            out.append(f"\tHALDLS_{noun(c).upper()}_SIZE = {c.size},\n"
                       + wrapped(summary, "\t").replace("/**", "/**<", 1))
    return "\n".join(out + ["};\n"] + large)


def same_numbers(c):
    names = [x.to.name for x in c.conversions(None).values()
             if x.expr == "e" and x.to is not c and x.function == f"to{x.to.name}"
             and "hemisphere" not in c.data]
    return f"; the same number is its {', '.join(sorted(names))}" if names else ""


def section(c):
    out = []
    if c.values and c.kind != "interval" and ("hemisphere" not in c.data or c.data.get("values")):
        out.append(enumerators(c))
    if c.kind in ("mixin", "grid"):
        out += [constructor(c), *getters(c)]
    elif c.kind == "interval":
        out += interval_functions(c)
    if c.made:
        out.append(made_function(c))
    out += [conversion_function(c, x) for x in c.conversions(None).values()
            if x.own and (x.expr != "e" or x.valid)]
    if not out:
        return ""
    line = f"/* ---- {c.name} "
    return "\n".join([line + "-" * (WIDTH - 3 - len(line)) + " */\n", *out])


def header(domain):
    guard = f"HALDLS_COORDINATES_{domain.name.upper()}_H"
    text = [NOTICE + f"#ifndef {guard}\n#define {guard}\n",
            f"/** @file\n *  @brief {domain.summary}\n *\n *  Source: {domain.source}\n"
            " *  @ingroup haldls_coordinate */\n",
            "#include <assert.h>\n#include <stdint.h>\n",
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\n",
            sizes(domain)]
    text += [s for s in (section(c) for c in domain.coordinates) if s]
    return "\n".join(text + ["#ifdef __cplusplus\n}\n#endif\n#endif\n"])


def umbrella(domains):
    out = [NOTICE + "#ifndef HALDLS_COORDINATES_H\n#define HALDLS_COORDINATES_H\n",
           "/** @file\n *  @brief Sizes, constructors and conversions of all coordinates.\n"
           " *  @ingroup haldls_coordinate */\n"]
    out += [f"#include <haldls/coordinates/{d.name}.h>" for d in domains if not d.retired]
    return "\n".join(out + ["\n#endif\n"])


# ---- reflection ----------------------------------------------------------------------------------


class Table:
    """The source file of the reflection table."""

    def __init__(self, world):
        self.world, self.functions, self.tables = world, {}, {}
        self.place = {c.name: n for n, c in enumerate(world.sorted)}

    def ref(self, c):
        return f"&haldls__coordinates[{self.place[c.name]}]" if c else "NULL"

    def table(self, numbers):
        return self.tables.setdefault(tuple(numbers), f"table_{len(self.tables)}")

    def convert(self, x):
        """The function of a conversion; equal ones are one."""
        term = x.expr
        if x.table:
            name = self.table(x.table)
            term = f"{name}[{x.expr or 'e'}]"
            if None in x.table:
                term = f"{term} == UINT16_MAX ? UINT64_MAX : {term}"
        elif x.valid:
            term = f"{x.valid} ? {x.expr} : UINT64_MAX"
        body = f"\t(void)i;\n\treturn {term};" if x.count == 1 else f"\treturn {term};"
        return self.functions.setdefault(body, f"convert_{len(self.functions)}")

    def rows(self, c):
        out = []
        xs = sorted(c.conversions(None).values(), key=lambda x: x.function)
        if xs:
            out.append(f"static const struct haldls_coordinate_conversion {noun_of(c)}_to[] = {{")
            out += [f"\t{{ {c_string(x.function)}, {self.ref(x.to)}, {self.ref(x.index)}, "
                    f"{x.count}, {self.convert(x)} }}," for x in xs]
            out.append("};")
        if c.values:
            out.append(f"static const struct haldls_coordinate_value {noun_of(c)}_values[] = {{")
            out += [f"\t{{ {c_string(name)}, {value} }}," for name, value, _ in c.values]
            out.append("};")
        if c.places:
            out.append(f"static const uint16_t {noun_of(c)}_places[][2] = {{")
            out += [f"\t{{ {y}, {x} }}," for y, x in c.places]
            out.append("};")
        if c.kind in ("mixin", "grid"):
            out.append(f"static const struct haldls_coordinate_part {noun_of(c)}_parts[] = {{")
            out += [f"\t{{ {self.ref(p)}, {c_string(key)}, {d} }},"
                    for (p, d), key in zip(c.parts, c.keys())]
            out.append("};")
        return "\n".join(out)

    def entry(self, c):
        n = noun_of(c)
        out = [f".name = {c_string(c.name)}", f".c_name = {c_string(noun(c))}",
               f".key = {c_string(''.join(words(c.name)))}",
               f".summary = {c_string(c.summary)}", f".domain = {c_string(c.domain.name)}",
               f".kind = {KINDS[c.kind]}", f".min = {c.min}", f".max = {c.max}u",
               f".size = {c.size}u"]
        if c.axis:
            out.append(f".axis = '{c.axis}'")
        if c.kind == "interval":
            out.append(f".inner = {self.ref(c.bound)}")
        elif c.inner:
            out += [f".outer = {self.ref(c.outer)}", f".inner = {self.ref(c.inner)}",
                    f".parts = {n}_parts", f".part_count = {len(c.parts)}"]
        else:
            out += [".part_count = 0"]
        if c.places:
            out.append(f".places = {n}_places")
        if c.values:
            out += [f".values = {n}_values", f".value_count = {len(c.values)}"]
        if c.conversions(None):
            out += [f".conversions = {n}_to", f".conversion_count = {len(c.conversions(None))}"]
        out += [f".revision_3 = {'true' if c.revision_3 else 'false'}",
                f".retired = {'true' if c.retired else 'false'}"]
        return "\t{\n" + "".join(f"\t\t{line},\n" for line in out) + "\t},"

    def source(self):
        rows = [r for r in (self.rows(c) for c in self.world.sorted) if r]
        tables = [f"static const uint16_t {name}[] = {{\n"
                  + fill(", ".join("UINT16_MAX" if v is None else str(v) for v in numbers))
                  + "\n};\n" for numbers, name in self.tables.items()]
        functions = [f"static uint64_t {name}(uint64_t e, uint64_t i)\n{{\n{body}\n}}\n"
                     for body, name in self.functions.items()]
        entries = [self.entry(c) for c in self.world.sorted]
        return "\n".join([NOTICE + '#include "coordinate_table.h"\n', *tables, *functions, *rows,
                          "\nconst struct haldls_coordinate haldls__coordinates[] = {", *entries,
                          "};\n", f"const size_t haldls__coordinate_count = {len(entries)};\n"])


def noun_of(c):
    """A name of its own for every coordinate, in the source file."""
    return snake(c.name.replace("::", "_"))


def check_names(world, text):
    seen = {}
    for name in re.findall(r"^static inline \w+ (\w+)\(|^enum (\w+)|^\t(HALDLS_\w+) = ", text,
                           re.MULTILINE):
        name = name[0] or name[1] or name[2]
        if name in seen:
            raise Refused(f"{name} would be there twice: give one of them another \"c\"")
        seen[name] = True


def generate(world, folder):
    everything = ""
    for domain in world.domains:
        if domain.retired:
            continue
        text = header(domain)
        everything += text
        write_file(os.path.join(folder, f"haldls/coordinates/{domain.name}.h"), text)
    check_names(world, everything)
    write_file(os.path.join(folder, "haldls/coordinates.h"), umbrella(world.domains))
    write_file(os.path.join(folder, "coordinate_table.c"), Table(world).source())
