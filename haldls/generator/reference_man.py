# SPDX-License-Identifier: MIT
"""The register reference as manual pages of section 7: haldls_registers, and a page a container."""
import reference_text as text
from logical import Logical
from reference_html import header_of

ENTRY, COORDINATES = "haldls_registers", "haldls_coordinates"


def escape(content):
    """Text as roff: nothing in it is a request or an escape, dashes stay what they are."""
    content = content.replace("\\", "\\e").replace("-", "\\-")
    content = "".join(x if ord(x) < 128 else f"\\[u{ord(x):04X}]" for x in content)
    return "\\&" + content if content[:1] in ".'" else content


def page_name(c):
    return f"haldls_{c.c}"


def head(name, summary, include):
    out = [".\\\" SPDX-License-Identifier: MIT", ".\\\" Written by haldls/generator/reference.py.",
           f".TH {name.upper()} 7 \"\" \"BrainScaleS-2\" \"\\&\"", ".ad l", ".nh", ".SH NAME",
           f"{name} \\- {escape(summary)}"]
    if include:
        out += [".SH SYNOPSIS", ".nf", f".B #include <{include}>", f".B struct {name};", ".fi"]
    return out


def item(title, *lines):
    return [".TP", f".B \"{escape(title)}\""] + [escape(line) for line in lines if line]


def sentence(content):
    return content[:1].upper() + content[1:] + ("" if content.endswith(".") else ".")


def addresses(c):
    out = []
    shown = text.coordinates_shown(c)
    for title, rows in text.address_lists(c):
        out.append(f".SH {title.upper()}")
        for label, expression, numbers in rows:
            at = ", ".join(f"0x{number:08x} at e = {e}" for number, e in zip(numbers, shown))
            out += item(f"word {label}", expression + ":", at)
    return out


def parts(c):
    out = [".SH PARTS"]
    for part, repeat, at, member in text.part_rows(c):
        out += item(part.name, f"{repeat} at coordinate {at};", member)
    return out


def fields(c):
    out = [".SH FIELDS"]
    for row in text.rows(c):
        lines = [sentence(row.summary), f"{sentence(row.kind)}",
                 f"Range: {row.range}." + (f" Unit: {row.unit}." if row.unit else ""),
                 f"Default: {row.default}."]
        lines += [sentence(note) for note in row.notes]
        out += item(row.name + row.dims, *lines)
    return out if len(out) > 1 else out + ["It has no field: a write triggers."]


def container_page(c, logicals):
    out = head(page_name(c), f"{c.name}: {c.summary}", header_of(c))
    out.append(".SH DESCRIPTION")
    for name, content in text.facts(c):
        out += item(name, content)
    out += parts(c) if isinstance(c, Logical) else addresses(c)
    out += fields(c)
    related = [part.container for part in c.parts] if isinstance(c, Logical) else []
    related += text.users_of(c, logicals)
    names = sorted({page_name(other) for other in related}) + [COORDINATES, ENTRY]
    out.append(".SH SEE ALSO")
    out += [f".BR {name} (7)," for name in names] + [".BR bss\\-registers (1)"]
    return "\n".join(out) + "\n"


def entry_page(groups):
    out = head(ENTRY, "register map of the BrainScaleS-2 chip, its FPGA and its board", None)
    out += [".SH DESCRIPTION", "Each container of the register map has a page of its own,",
            ".BR haldls_ \\fIname\\fR (7):",
            "its addresses, the place of each field in its words, and what the fields mean."]
    for folder, containers in groups:
        out.append(f".SH {escape(text.folder_title(folder)).upper()}")
        for c in containers:
            out += [".TP", f".BR {page_name(c)} (7)", escape(f"{c.name}: {c.summary}")]
    out += [".SH SEE ALSO", f".BR {COORDINATES} (7),", ".BR bss\\-registers (1)"]
    return "\n".join(out) + "\n"


def pages(groups):
    """{file name: text}"""
    logicals = [c for _, containers in groups for c in containers if isinstance(c, Logical)]
    out = {f"{ENTRY}.7": entry_page(groups)}
    for _, containers in groups:
        for c in containers:
            out[f"{page_name(c)}.7"] = container_page(c, logicals)
    return out
