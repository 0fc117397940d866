# SPDX-License-Identifier: MIT
"""What the pages of the register reference say of a container and its fields, as plain text."""
import re

from logical import Logical, path_dims
from shared_addresses import evaluate

SAMPLES = 3  # coordinates of which a page tells the addresses
DEFAULTS_SHOWN = 16
ENCODINGS = {
    "capmem_debug_enable": "set where word 0 has one of bits 23 to 0",
    "capmem_debug_cell": "the row one-hot from bit 23 of word 0 down, the column in word 1",
    "thermometer": "bits 5:0 binary; bits 7:6 as a thermometer in the three bits above",
    "nonzero": "set where any bit of word 0 is",
    "signed16": "two's complement",
    "signed13": "sign in bit 15, magnitude in two's complement in bits 11:0",
    "read_only": "a write holds 0 here",
    "byte_enable": "no bit of the word: says which bytes a write touches; set after a read",
}


def folder_title(folder):
    return {"hicannx3": "Chip: HICANN-X v3", "fpga": "FPGA and board",
            "logical": "Logical containers"}.get(folder, folder)


def access(c):
    if c.write_count() and c.read_count():
        return "read and write"
    return "write only" if c.write_count() else "read only"


def dims_text(dims):
    return "".join(f"[{d}]" for d in dims)


def names_of(values):
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def range_text(kind, low, high, values):
    if kind == "bool":
        return "false, true"
    if kind == "enum":
        return names_of(values)
    if kind == "analog":
        return "0 to 1022; 1023 switches the refresh of the cell off"
    return f"{low} to {high}" + (f"; {names_of(values)}" if values else "")


def default_text(kind, default, values):
    names = {value: name for name, value in values.items()} if kind == "enum" else {}
    if kind == "bool":
        names = {0: "false", 1: "true"}
    if not isinstance(default, list):
        return str(names.get(default, default))
    if len(set(default)) == 1:
        return f"{names.get(default[0], default[0])} each"
    shown = [str(names.get(x, x)) for x in default[:DEFAULTS_SHOWN]]
    return ", ".join(shown + (["..."] if len(default) > DEFAULTS_SHOWN else []))


def kind_text(kind):
    return {"bool": "bool", "uint": "number", "int": "signed number", "enum": "choice",
            "uint8": "number, a byte", "analog": "code of a cell"}[kind]


def piece_text(piece):
    word, lsb, width = piece
    bits = f"bit {lsb}" if width == 1 else f"bits {lsb + width - 1}:{lsb}"
    return f"{bits} of word {word if word != 'i' else 'i for element i'}"


def places(field):
    """Where the bits of a field are: a text for each element, least significant piece first."""
    out = []
    for index, element in zip(field.indices() if not field.loop else [""], field.elements):
        out.append((index + ": " if index else "") + ", ".join(map(piece_text, element)))
    return out


def remarks(field):
    """How the value is stored, where that is not as it is."""
    out = []
    if field.offset:
        out.append(f"stored is the value {'+' if field.offset > 0 else '-'} {abs(field.offset)}")
    flipped = set(field.xors) - {0}
    if flipped:
        whole = flipped == {(1 << field.width) - 1} and 0 not in field.xors
        out.append("stored inverted" if whole else
                   "stored xor " + ", ".join(f"0x{x:x}" for x in field.xors))
    if field.stored:
        out.append("stored as " + ", ".join(map(str, field.stored)) + " for 0, 1, ...")
    if field.constant:
        out.append("constant")
    if field.internal:
        out.append("always the default; a read checks it")
    if field.encoding:
        out.append(ENCODINGS[field.encoding])
    if field.alias:
        out.append(f"in recorded vectors {field.alias}")
    if field.lanes:
        out.append("bytes " + ", ".join(map(str, field.lanes)))
    return out


class Row:
    """A field of a page: the same for register containers and logical ones."""

    def __init__(self, name, kind, dims, low, high, values, default, unit, summary, notes):
        self.name, self.kind, self.dims = name, kind_text(kind), dims_text(dims)
        self.range = range_text(kind, low, high, values or {})
        self.default = default_text(kind, default, values or {})
        self.unit, self.summary, self.notes = unit, summary, notes


def rows(c):
    """The fields of a container."""
    if isinstance(c, Logical):
        return [Row(leaf.name(), leaf.kind, path_dims(leaf.path), leaf.min, leaf.max, leaf.values,
                    leaf.default, leaf.unit, leaf.summary,
                    [f"{leaf.field.where}"] if leaf.field else []) for leaf in c.leaves]
    return [Row(f.name, f.type, f.dims, f.min, f.max, f.values, f.data["default"], f.unit,
                f.summary, places(f) + remarks(f)) for f in c.fields]


def coordinates_shown(c):
    return sorted({0, min(1, c.count - 1), c.count - 1})[:SAMPLES]


def address_lists(c):
    """[(title, [(word, expression, [address at each coordinate shown])])] of a register."""
    same = c.read.data == c.write.data
    lists = [("" if same else " of writes", c.write)] if c.write.count else []
    if c.read.count and not same:
        lists.append((" of reads", c.read))
    if c.addresses:  # they depend on the back end
        by_place = {}
        for backend in c.backends:
            addresses = c.addresses.get(backend, c.write)
            by_place.setdefault(str(addresses.data), (addresses, []))[1].append(backend)
        lists = [(f" over {', '.join(names)}", addresses) for addresses, names in by_place.values()]
    return [(f"Addresses{title}", address_rows(c, addresses)) for title, addresses in lists]


def address_rows(c, addresses):
    if addresses.each:
        words = [("w", addresses.each, 0)]
    else:
        words = [(str(w), text, w) for w, text in enumerate(addresses.list)]
    return [(label, text, [evaluate(text, e, 0) for e in coordinates_shown(c)])
            for label, text, _ in words]


def facts(c):
    """[(name, text)] of what holds for the container as a whole."""
    out = [("coordinate", f"{c.coordinate}, 0 to {c.count - 1}"), ("access", access(c))]
    if c.write_count() == c.read_count() or not (c.write_count() and c.read_count()):
        out.append(("words", str(c.words)))
    else:
        out.append(("words", f"{c.write_count()} of a write, {c.read_count()} of a read"))
    readers = getattr(c, "read_backends", c.backends)
    if c.read_count() and c.write_count() and readers != c.backends:
        out += [("back ends of writes", ", ".join(c.backends)),
                ("back ends of reads", ", ".join(readers))]
    else:
        out.append(("back ends", ", ".join(c.backends)))
    if not isinstance(c, Logical):
        out += register_facts(c)
    out.append(("source", c.source))
    return out


def register_facts(c):
    out = []
    if c.view_of:
        out.append(("the same registers as", c.view_of))
    meaning = {"word_count": "words at coordinate e", "shift": "moved up by bits",
               "byte_enables": "bytes written, a bit each"}
    for key, text in c.expressions.items():
        out.append((meaning[key], text))
    if c.payload == "none":
        out.append(("write", "a trigger: the word does not matter"))
    if c.payload == "list":
        out.append(("write", "all words in one message"))
    if c.gray:
        out.append(("words are", "Gray coded"))
    if "hardware" in c.read_unsupported_on:
        out.append(("reads", "a real chip does not give it back"))
    return out


def part_rows(c):
    """[(container, how many, coordinate, member)] of a logical container."""
    out = []
    for part in c.parts:
        table = part.data.get("at_table")
        at = ", ".join(map(str, table)) if table else part.data["at"]
        member = part.member or ", ".join(f"{f.name} as {part.data['fields'][f.name]}"
                                          for f, _ in part.mapped) or "no field"
        out.append((part.container, part.repeat, at, member))
    return out


def users_of(c, logicals):
    return [other for other in logicals if any(part.container is c for part in other.parts)]


def wrapped_name(text):
    """Places where a long name may be broken, as a list."""
    return re.split(r"(?<=[._])", text)
