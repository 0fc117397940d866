# SPDX-License-Identifier: MIT
"""The coordinates as data: reads the files of haldls/coordinates/, refuses what is wrong, and
writes the C of them.

One JSON file describes the coordinates of one domain; haldls/coordinates/README.md explains its
keys.
"""
import argparse
import functools
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # nothing appears in the source tree
import coordinates_c
from register_map import Refused, check_keys

FILE_KEYS = ["domain", "summary", "source", "retired", "coordinates"]
KEYS = ["name", "c", "axis", "min", "max", "outer", "inner", "y", "x", "bound", "length", "bits",
        "record", "revision_3", "hemisphere", "enum", "prefix", "summary", "values", "same", "to",
        "made_of", "places"]
LONG_KEYS = ["summary", "values", "same", "to", "made_of", "places"]  # a line of their own
KINDS = {"max": "ranged", "outer": "mixin", "y": "grid", "bound": "interval", "bits": "base",
         "record": "record"}
MADE_KEYS = ["parts", "expr"]
CONVERSION_KEYS = ["function", "expr", "valid", "table", "index", "count"]
EXPRESSION = re.compile(r"(?!.*(\*\*|//))(\d+|[ei]|&&|<=|>=|[-+*/%()<> ])+")
MADE = re.compile(r"(?!.*(\*\*|//))(\d+|[ab]|[-+*/%() ])+")
TRIED = 512  # values of a coordinate on which its conversions are tried


@functools.lru_cache(maxsize=None)
def python(text):
    """An expression of the data files, which was checked against EXPRESSION, as Python's."""
    return compile(text.replace("/", "//").replace("&&", "and"), "expression", "eval")


class Conversion:
    """A function from one coordinate to another."""

    def __init__(self, function, to, expr=None, valid=None, table=None, index=None, count=1):
        self.function, self.to, self.expr, self.valid = function, to, expr, valid
        self.table, self.index, self.count = table, index, count
        self.own = False  # written down for this coordinate, and more than its number

    def inside(self, e):
        """The same conversion of what is a part of something: e says where the part is."""
        def put(text):
            return text and re.sub(r"\be\b", f"({e})", text)
        out = Conversion(self.function, self.to, put(self.expr), put(self.valid), self.table,
                         self.index, self.count)
        if self.table:
            out.expr = put(self.expr or "e")
        return out

    def evaluate(self, e, i=0):
        """Number that e becomes, None where it is refused."""
        def run(text):
            return eval(python(text), {"__builtins__": {}}, {"e": e, "i": i})
        if self.valid and not run(self.valid):
            return None
        if self.table:
            return self.table[run(self.expr or "e")]
        return run(self.expr)


class Coordinate:
    def __init__(self, data, domain):
        self.name = data.get("name", "?")
        check_keys(data, KEYS, ["name"] + ([] if domain.retired else ["summary"]), self.name)
        kinds = [kind for key, kind in KINDS.items() if key in data]
        if len(kinds) != 1:
            raise Refused(f"{self.name}: must be exactly one of {', '.join(KINDS.values())}")
        self.data, self.domain, self.kind = data, domain, kinds[0]
        self.axis = data.get("axis")
        self.summary = data.get("summary", coordinates_c.snake(self.name).replace("_", " "))
        self.retired, self.revision_3 = domain.retired, data.get("revision_3", True)
        self.values = [(k, v, "") if isinstance(v, int) else (k, *v)
                       for k, v in data.get("values", {}).items()]
        self.places = data.get("places")
        self.min = data.get("min", 0)
        self.resolved, self.made = None, []

    def link(self, all_coordinates):
        """Replace names of other coordinates by these."""
        def find(key):
            name = self.data.get(key)
            if name is not None and name not in all_coordinates:
                raise Refused(f"{self.name}: there is no coordinate {name}")
            return all_coordinates.get(name)
        self.outer, self.inner = find("outer") or find("y"), find("inner") or find("x")
        self.bound, self.length = find("bound"), find("length")

    def measure(self):
        """Size, largest number and parts: [(coordinate, divisor)], outermost first."""
        if self.kind in ("mixin", "grid"):
            for part in (self.outer, self.inner):
                if part.min or part.kind in ("base", "record") or part.places:
                    raise Refused(f"{self.name}: {part.name} cannot be a part")
            whole = self.outer.size * self.inner.size
            self.size = len(self.places) if self.places else whole
            self.parts = [(part, divisor * self.inner.size) for part, divisor in self.outer.parts]
            self.parts += self.inner.parts
            self.max = self.size - 1
            self.axis = self.axis or (self.inner.axis if self.kind == "mixin" else None)
            return
        self.parts = [(self, 1)]
        if self.kind == "interval":
            self.size = self.bound.size ** 2
            self.max = self.size - 1
        elif self.kind == "base":
            self.size, self.max = 0, (1 << self.data["bits"]) - 1
        else:
            self.max = self.data.get("max", 0)
            self.size = 0 if self.kind == "record" else self.max - self.min + 1

    def check(self):
        for name, value, _ in self.values:
            if not self.min <= value <= self.max:
                raise Refused(f"{self.name}: value {name} = {value} is outside {self.min} to "
                              f"{self.max}")
        if self.places:
            if sorted(self.places) != self.places or \
                    any(not (0 <= y < self.outer.size and 0 <= x < self.inner.size)
                        for y, x in self.places):
                raise Refused(f"{self.name}: its places are not in order, or outside the grid")
        keys = self.keys()
        if len(set(keys)) != len(keys):
            raise Refused(f"{self.name}: two of its parts are called alike: {keys}")

    def keys(self):
        """What texts call the parts: "NeuronRow", "Column". The second does not say again how the
        first begins."""
        out, before = [], []
        for part, _ in self.parts:
            words = coordinates_c.words(part.name)
            same = coordinates_c.common(words, before)
            out.append("".join(words[same if same < len(words) else 0:]))
            before = words
        return out

    def conversions(self, world):
        """All that it converts to, by function."""
        if self.resolved is not None:
            return self.resolved
        out = {}
        if self.kind == "mixin":
            out = {c.function: c.inside(f"e % {self.inner.size}")
                   for c in self.inner.conversions(world).values()}
        self.resolved = out
        if self.kind in ("mixin", "grid"):
            self.add_parts()
        elif self.kind == "interval":
            n = self.bound.size
            self.add(Conversion("toMin", self.bound, f"e / {n}"))
            self.add(Conversion("toMax", self.bound, f"e % {n}"))
            self.add(Conversion(f"to{self.length.name}", self.length, f"e % {n} - e / {n} + 1"))
        if "hemisphere" in self.data:
            for other in world.hemispheres:
                self.add(Conversion(f"to{other.name}", other, "e"))
        for name in self.data.get("same", []):
            self.add(Conversion(f"to{name}", world.find(name, self.name), "e"))
        for name, entries in self.data.get("to", {}).items():
            for entry in entries if isinstance(entries, list) else [entries]:
                self.add_own(world, name, entry)
        for c in out.values():
            self.try_conversion(c)
        if "made_of" in self.data:
            self.try_made(self.data["made_of"])
        return out

    def add(self, conversion):
        self.resolved[conversion.function] = conversion

    def add_parts(self):
        y = Conversion(f"to{self.outer.name}", self.outer, f"e / {self.inner.size}")
        x = Conversion(f"to{self.inner.name}", self.inner, f"e % {self.inner.size}")
        if self.places:
            y.table, x.table = [[place[n] for place in self.places] for n in (0, 1)]
            y.expr = x.expr = None
        self.add(y)
        self.add(x)
        if self.kind == "grid":
            self.add(Conversion("y", y.to, y.expr, table=y.table))
            self.add(Conversion("x", x.to, x.expr, table=x.table))

    def add_own(self, world, name, entry):
        where = f"{self.name} to {name}"
        data = {"expr": entry} if isinstance(entry, str) else entry
        check_keys(data, CONVERSION_KEYS, [], where)
        if ("expr" in data) == ("table" in data):
            raise Refused(f"{where}: needs either an expression or a table")
        for key in ("expr", "valid"):
            if key in data and not EXPRESSION.fullmatch(data[key]):
                raise Refused(f"{where}: '{data[key]}' is no expression of e and i")
        if "table" in data and len(data["table"]) != self.size:
            raise Refused(f"{where}: {len(data['table'])} entries for {self.size} numbers")
        index = world.find(data["index"], where) if "index" in data else None
        conversion = Conversion(
            data.get("function", f"to{name}"), world.find(name, where), data.get("expr"),
            data.get("valid"), data.get("table"), index,
            index.size if index else data.get("count", 1))
        conversion.own = True
        self.add(conversion)

    def try_conversion(self, c):
        """Refuse one that leaves the coordinate it converts to."""
        if self.kind == "interval" or any(part.kind == "interval" for part, _ in self.parts):
            return  # not every number is one
        step = max(1, (self.max - self.min) // TRIED)
        for e in [*range(self.min, self.max + 1, step), self.max]:
            for i in range(c.count):
                n = c.evaluate(e, i)
                if n is not None and not c.to.min <= n <= c.to.max:
                    raise Refused(f"{self.name} {e} {c.function} is {n}, allowed are {c.to.min} to "
                                  f"{c.to.max}")


    def try_made(self, made):
        """Refuse an expression of parts that does not lead back to what they are converted from."""
        where = f"{self.name} made of parts"
        check_keys(made, MADE_KEYS, MADE_KEYS, where)
        if not MADE.fullmatch(made["expr"]):
            raise Refused(f"{where}: '{made['expr']}' is no expression of a and b")
        for function in made["parts"]:
            if function not in self.resolved:
                raise Refused(f"{where}: it has no conversion {function}")
        self.made = [self.resolved[function] for function in made["parts"]]
        for e in range(self.min, self.max + 1, max(1, (self.max - self.min) // TRIED)):
            a, b = [x.evaluate(e) for x in self.made]
            back = eval(python(made["expr"]), {"__builtins__": {}}, {"a": a, "b": b})
            if back != e:
                raise Refused(f"{where}: {a} and {b} of {e} make {back}")


class Domain:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        try:
            data = json.loads(text)
        except ValueError as error:
            raise Refused(f"{path}: {error}")
        check_keys(data, FILE_KEYS, ["domain", "summary", "source", "coordinates"], path)
        self.name, self.summary, self.source = data["domain"], data["summary"], data["source"]
        if os.path.basename(path) != self.name + ".json":
            raise Refused(f"{path}: is named after another domain than {self.name}")
        self.retired = data.get("retired", False)
        self.coordinates = [Coordinate(c, self) for c in data["coordinates"]]
        if canonical(data) != text:
            raise Refused(f"{path}: not in canonical form: coordinates.py --print shows it")


class World:
    """All coordinates, by name."""

    def __init__(self, domains):
        self.domains = domains
        self.all = {}
        for coordinate in (c for d in domains for c in d.coordinates):
            if coordinate.name in self.all:
                raise Refused(f"{coordinate.name} is there twice")
            self.all[coordinate.name] = coordinate
        self.hemispheres = [c for c in self.all.values() if c.data.get("hemisphere") == "member"]
        for c in self.all.values():
            c.link(self.all)
        for c in self.in_order():
            c.measure()
        for c in self.all.values():
            if "hemisphere" in c.data and not c.values:
                c.values = self.find("HemisphereOnDLS", c.name).values
            c.check()
        for c in self.all.values():
            c.conversions(self)
        self.sorted = sorted(self.all.values(), key=lambda c: c.name)

    def find(self, name, where):
        if name not in self.all:
            raise Refused(f"{where}: there is no coordinate {name}")
        return self.all[name]

    def in_order(self):
        """Parts before what has them."""
        out, waiting = [], list(self.all.values())
        while waiting:
            ready = [c for c in waiting
                     if all(p is None or p in out for p in (c.outer, c.inner, c.bound, c.length))]
            if not ready:
                raise Refused(f"{waiting[0].name}: is a part of itself")
            out += ready
            waiting = [c for c in waiting if c not in ready]
        return out


def canonical(data):
    """The form of a file: a coordinate is a few lines."""
    def text(value):
        return json.dumps(value, ensure_ascii=False)
    lines = ["{"] + [f'  {text(k)}: {text(v)},' for k, v in data.items() if k != "coordinates"]
    out = []
    for c in data["coordinates"]:
        head = ", ".join(f"{text(k)}: {text(v)}" for k, v in c.items() if k not in LONG_KEYS)
        rows = [f"    {{ {head}"]
        for key in LONG_KEYS:
            if key == "to" and "to" in c:
                to = ",\n".join(f"        {text(k)}: {text(v)}" for k, v in c["to"].items())
                rows.append(f'      "to": {{\n{to} }}')
            elif key in c:
                rows.append(f"      {text(key)}: {text(c[key])}")
        out.append(",\n".join(rows) + " }")
    return "\n".join(lines + ['  "coordinates": [', ",\n".join(out), "  ]", "}"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Write the C of the coordinates.")
    parser.add_argument("--out", help="folder to write into")
    parser.add_argument("--print", action="store_true", help="print the files in canonical form")
    parser.add_argument("files", nargs="+", help="files of haldls/coordinates/")
    args = parser.parse_args()
    if args.print:
        for path in args.files:
            with open(path, encoding="utf-8") as f:
                print(canonical(json.load(f)), end="")
        return 0
    try:
        world = World([Domain(path) for path in sorted(args.files)])
        if args.out:
            coordinates_c.generate(world, args.out)
    except Refused as error:
        print(f"coordinates.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
