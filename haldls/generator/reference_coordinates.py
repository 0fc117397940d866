# SPDX-License-Identifier: MIT
"""The coordinates in the register reference: one page of HTML, one manual page."""
from html import escape

import reference_html as html
import reference_man as man
from schema import Refused

KINDS = {"interval": "first and last of", "record": "a pair of names", "base": "a plain number"}


def range_text(c):
    return f"{c.min} to {c.max}"


def made_of(c):
    """How its number is composed, outermost part first: [(factor, part)]."""
    if c.kind in ("mixin", "grid") and not c.places:
        return [(c.inner.size, c.outer), (1, c.inner)]
    return []


def composed(c, name_of):
    """'64 SynapseRowOnDLS + SynapseQuadColumnOnDLS'"""
    if c.kind == "interval":
        return f"{KINDS[c.kind]} {name_of(c.bound.name)}"
    if c.places:
        return f"places of {name_of(c.outer.name)} and {name_of(c.inner.name)}"
    return " + ".join((f"{factor} " if factor != 1 else "") + name_of(part.name)
                      for factor, part in made_of(c)) or KINDS.get(c.kind, "")


def conversions(c, world):
    return sorted(c.conversions(world).items())


def conversion_text(function, conversion):
    many = f"[{conversion.count}]" if conversion.count > 1 else ""
    name = conversion.to.name
    return function + many + ("" if function == f"to{name}" else f" (a {name})")


def html_row(c, world, users):
    values = ", ".join(escape(f"{name} = {number}") for name, number, _ in c.values)
    functions = ", ".join(html.tag("a", escape(function), href=f"#{conversion.to.name}") +
                          (f"[{conversion.count}]" if conversion.count > 1 else "")
                          for function, conversion in conversions(c, world))
    return [f'<td id="{c.name}">{html.code(c.name)}</td>', escape(c.summary), range_text(c),
            composed(c, lambda name: html.tag("a", escape(name), href=f"#{name}")), values,
            functions, ", ".join(map(html.link, users.get(c.name, [])))]


def html_page(world, users):
    body = [html.tag("p", "A coordinate is a number that says which of many. The numbers of the "
                     "parts of one make its own; a conversion is " +
                     html.code("haldls_coordinate_convert()") + ", and " +
                     html.code("bss coordinates") + " does it on the command line.")]
    head = ["name", "meaning", "numbers", "made of", "names", "converts to", "containers"]
    for domain in world.domains:
        body.append(html.tag("h2", escape(domain.name)) + html.tag("p", escape(domain.summary)))
        body.append(html.table(head, [html_row(c, world, users) for c in domain.coordinates]))
    return html.page("Coordinates", "\n".join(body))


def man_page(world, users):
    out = man.head(man.COORDINATES, "coordinates of the BrainScaleS-2 chip, FPGA and board", None)
    out.append(".SH DESCRIPTION\nA coordinate is a number that says which of many.")
    for domain in world.domains:
        out += [f".SH {man.escape(domain.name).upper()}", man.escape(man.sentence(domain.summary))]
        for c in domain.coordinates:
            lines = [man.sentence(c.summary), f"Numbers: {range_text(c)}."]
            if composed(c, str):
                lines.append(f"Made of {composed(c, str)}.")
            if c.values:
                lines.append(man.sentence(", ".join(f"{name} = {n}" for name, n, _ in c.values)))
            if conversions(c, world):
                texts = [conversion_text(*pair) for pair in conversions(c, world)]
                lines.append(f"Conversions: {', '.join(texts)}.")
            if c.name in users:
                names = ", ".join(man.page_name(user) + "(7)" for user in users[c.name])
                lines.append(f"Containers: {names}.")
            out += man.item(c.name, *lines)
    out += [".SH SEE ALSO", f".BR {man.ENTRY} (7),", ".BR bss\\-coordinates (1)"]
    return "\n".join(out) + "\n"


def pages(world, groups):
    """({file name: text} of HTML, {file name: text} of manuals)"""
    users = {}
    for c in (c for _, containers in groups for c in containers):
        if c.coordinate not in world.all or world.all[c.coordinate].size != c.count:
            raise Refused(f"{c.path}: {c.name}: there are not {c.count} coordinates {c.coordinate}")
        users.setdefault(c.coordinate, []).append(c)
    return ({html.COORDINATES: html_page(world, users)},
            {f"{man.COORDINATES}.7": man_page(world, users)})
