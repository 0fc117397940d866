# SPDX-License-Identifier: MIT
"""Logical containers as data: reads the files of haldls/registers/logical/ and refuses what is wrong.

A logical container has no words of its own: it is a list of parts, each a container at a coordinate,
and says where the fields of its parts are found in it. haldls/registers/README.md explains the keys.
"""
import json
import os
import re

from register_map import of_file, read_file
from schema import SCHEMA, Refused


def parse_path(text, where):
    """'input_mux[2].neuron_odd[2]' -> [('input_mux', [2]), ('neuron_odd', [2])]"""
    out = []
    for part in text.split("."):
        match = re.fullmatch(r"([a-z_][a-z0-9_]*)((\[\d+\])*)", part)
        if not match:
            raise Refused(f"{where}: '{text}' is no member: write a.b[2].c")
        out.append((match[1], [int(d) for d in re.findall(r"\d+", match[2])]))
    return out


def path_dims(path):
    return [d for _, dims in path for d in dims]


def fill(path, index):
    """The member of C that a path and an index for each of its dimensions name."""
    index = list(index)
    return ".".join(name + "".join(f"[{index.pop(0)}]" for _ in dims) for name, dims in path)


class Leaf:
    """A field of a logical container: where it is, and what it may hold."""

    def __init__(self, path, field, kind, c_type, default, choice=None):
        self.path, self.field, self.kind, self.c_type = path, field, kind, c_type
        self.default = default
        self.named = path  # as recorded vectors name it, where members of C have other names
        self.choice = choice
        self.summary = choice["summary"] if choice else field.summary
        self.values = choice["values"] if choice else field.values
        self.min = 0 if choice else field.min
        self.max = max(choice["values"].values()) if choice else field.max
        self.unit = None if choice else field.unit

    def within(self, path):
        """The same field as seen from a container that holds this one at `path`."""
        out = Leaf(path + self.path, self.field, self.kind, self.c_type, self.default, self.choice)
        out.named = path + self.named
        return out

    def name(self):
        text = ".".join(name + "[]" * len(dims) for name, dims in self.named)
        return re.sub(r"(\[\])+$", "", text)


def leaves_of(container):
    """The fields of a container, logical or not."""
    if isinstance(container, Logical):
        return container.leaves
    out = []
    for field in container.fields:
        if field.is_hidden():
            continue
        leaf = Leaf([(field.name, field.dims)], field, field.type, field.c_type(),
                    field.data["default"])
        dims, named = list(field.dims), []
        for part in (field.alias or field.name).split("."):
            own = part.count("[]")
            named.append((part.split("[")[0], dims[:own]))
            dims = dims[own:]
        named[-1] = (named[-1][0], named[-1][1] + dims)
        leaf.named = named
        out.append(leaf)
    return out


class Part:
    """One container, or `repeat` of them at following places; `offset` and `stride` in words."""

    def __init__(self, data, container, repeat, group):
        self.data, self.container, self.repeat, self.group = data, container, repeat, group
        self.member = data.get("member")
        self.index = data.get("index")
        self.bytes = data.get("bytes", False)
        self.kernel = data.get("kernel")


class Logical:
    def __init__(self, path):
        data = read_file(path, "logical", canonical)
        self.data, self.name, self.c, self.path = data, data["container"], data["c_name"], path
        self.summary, self.coordinate, self.count = (data["summary"], data["coordinate"],
                                                     data["count"])
        self.source, self.backends = data["source"], data["backends"]
        self.differential = data.get("differential", False)

    def needs(self):
        return {p["container"] for part in self.data["parts"] for p in part.get("parts", [part])}

    def resolve(self, known):
        """Look up the parts; `known` maps names to containers that are complete."""
        self.groups = []  # [[Part]]: those of a group alternate
        for data in self.data["parts"]:
            repeat = data.get("repeat", 1)
            inner = data.get("parts", [data])
            group = []
            for part in inner:
                if part["container"] not in known:
                    raise Refused(f"{self.name}: there is no container '{part['container']}'")
                group.append(Part(part, known[part["container"]], repeat, group))
                self.check_part(group[-1])
            self.groups.append(group)
        self.parts = [part for group in self.groups for part in group]
        self.place_parts()
        self.tree = {}
        self.leaves = []
        for part in self.parts:
            self.add_members(part)

    def check_part(self, part):
        where = f"{self.name}: {part.container.name}"
        table = part.data.get("at_table")
        if table is not None:
            if len(table) != part.repeat:
                raise Refused(f"{where}: {len(table)} coordinates for {part.repeat} of them")
        elif "at" not in part.data:
            raise Refused(f"{where}: it lacks 'at' or 'at_table', the coordinates of the part")
        if set(part.data.get("defaults", {})) - set(part.data.get("fields", {})):
            raise Refused(f"{where}: defaults of what is no field")
        if bool(part.member) == ("fields" in part.data):
            raise Refused(f"{where}: write a member for all of it, or its fields")
        for choice in part.data.get("choices", []):
            bits = 1 << len(choice["from"])
            if len(choice["read"]) != bits or len(choice["stored"]) != len(choice["values"]) or \
                    sorted(choice["values"].values()) != list(range(len(choice["values"]))):
                raise Refused(f"{where}: {choice['member']} needs a number for each value and for "
                              f"each of {bits} ways to be stored")

    def place_parts(self):
        at = 0
        for group in self.groups:
            stride = sum(part.container.words for part in group)
            for part in group:
                part.offset, part.stride = at, stride
                at += part.container.words
            at += stride * (group[0].repeat - 1)
        self.words = at
        writable = all(part.container.write_count() for part in self.parts)
        readable = all(part.container.read_count() for part in self.parts)
        self.written, self.read_words = at * writable, at * readable

    def write_count(self):
        return self.written

    def read_count(self):
        return self.read_words

    # ---- members ----

    def add_node(self, path, leaf):
        """Put a leaf, or a whole container, into the tree of members."""
        level = self.tree
        for depth, (name, dims) in enumerate(path):
            node = level.setdefault(name, {"dims": dims, "members": {}, "leaf": None})
            if node["dims"] != dims:
                raise Refused(f"{self.name}.{name}: its dimensions differ: {node['dims']}, {dims}")
            if depth == len(path) - 1:
                if node["leaf"] or node["members"]:
                    return False
                node["leaf"] = leaf
                return True
            if node["leaf"]:
                raise Refused(f"{self.name}.{name}: is a value and has members")
            level = node["members"]
        return False

    def add_members(self, part):
        where = f"{self.name}: {part.container.name}"
        if part.member:
            path = parse_path(part.member, where)
            if not self.add_node(path, part.container):
                raise Refused(f"{where}: member {part.member} twice")
            self.leaves += [leaf.within(path) for leaf in leaves_of(part.container)]
            return
        part.mapped = []  # (field, path)
        fields = {f.name: f for f in part.container.fields}
        for name, text in part.data["fields"].items():
            if name not in fields:
                raise Refused(f"{where} has no field '{name}'")
            path = parse_path(text, where)
            part.mapped.append((fields[name], path))
            leaf = self.leaf_of(part, fields[name], path)
            if self.add_node(path, leaf):
                self.leaves.append(leaf)
        for choice in part.data.get("choices", []):
            for name in choice["from"]:
                if name not in fields or fields[name].type != "bool":
                    raise Refused(f"{where} has no bool '{name}'")
            path = parse_path(choice["member"], where)
            tag = f"haldls_{self.c}_" + "_".join(name for name, _ in path)
            stored = sum(fields[name].defaults()[0] << i for i, name in enumerate(choice["from"]))
            leaf = Leaf(path, None, "enum", f"enum {tag}", choice["read"][stored], choice)
            leaf.tag = tag
            if not self.add_node(path, leaf):
                raise Refused(f"{where}: member {choice['member']} twice")
            self.leaves.append(leaf)

    def leaf_of(self, part, field, path):
        if part.container.name == "CapMemCell":
            kind, c_type = "analog", "uint32_t"
        elif part.bytes:
            kind, c_type = "uint8", "uint8_t"
            if field.max > 255:
                raise Refused(f"{field.where}: {field.max} does not fit a byte")
        else:
            kind, c_type = field.type, field.c_type()
        default = part.data.get("defaults", {}).get(field.name, field.data["default"])
        return Leaf(path, field, kind, c_type, default)


def canonical(data):
    """The one way to write a data file: a key a line, a part a line."""
    lines = [f"  {json.dumps(key)}: {json.dumps(data[key])}" for key in SCHEMA.keys("logical")
             if key in data and key != "parts"]

    def part_text(part):
        ordered = {k: part[k] for k in SCHEMA.keys("single_part") if k in part}
        if "parts" not in part:
            return "{ " + json.dumps(ordered)[1:-1] + " }"
        inner = ",\n".join("      " + part_text(p) for p in part["parts"])
        return "{ " + json.dumps(ordered)[1:-1] + ', "parts": [\n' + inner + "\n    ] }"
    parts = ",\n".join("    " + part_text(part) for part in data["parts"])
    return "{\n" + ",\n".join(lines) + ',\n  "parts": [\n' + parts + "\n  ]\n}\n"


def check_unique(containers):
    """One name, one container: in data and in C."""
    seen = {}
    for c in containers:
        for name in (c.name, c.c):
            other = seen.setdefault(name, c)
            if other is not c:
                raise Refused(f"{c.path}: {other.path} has the name '{name}', too")


def read_all(paths, registers):
    """All logical containers, each behind those that it is made of."""
    waiting = [of_file(path, lambda path=path: Logical(path)) for path in sorted(paths)]
    check_unique(registers + waiting)
    known, out = {c.name: c for c in registers}, []
    while waiting:
        names = {c.name for c in waiting}
        ready = [c for c in waiting if not c.needs() & names]
        if not ready:
            raise Refused(f"{', '.join(sorted(names))}: are parts of each other")
        for c in ready:
            of_file(c.path, lambda c=c: c.resolve(known))
            known[c.name] = c
        out += ready
        waiting = [c for c in waiting if c not in ready]
    return out
