# SPDX-License-Identifier: MIT
"""No address belongs to two registers, but where the data say that one is a view of the other."""
from schema import Refused

COORDINATES_MAX = 1 << 18  # of larger ones, which are views of memories, not each is looked at


def evaluate(text, e, w=0):
    """The number of an address expression at a coordinate, in arithmetic of 32 bits."""
    return eval(text.replace("/", "//"), {"__builtins__": {}}, {"e": e, "w": w}) & 0xFFFFFFFF


def lists_of(c, backend):
    """{(what is done, word): [address of each coordinate]}"""
    kinds = {"write": c.write, "read": c.read}
    if backend in c.addresses:
        kinds = {"write": c.addresses[backend]}
    elif c.read is c.write:
        del kinds["read"]
    out = {}
    for kind, addresses in kinds.items():
        texts = [addresses.each] * addresses.count if addresses.each else addresses.list
        for w, text in enumerate(texts):
            numbers = eval(f"[{text.replace('/', '//')} for e in range({c.count})]", {"w": w})
            out[kind, w] = [number & 0xFFFFFFFF for number in numbers]
    return out


def root_of(c, by_name):
    """The container that a view is of, at last."""
    passed = set()
    while c.view_of and c.name not in passed:
        passed.add(c.name)
        if c.view_of not in by_name:
            raise Refused(f"{c.path}: {c.name}: view_of \"{c.view_of}\", which is no container")
        c = by_name[c.view_of]
    return c


def refuse(c, backend, lists, is_wrong, text):
    """Say where the first wrong address is."""
    for (_, w), numbers in lists.items():
        for e, address in enumerate(numbers):
            if is_wrong(address):
                raise Refused(f"{c.path}: {c.name} {e}, word {w}: address 0x{address:08x} of "
                              f"{backend} {text}")


def check_own(c, backend, lists):
    """Each word of each coordinate has an address of its own, but for the bytes of a word."""
    seen = set()

    def is_seen(address):
        return address in seen or seen.add(address)
    if "shift" not in c.expressions:
        refuse(c, backend, lists, is_seen, f"is that of {c.name}, too")


def check(containers):
    by_name = {c.name: c for c in containers}
    taken = {}  # back end -> [(container, its addresses)]
    for c in sorted(containers, key=lambda c: c.view_of is not None):
        root = root_of(c, by_name)
        if c.count > COORDINATES_MAX or c.payload == "list":
            continue
        for backend in sorted(set(c.backends + c.read_backends)):
            lists = lists_of(c, backend)
            own = set().union(*lists.values())
            if len(own) != sum(map(len, lists.values())):
                check_own(c, backend, lists)
            for other, addresses in taken.setdefault(backend, []):
                if c.view_of and other is root:
                    outside = own - addresses
                    refuse(c, backend, lists if outside else {}, outside.__contains__,
                           f"is none of {root.name}, of which it is to be a view")
                elif root_of(other, by_name) is not root and not own.isdisjoint(addresses):
                    refuse(c, backend, lists, addresses.__contains__,
                           f"is that of {other.name}, too: change it, or say view_of")
            taken[backend].append((c, own))
