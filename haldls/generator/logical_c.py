# SPDX-License-Identifier: MIT
"""Writes the C side of logical containers: structs, encoders, decoders, parts, reflection."""
import json
import re

from logical import Logical, fill, leaves_of, path_dims
from register_map import BACKENDS


def upper(text):
    """A name of the data files as part of a constant: DisableRefresh is DISABLE_REFRESH."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).upper()


def c_string(text):
    return json.dumps(text, ensure_ascii=False) if text is not None else "NULL"


def expression(text):
    """An expression of the data files as C: unsigned, e and w by their names there."""
    text = re.sub(r"\b(0x[0-9a-f]+|\d+)\b", r"\1u", text)
    return re.sub(r"\bw\b", "word", re.sub(r"\be\b", "element", text))


def reads_as_written(c):
    """Are the addresses of reads those of writes?"""
    if isinstance(c, Logical):
        return all(reads_as_written(part.container) for part in c.parts)
    return c.read.data == c.write.data


def address_name(c, kind):
    """The function that tells the address of a word, or lists those of a logical container."""
    plural = "es" if isinstance(c, Logical) else ""
    return f"haldls__{c.c}_{'write' if reads_as_written(c) else kind}_address{plural}"


# ---- structs -------------------------------------------------------------------------------------


def leaf_comment(leaf):
    unit = f"; unit: {leaf.unit}" if leaf.unit else ""
    if leaf.kind == "bool":
        return leaf.summary + unit
    if leaf.kind == "analog":
        return f"{leaf.summary}; 0 … 1022, 1023 switches the refresh of the cell off{unit}"
    if leaf.kind == "enum":
        return f"{leaf.summary}; one of {', '.join(leaf.values)}{unit}"
    return f"{leaf.summary}; {leaf.min} … {leaf.max}{unit}"


def struct_members(level, indent):
    out = []
    for name, node in level.items():
        dims = "".join(f"[{d}]" for d in node["dims"])
        leaf = node["leaf"]
        if node["members"]:
            out.append(f"{indent}/** {name.replace('_', ' ')} */\n{indent}struct {{")
            out += struct_members(node["members"], indent + "\t")
            out.append(f"{indent}}} {name}{dims};")
        elif hasattr(leaf, "kind"):
            out.append(f"{indent}/** {leaf_comment(leaf)} */\n{indent}{leaf.c_type} {name}{dims};")
        else:
            out.append(f"{indent}/** see {leaf.name} */\n{indent}struct haldls_{leaf.c} "
                       f"{name}{dims};")
    return out


def header(c):
    out = []
    for leaf in c.leaves:
        if leaf.choice and hasattr(leaf, "tag"):
            out.append(f"/** Values of {c.name}.{leaf.name()}. */\n{leaf.c_type} {{")
            for name, value in leaf.values.items():
                out.append(f"\t{upper(leaf.tag)}_{upper(name)} = {value}, /**< {name} */")
            out.append("};\n")
    out.append(f"/** {c.name}: {c.summary}.\n *  {c.count} of them, one a {c.coordinate}. "
               f"Source: {c.source}. */\nstruct haldls_{c.c} {{")
    if not c.tree:
        out.append("\t/** no field: a write triggers, its value does not matter; leave it 0 */\n"
                   "\tuint32_t unused;")
    out += struct_members(c.tree, "\t")
    out.append(f"""}};

enum {{
	HALDLS_{upper(c.c)}_WORDS = {c.words}, /**< register words of a {c.name} */
	HALDLS_{upper(c.c)}_COUNT = {c.count}, /**< number of {c.coordinate} */
}};

/** Set all fields of a {c.name} to their defaults. @param[out] out the container */
HXCOMM_API void haldls_{c.c}_init(struct haldls_{c.c} *out);

/** Encode a {c.name}.
 *  @param[out] words  [HALDLS_{upper(c.c)}_WORDS] register words, in the order of writes
 *  @param value       the container
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  a field lies outside its range; @p words are undefined */
HXCOMM_API HXCOMM_NODISCARD int haldls_{c.c}_encode(uint32_t *words,
        const struct haldls_{c.c} *value);

/** Decode a {c.name}.
 *  @param[out] out  the container; undefined after an error
 *  @param words     [HALDLS_{upper(c.c)}_WORDS] register words, in the order of reads
 *  @retval 0              decoded
 *  @retval HXCOMM_ERANGE  a field would lie outside its range */
HXCOMM_API HXCOMM_NODISCARD int haldls_{c.c}_decode(struct haldls_{c.c} *out,
        const uint32_t *words);

/** Description of {c.name}. */
HXCOMM_API extern const struct haldls_container haldls_{c.c}_container;
""")
    return "\n".join(out)


# ---- code of parts -------------------------------------------------------------------------------


def looped(part, body, indent="\t"):
    if part.repeat == 1:
        return [indent + line for line in body]
    return ([f"{indent}for (uint32_t i = 0; i < {part.repeat}; i++) {{"] +
            [indent + "\t" + line for line in body] + [indent + "}"])


def own_index(part, field_dims, path):
    """The index of a field in the logical container, as C."""
    if part.index is not None:
        only = (lambda x: x) if part.repeat > 1 else lambda x: re.sub(r"\bi\b", "0", x)
        return [expression(only(x)) for x in part.index]
    counted = ["i"] if part.repeat > 1 else []
    return (counted + ["j", "k"][:len(field_dims)])[:len(path_dims(path))]


def field_loop(field, line):
    """A line for each element of a field of a register."""
    dims = field.dims
    if not dims:
        return [line]
    out = ["\t" * d + f"for (uint32_t {'jk'[d]} = 0; {'jk'[d]} < {n}; {'jk'[d]}++)"
           for d, n in enumerate(dims)]
    return out + ["\t" * len(dims) + line]


def subscript(field):
    return "".join(f"[{'jk'[d]}]" for d in range(len(field.dims)))


def whole_member(part, owner):
    path = [(n, d) for n, d in parse(part.member)]
    return f"{owner}->" + fill(path, ["i"] * len(path_dims(path)))


def parse(text):
    return [(re.split(r"\[", p)[0], re.findall(r"\d+", p.split("[", 1)[1]) if "[" in p else [])
            for p in text.split(".")]


def is_cell(part):
    return part.container.name == "CapMemCell"


def encode_part(c, part):
    sub, n = part.container, part.container.words
    error = f"return haldls__part_error(status, \"{c.name}\", \"{sub.name}\", " + \
        ("i);" if part.repeat > 1 else "0);")
    if part.member:
        return [f"status = haldls_{sub.c}_encode(words, &{whole_member(part, 'value')});",
                "if (status)", "\t" + error, f"words += {n};"]
    if is_cell(part):
        _, path = part.mapped[0]
        place = fill(path, own_index(part, [], path))
        array, _, number = place.partition("[")
        return [f"if (value->{place} > 1023u)",
                f"\treturn haldls__element_error(\"{c.name}.{array}\", {number[:-1]}, "
                f"(long long)value->{place}, 1023ll);" if number.endswith("]") else
                f"\treturn haldls__range_error(\"{c.name}.{place}\", "
                f"(long long)value->{place}, 0ll, 1023ll);",
                f"*words++ = value->{place};"]
    out = [f"struct haldls_{sub.c} part = HALDLS_{upper(sub.c)}_INIT;"]
    for field, path in part.mapped:
        place = fill(path, own_index(part, field.dims, path))
        out += field_loop(field, f"part.{field.name}{subscript(field)} = value->{place};")
    for choice in part.data.get("choices", []):
        for bit, name in enumerate(choice["from"]):
            values = ", ".join(str(s >> bit & 1) for s in choice["stored"])
            out.append(f"static const bool {name}[] = {{ {values} }};")
        limit = len(choice["stored"]) - 1
        member = choice["member"]
        out.append(f"if ((uint32_t)value->{member} > {limit}u)")
        out.append(f"\treturn haldls__range_error(\"{c.name}.{member}\", "
                   f"(long long)value->{member}, 0ll, {limit}ll);")
        out += [f"part.{name} = {name}[value->{member}];" for name in choice["from"]]
    return out + [f"status = haldls_{sub.c}_encode(words, &part);", "if (status)", "\t" + error,
                  f"words += {n};"]


def decode_part(c, part):
    sub, n = part.container, part.container.words
    error = f"return haldls__part_error(status, \"{c.name}\", \"{sub.name}\", " + \
        ("i);" if part.repeat > 1 else "0);")
    if part.member:
        return [f"status = haldls_{sub.c}_decode(&{whole_member(part, 'out')}, words);",
                "if (status)", "\t" + error, f"words += {n};"]
    if is_cell(part):
        _, path = part.mapped[0]
        return [f"out->{fill(path, own_index(part, [], path))} = *words++ & 1023u;"]
    out = [f"struct haldls_{sub.c} part;", f"status = haldls_{sub.c}_decode(&part, words);",
           "if (status)", "\t" + error]
    for field, path in part.mapped:
        place = fill(path, own_index(part, field.dims, path))
        cast = "(uint8_t)" if part.bytes else ""
        out += field_loop(field, f"out->{place} = {cast}part.{field.name}{subscript(field)};")
    for choice in part.data.get("choices", []):
        name = choice["member"].replace(".", "_")
        out.append(f"static const uint8_t {name}[] = {{ {', '.join(map(str, choice['read']))} }};")
        bits = " | ".join(f"part.{f} << {b}" if b else f"part.{f}"
                          for b, f in enumerate(choice["from"]))
        out.append(f"out->{choice['member']} = (enum haldls_{c.c}_{name}){name}[{bits}];")
    return out + [f"words += {n};"]


def kernel_lines(part, what, owner):
    """Rows of synapses go by the kernels of src/synapse_rows.c."""
    dims = len(path_dims(part.mapped[0][1]))
    names = {field.name: fill(path, [0] * dims) for field, path in part.mapped}
    planes = ", ".join(f"&{owner}->{names[x]}" for x in ("weights", "labels", "time_calibs",
                                                         "amp_calibs"))
    rows = part.repeat // 64
    if what == "encode":
        return [f"status = haldls__synapse_rows_encode(words, {planes}, {rows});", "if (status)",
                "\treturn status;", f"words += {part.repeat * part.container.words};"]
    return [f"haldls__synapse_rows_decode({planes}, words, {rows});",
            f"words += {part.repeat * part.container.words};"]


def coder_body(c, what):
    out = []
    code = encode_part if what == "encode" else decode_part
    for group in c.groups:
        first = group[0]
        if first.kernel:
            out += ["\t" + x for x in kernel_lines(first, what,
                                                   "value" if what == "encode" else "out")]
            continue
        body = []
        for part in group:
            lines = code(c, part)
            scoped = lines[0].startswith("struct ") and (len(group) > 1 or first.repeat == 1)
            body += ["{"] + ["\t" + x for x in lines] + ["}"] if scoped else lines
        out += looped(first, body)
    return "\n".join(out)


def init_part(part):
    """Defaults of a part's fields."""
    sub = part.container
    if part.member:
        member = whole_member(part, "out")
        return [f"haldls_{sub.c}_init(&{member});"] if isinstance(sub, Logical) else \
            [f"{member} = (struct haldls_{sub.c})HALDLS_{upper(sub.c)}_INIT;"]
    out = []
    for field, path in part.mapped:
        given = part.data.get("defaults", {}).get(field.name)
        defaults = [given] * field.count() if given is not None else field.defaults()
        if not any(defaults):
            continue  # it is 0 already
        place = fill(path, own_index(part, field.dims, path))
        if len(set(defaults)) == 1:
            value = {True: "true"}.get(field.type == "bool", str(defaults[0]))
            if field.type == "enum":
                value = f"({field.c_type()}){value}"
            out += field_loop(field, f"out->{place} = {value};")
        else:
            for number, index in enumerate(field.indices()):
                one = re.sub(r"\bj\b", str(number), place)
                out.append(f"out->{one} = {defaults[number]};")
    return out


def init_body(c):
    out = ["\tmemset(out, 0, sizeof(*out));"]
    for group in c.groups:
        body = [line for part in group for line in init_part(part)]
        if body:
            out += looped(group[0], body)
    return "\n".join(out)


# ---- reflection ----------------------------------------------------------------------------------


def element_functions(c):
    out = []
    for n, part in enumerate(c.parts):
        table = part.data.get("at_table")
        if table:
            body = (f"\tstatic const uint16_t at[] = {{ {', '.join(map(str, table))} }};\n"
                    "\t(void)element;\n\treturn at[i];")
        else:
            body = f"\t(void)element, (void)i;\n\treturn {expression(part.data['at'])};"
        out.append(f"static uint32_t {c.c}_element_{n}(uint32_t element, uint32_t i)\n{{\n{body}\n}}\n")
    return "\n".join(out)


def part_addresses(c, n, kind):
    part, sub = c.parts[n], c.parts[n].container
    at = f"{part.offset}u" + (f" + {part.stride}u * i" if part.repeat > 1 else "")
    name = address_name(sub, kind)
    out = [f"const uint32_t e = {c.c}_element_{n}(element, {'i' if part.repeat > 1 else '0'});"]
    addresses = None if isinstance(sub, Logical) else sub.write if kind == "write" else sub.read
    if not addresses:
        out.append(f"{name}(out + {at}, backend, e);")
    elif addresses.each:
        out += [f"for (uint32_t w = 0; w < {addresses.count}; w++)",
                f"\tout[{at} + w] = {name}(backend, e, w);"]
    else:
        out += [f"out[{at} + {w}u] = {name}(backend, e, {w});" for w in range(addresses.count)]
    head = f"for (uint32_t i = 0; i < {part.repeat}; i++) {{" if part.repeat > 1 else "{"
    return "\n".join(["\t" + head] + ["\t\t" + line for line in out] + ["\t}"])


def address_lists(c):
    """Functions that list the addresses of all words: loops that a compiler sees through."""
    out = []
    for kind, count in (("write", c.written), ("read", c.read_words)):
        if not count or (kind == "read" and c.written and reads_as_written(c)):
            continue
        out.append(f"static void {address_name(c, kind)}(\n"
                   "\tuint32_t *out, enum fisch_backend backend, uint32_t element)\n{")
        out += [part_addresses(c, n, kind) for n in range(len(c.parts))]
        out.append("}\n")
    return "\n".join(out)


def is_silent(c):
    """Does a real chip keep some of it to itself?"""
    if isinstance(c, Logical):
        return c.read_words > 0 and any(is_silent(part.container) for part in c.parts)
    return "hardware" in c.read_unsupported_on


def address_members(c):
    return "".join(f"\t.{kind}_addresses = {address_name(c, kind)},\n"
                   for kind, count in (("write", c.written), ("read", c.read_words)) if count)


def parts_table(c):
    rows = [f"\t{{ &haldls_{p.container.c}_container, {p.repeat}, {p.offset}, {p.stride}, "
            f"{c.c}_element_{n} }}," for n, p in enumerate(c.parts)]
    return f"static const struct haldls_part {c.c}_parts[] = {{\n" + "\n".join(rows) + "\n};\n"


def field_row(c, leaf, number):
    dims = path_dims(leaf.path)
    steps = []
    for depth in range(len(dims)):
        # the size of an element of this dimension: the member with so many subscripts
        text, used = "", 0
        for name, own in leaf.path:
            text += ("." if text else "") + name
            for _ in own:
                if used <= depth:
                    text += "[0]"
                used += 1
            if used > depth:
                break
        steps.append(f"sizeof(((struct haldls_{c.c} *)0)->{text})")
    first = fill(leaf.path, ["0"] * len(dims))
    three = dims + [0] * (3 - len(dims))
    strides = steps + ["0"] * (3 - len(dims))
    kinds = {"bool": "BOOL", "uint": "UINT", "int": "INT", "enum": "ENUM", "uint8": "UINT8",
             "analog": "ANALOG"}
    kind = "UINT64" if leaf.c_type == "uint64_t" else kinds[leaf.kind]
    count = 1
    for d in dims:
        count *= d
    values = f"{c.c}_values_{number}, {len(leaf.values)}" if leaf.values else "NULL, 0"
    return (f"\t{{ {c_string(leaf.name())}, NULL, {c_string(leaf.summary)}, {c_string(leaf.unit)},\n"
            f"\t  HALDLS_TYPE_{kind}, offsetof(struct haldls_{c.c}, {first}),\n"
            f"\t  {{ {', '.join(map(str, three))} }}, {{ {', '.join(strides)} }}, {count},\n"
            f"\t  {leaf.min}ll, {leaf.max}ll, NULL, {values}, false }},")


def reflection(c):
    out = [element_functions(c), address_lists(c), parts_table(c)]
    for n, leaf in enumerate(c.leaves):
        if leaf.values:
            rows = ", ".join(f"{{ {c_string(k)}, {v} }}" for k, v in leaf.values.items())
            out.append(f"static const struct haldls_value {c.c}_values_{n}[] = {{ {rows} }};")
    if c.leaves:
        out.append(f"static const struct haldls_field {c.c}_fields[] = {{")
        out += [field_row(c, leaf, n) for n, leaf in enumerate(c.leaves)]
        out.append("};")
    backends = ", ".join(BACKENDS[b] for b in c.backends)
    out.append(f"static const enum fisch_backend {c.c}_backends[] = {{ {backends} }};")
    out.append(f"""static void {c.c}_init(void *value)
{{
	haldls_{c.c}_init(value);
}}

static int {c.c}_encode(uint32_t *words, const void *value)
{{
	return haldls_{c.c}_encode(words, value);
}}

static int {c.c}_decode(void *value, const uint32_t *words)
{{
	return haldls_{c.c}_decode(value, words);
}}

static uint32_t {c.c}_write_address(enum fisch_backend backend, uint32_t element, uint32_t word)
{{
	return haldls__part_address(&haldls_{c.c}_container, backend, element, word, true);
}}

static uint32_t {c.c}_read_address(enum fisch_backend backend, uint32_t element, uint32_t word)
{{
	return haldls__part_address(&haldls_{c.c}_container, backend, element, word, false);
}}

const struct haldls_container haldls_{c.c}_container = {{
	.name = "{c.name}",
	.c_name = "{c.c}",
	.summary = {c_string(c.summary)},
	.coordinate = "{c.coordinate}",
	.count = {c.count},
	.write_words = {c.written},
	.read_words = {c.read_words},
	.size = sizeof(struct haldls_{c.c}),
	.backends = {c.c}_backends,
	.backend_count = {len(c.backends)},
	.read_backends = {c.c}_backends,
	.read_backend_count = {len(c.backends) if c.read_words else 0},
	.init = {c.c}_init,
	.encode = {c.c}_encode,
	.decode = {c.c}_decode,
	.write_address = {c.c}_write_address,
	.read_address = {c.c}_read_address,
	.fields = {f"{c.c}_fields" if c.leaves else "NULL"},
	.field_count = {len(c.leaves)},
	.parts = {c.c}_parts,
	.part_count = {len(c.parts)},
	.differential = {"true" if c.differential else "false"},
	.is_silent = {"true" if is_silent(c) else "false"},
{address_members(c)}}};
""")
    return "\n".join(out)


def source(c):
    needs_status = any(not is_cell(p) for p in c.parts)
    decodes = any(not is_cell(p) and not p.kernel for p in c.parts)
    return "\n".join([
        f"/* ---- {c.name} ---- */\n",
        f"void haldls_{c.c}_init(struct haldls_{c.c} *out)\n{{", init_body(c), "}\n",
        f"int haldls_{c.c}_encode(uint32_t *words, const struct haldls_{c.c} *value)\n{{"
        + ("\n\tint status;" if needs_status else "")
        + ("\n\t(void)value;" if not c.leaves else ""),
        coder_body(c, "encode"), "\treturn HXCOMM_OK;\n}\n",
        f"int haldls_{c.c}_decode(struct haldls_{c.c} *out, const uint32_t *words)\n{{"
        + ("\n\tint status;" if decodes else "") + "\n\tmemset(out, 0, sizeof(*out));",
        coder_body(c, "decode"), "\treturn HXCOMM_OK;\n}\n",
        reflection(c)])


def logical_header(notice, containers):
    out = [notice + "#ifndef HALDLS_LOGICAL_H\n#define HALDLS_LOGICAL_H\n",
           "/** @file\n *  @brief All logical containers, generated from haldls/registers/logical/.",
           " *  @defgroup haldls_logical Logical containers\n *",
           " *  What belongs together on the chip, such as a neuron circuit with its parameters in the",
           " *  capacitive memory. A logical container has no words of its own: its words are those of",
           " *  its parts, in the order of its description. Plain values: no ownership, no threads",
           " *  rule. Some are large: keep them on the heap. @{ */\n",
           "#include <haldls/containers.h>\n\n#include <stdbool.h>\n#include <stdint.h>\n",
           "#ifdef __cplusplus\nextern \"C\" {\n#endif\n"]
    out += [header(c) for c in containers]
    rows = ", \\\n".join(
        f"\tstruct haldls_{c.c} *: &haldls_{c.c}_container, \\\n"
        f"\tconst struct haldls_{c.c} *: &haldls_{c.c}_container" for c in containers)
    out.append("/** The description of the logical container that a pointer points to.\n"
               " *  @param pointer  a pointer to any struct of this page */")
    out.append(f"#define HALDLS_LOGICAL_OF(pointer) _Generic((pointer), \\\n{rows})\n")
    out.append("#ifdef __cplusplus\n}\n#endif\n/** @} */\n#endif\n")
    return "\n".join(out)


def logical_source(notice, containers):
    text = notice + '#include "container_addresses.h"\n#include "encodings.h"\n' \
        '#include "parts.h"\n#include "synapse_rows.h"\n\n' \
        "#include <haldls/coordinate.h>\n#include <haldls/logical.h>\n\n" \
        "#include <stddef.h>\n#include <string.h>\n\n"
    text += "\n".join(source(c) for c in containers)
    table = ",\n\t".join(f"&haldls_{c.c}_container" for c in sorted(containers, key=lambda c: c.c))
    return text + ("const struct haldls_container *const haldls__logical_table[] = {\n\t" + table +
                   ",\n};\nconst size_t haldls__logical_count = " + f"{len(containers)};\n")
