# SPDX-License-Identifier: MIT
"""The register reference as HTML: an entry page, a page of addresses, and a page a container."""
from html import escape

import reference_text as text
from logical import Logical
from shared_addresses import evaluate

COORDINATES = "coordinates.html"
STYLE = """\
body { font-family: sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color: #222; }
a { color: #05c; text-decoration: none; }
a:hover { text-decoration: underline; }
table { border-collapse: collapse; margin: 0.5em 0 1.5em; }
th, td { border: 1px solid #bbb; padding: 0.25em 0.5em; text-align: left; vertical-align: top; }
th { background: #eee; }
code, .bits { font-family: monospace; font-size: 90%; }
.bits td, .bits th { text-align: center; padding: 0.2em 0.15em; min-width: 1.1em; }
.bits td { background: #e7f0fb; overflow-wrap: anywhere; }
.bits td.none { background: #fff; }
.number { text-align: right; }
:target { background: #ffc; }
"""


def tag(name, content, **attributes):
    given = "".join(f' {key.rstrip("_")}="{escape(str(value))}"'
                    for key, value in attributes.items() if value is not None)
    return f"<{name}{given}>{content}</{name}>"


def code(content):
    return tag("code", escape(content))


def link(c):
    return tag("a", escape(c.name), href=f"{c.c}.html")


def table(head, body, kind=None):
    """Rows of ready cells."""
    lines = [tag("tr", "".join(tag("th", cell) for cell in head))] if head else []
    lines += [tag("tr", "".join(cell if cell.startswith("<t") else tag("td", cell)
                                for cell in row)) for row in body]
    return tag("table", "\n" + "\n".join(lines) + "\n", class_=kind)


def page(title, body):
    home = "" if title == "Register reference" else \
        tag("p", tag("a", "Register reference", href="index.html") + " &#183; " +
            tag("a", "addresses", href="addresses.html") + " &#183; " +
            tag("a", "coordinates", href=COORDINATES))
    return ("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
            f"<title>{escape(title)}</title>\n"
            "<link rel=\"stylesheet\" href=\"style.css\"/>\n</head>\n<body>\n"
            f"{home}\n{tag('h1', escape(title))}\n{body}\n</body>\n</html>\n")


# ---- bits ----------------------------------------------------------------------------------------


def cells_of_words(c):
    """{word: [(lsb, width, field, what of it)]}; the word is 'w' where all words are alike."""
    out = {}
    for field in c.fields:
        if field.encoding == "nonzero":
            continue  # a summary of bits that belong to others
        for index, element in zip([""] if field.loop else field.indices(), field.elements):
            low = 0
            for word, lsb, width in element:
                part = "" if width == field.width else \
                    f" {low}" if width == 1 else f" {low + width - 1}:{low}"
                key = "w" if word == "i" else word
                out.setdefault(key, []).append((lsb, width, field, index + part))
                low += width
    return out


def bit_row(label, pieces):
    """32 bits, the highest first; what belongs to no field is one empty cell."""
    out, at = [tag("th", label)], 31
    for lsb, width, field, rest in sorted(pieces, key=lambda piece: -piece[0]):
        if lsb + width <= at:
            out.append(tag("td", "", class_="none", colspan=at + 1 - lsb - width))
        name = "<wbr/>".join(map(escape, text.wrapped_name(field.name)))
        out.append(tag("td", tag("a", name, href=f"#{field.name}") + escape(rest), colspan=width))
        at = lsb - 1
    if at >= 0:
        out.append(tag("td", "", class_="none", colspan=at + 1))
    return out


def bit_table(c):
    words = cells_of_words(c)
    if not words:
        return ""
    labels = ["w"] if "w" in words else range(c.words)
    head = [tag("th", "word")] + [tag("th", str(bit)) for bit in range(31, -1, -1)]
    body = [head] + [bit_row(str(label), words.get(label, [])) for label in labels]
    return tag("h2", "Bits") + table(None, body, "bits")


# ---- pages ---------------------------------------------------------------------------------------


def facts_table(c):
    names = f"{code(f'struct haldls_{c.c}')}, {code(f'haldls_{c.c}_encode()')}, " \
            f"{code(f'haldls_{c.c}_decode()')} of {code(header_of(c))}"
    rows = [[tag("th", escape(name)), escape(content)] for name, content in text.facts(c)]
    rows[0][1] = tag("a", escape(c.coordinate), href=f"{COORDINATES}#{c.coordinate}") + \
        f", 0 to {c.count - 1}"
    return table(None, rows + [[tag("th", "in C"), names]])


def header_of(c):
    return "haldls/logical.h" if isinstance(c, Logical) else "haldls/containers.h"


def address_tables(c):
    out = []
    shown = text.coordinates_shown(c)
    for title, rows in text.address_lists(c):
        body = [[escape(label), code(expression)] + [code(f"0x{x:08x}") for x in numbers]
                for label, expression, numbers in rows]
        head = ["word", "address"] + [f"e = {e}" for e in shown]
        out.append(tag("h2", escape(title)) + table(head, body))
    return "\n".join(out)


def field_table(c):
    body = []
    for row in text.rows(c):
        name = "<wbr/>".join(map(escape, text.wrapped_name(row.name)))
        notes = "<br/>".join(map(escape, row.notes))
        body.append([f'<td id="{escape(row.name)}">' + tag("code", name + row.dims) + "</td>",
                     escape(row.kind), escape(row.range), escape(row.default),
                     escape(row.unit or ""), escape(row.summary), notes])
    if not body:
        return tag("p", "It has no field: a write triggers.")
    last = "field of the register" if isinstance(c, Logical) else "place"
    return tag("h2", "Fields") + \
        table(["name", "type", "range", "default", "unit", "meaning", last], body)


def part_table(c):
    body = [[link(part), str(repeat), code(at), escape(member)]
            for part, repeat, at, member in text.part_rows(c)]
    return tag("h2", "Parts, in the order of writes") + \
        table(["container", "number", "coordinate of number i", "member"], body)


def container_page(c, logicals):
    body = [tag("p", escape(c.summary)), facts_table(c)]
    body += [part_table(c)] if isinstance(c, Logical) else [address_tables(c), bit_table(c)]
    body.append(field_table(c))
    users = text.users_of(c, logicals)
    if users:
        body.append(tag("p", "Part of " + ", ".join(map(link, users)) + "."))
    return page(c.name, "\n".join(filter(None, body)))


def entry_page(groups):
    body = [tag("p", "All containers of the register map: what a field means, where its bits lie, "
                     "and at which addresses. The same data make the code of the library; "
                     + code("bss registers") + " reads and writes them."),
            tag("p", tag("a", "Containers by address", href="addresses.html") + " &#183; " +
                tag("a", "Coordinates", href=COORDINATES))]
    for folder, containers in groups:
        rows = [[link(c), escape(c.coordinate), tag("td", str(c.count), class_="number"),
                 tag("td", str(c.words), class_="number"), text.access(c), escape(c.summary)]
                for c in containers]
        body.append(tag("h2", escape(text.folder_title(folder))))
        head = ["container", "coordinate", "number", "words", "access", "meaning"]
        body.append(table(head, rows))
    return page("Register reference", "\n".join(body))


def address_page(registers):
    """Containers on the omnibus by the address of their first word."""
    rows = []
    for c in registers:
        if not {"Omnibus", "OmnibusChipOverJTAG"} & set(c.backends):
            continue
        addresses = c.write if c.write.count else c.read
        first = addresses.each or addresses.list[0]
        ends = [evaluate(first, e) for e in (0, c.count - 1)]
        rows.append((ends[0], [code(f"0x{ends[0]:08x}"), code(f"0x{ends[1]:08x}"),
                               code(first), link(c), escape(c.coordinate)]))
    rows.sort(key=lambda row: row[0])
    head = ["first coordinate", "last coordinate", "first word", "container", "coordinate"]
    return page("Addresses", table(head, [row for _, row in rows]))


def pages(groups):
    """{file name: text}"""
    logicals = [c for _, containers in groups for c in containers if isinstance(c, Logical)]
    everything = [c for _, containers in groups for c in containers]
    out = {"style.css": "/* SPDX-License-Identifier: MIT */\n" + STYLE,
           "index.html": entry_page(groups),
           "addresses.html": address_page([c for c in everything if c not in logicals])}
    for c in everything:
        out[f"{c.c}.html"] = container_page(c, logicals)
    return out
