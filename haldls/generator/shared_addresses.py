# SPDX-License-Identifier: MIT
"""No address belongs to two registers, but where the data say that one is a view of the other."""
from schema import Refused

COORDINATES_MAX = 1 << 18  # of larger ones, which are views of memories, not each is looked at


def evaluate(text, e, w=0):
    """The number of an address expression at a coordinate, in arithmetic of 32 bits."""
    return eval(text.replace("/", "//"), {"__builtins__": {}}, {"e": e, "w": w}) & 0xFFFFFFFF


def all_of(addresses, count):
    """[(number of the word, [address of each coordinate])]"""
    texts = [(w, addresses.each) for w in range(addresses.count)] if addresses.each else \
        enumerate(addresses.list)
    return [(w, eval(f"[{text.replace('/', '//')} for e in range({count})]", {"w": w}))
            for w, text in texts]


def root_of(c, by_name):
    """The container that a view is of, at last."""
    passed = set()
    while c.view_of and c.name not in passed:
        passed.add(c.name)
        if c.view_of not in by_name:
            raise Refused(f"{c.path}: {c.name}: view_of \"{c.view_of}\", which is no container")
        c = by_name[c.view_of]
    return c


def places(c):
    """(back end, address, coordinate, word) of all that is read or written."""
    for backend in sorted(set(c.backends + c.read_backends)):
        lists = [c.addresses[backend]] if backend in c.addresses else [c.write, c.read]
        for addresses in lists[:1] if lists[0] is lists[-1] else lists:
            for w, numbers in all_of(addresses, c.count):
                for e, address in enumerate(numbers):
                    yield backend, address & 0xFFFFFFFF, e, w


def check(containers):
    by_name = {c.name: c for c in containers}
    owners = {}
    for c in sorted(containers, key=lambda c: c.view_of is not None):
        root = root_of(c, by_name)
        if c.count > COORDINATES_MAX or c.payload == "list":
            continue
        for backend, address, e, w in places(c):
            place = (e // 4, w) if "shift" in c.expressions else (e, w)
            if c.view_of and (backend, address) not in owners:
                raise Refused(f"{c.path}: {c.name} {e}, word {w}: address 0x{address:08x} of {backend} "
                              f"is none of {c.view_of}, of which it is to be a view")
            owner, *other = owners.setdefault((backend, address), (root, c, place))
            if owner is not root or (other[0] is c and other[1] != place):
                raise Refused(f"{c.path}: {c.name} {e}, word {w}: address 0x{address:08x} of {backend} "
                              f"is that of {other[0].name}, too: change it, or say view_of")
