# SPDX-License-Identifier: MIT
"""The JSON Schema of the data files, and a check against it that says what is wrong where.

Only what haldls/registers/schema.json uses of the language is understood, and anything else in it
is an error: Python's standard library has no validator, and the build needs nothing but that.
"""
import json
import os
import re

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                    "registers/schema.json")
TYPES = {"string": str, "array": list, "object": dict, "boolean": bool, "integer": int}
KEYWORDS = {"$ref", "title", "type", "enum", "pattern", "minLength", "minimum", "maximum",
            "minItems", "items", "properties", "required", "additionalProperties", "anyOf"}


class Refused(Exception):
    """Data that are wrong, and why: for who wrote them."""


class Wrong(Exception):
    """What is wrong, and how deep within the data."""

    def __init__(self, where, text, another_type=False):
        super().__init__(f"{'.'.join(where)}: {text}")
        self.depth = 2 * len(where) - another_type


class Schema:
    def __init__(self, path=PATH):
        with open(path, encoding="utf-8") as f:
            self.definitions = json.load(f)["$defs"]

    def keys(self, name):
        """The keys of a kind of object, in the order of files."""
        return list(self.definitions[name]["properties"])

    def check(self, data, name, where):
        """Refuse data that is not what the definition `name` says."""
        try:
            self.visit(data, self.definitions[name], [where])
        except Wrong as wrong:
            raise Refused(str(wrong))

    def visit(self, data, schema, where):
        unknown = set(schema) - KEYWORDS
        assert not unknown, f"schema.json uses {unknown}"
        if "$ref" in schema:
            self.visit(data, self.definitions[schema["$ref"].removeprefix("#/$defs/")], where)
        if "anyOf" in schema:
            self.visit_any(data, schema["anyOf"], where)
        self.check_value(data, schema, where)
        if isinstance(data, dict):
            self.visit_object(data, schema, where)
        for i, item in enumerate(data if isinstance(data, list) and "items" in schema else []):
            name = item.get("name", item.get("container")) if isinstance(item, dict) else None
            self.visit(item, schema["items"], where + [str(name or i)])

    def visit_any(self, data, alternatives, where):
        """The complaint of the form that comes closest."""
        worst = None
        for schema in alternatives:
            try:
                return self.visit(data, schema, where)
            except Wrong as wrong:
                if not worst or wrong.depth > worst.depth:
                    worst = wrong
        raise worst

    def visit_object(self, data, schema, where):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for key in schema.get("required", []):
            if key not in data:
                raise Wrong(where, f"key '{key}' is missing")
        for key, value in data.items():
            if key in properties:
                self.visit(value, properties[key], where + [key])
            elif others is False:
                raise Wrong(where, f"unknown key '{key}'")
            elif others is not True:
                self.visit(value, others, where + [key])

    @staticmethod
    def check_value(data, schema, where):
        kind, shown = schema.get("type"), f"{json.dumps(data):.60}"
        if not isinstance(data, TYPES.get(kind, object)) or \
                (kind == "integer" and isinstance(data, bool)):
            raise Wrong(where, f"{shown} is no {kind}", another_type=True)
        if "enum" in schema and data not in schema["enum"]:
            raise Wrong(where, f"{shown} is none of {', '.join(schema['enum'])}")
        if "pattern" in schema and not re.search(schema["pattern"], data):
            raise Wrong(where, f"{shown} is not {schema['title']}")
        if not data and ("minItems" in schema or "minLength" in schema):
            raise Wrong(where, "is empty")
        if ("minimum" in schema and data < schema["minimum"]) or \
                ("maximum" in schema and data > schema["maximum"]):
            raise Wrong(where, f"{shown} lies outside {schema.get('minimum')} to "
                               f"{schema.get('maximum')}")


SCHEMA = Schema()
