#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schemas and messages made at random, judged by the server's own code and by python3-jsonschema: both must agree.

schemaoracletest.py JUDGE [SEED [SCHEMAS]]: the program schema_judge; a seed repeats a run.

Left out on purpose, since the two are known to differ there, each with a row of its own in unit.schema_keywords:
- `format`: python3-jsonschema asserts none by default, the server all that it knows.
- `pattern` with `$` before a last line feed, `\\w` and `\\d` beyond ASCII, lookaround: Python's re is another language than RE2.
- `multipleOf` of a fraction: Python divides in binary and finds 19.99 to be no multiple of 0.01.
- numbers beyond 2**53: Python's are unbounded.
"""

import json
import random
import subprocess
import sys
import unittest

import jsonschema

JUDGE = sys.argv.pop(1)
SEED = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 20270101
SCHEMAS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 1500
MESSAGES = 8

TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = ["a", "b", "c", "a/b", "~", "", "é"]
PATTERNS = ["^a", "b$", "^[ab]*$", "a|c", "^.{2,3}$", "[a-z]", "^$", "[0-9]+", "^a/b"]
SCALARS = [None, True, False, 0, 1, -1, 2, 3, 5, 1.0, 1.5, -0.5, 2.0, "", "a", "b", "ab", "abc", "é", "😀", "1", "aab"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=3):
        r = self.random
        kind = r.random()
        if depth == 0 or kind < 0.5:
            return r.choice(SCALARS)
        if kind < 0.72:
            return [self.value(depth - 1) for _ in range(r.randrange(4))]
        return {name: self.value(depth - 1) for name in r.sample(NAMES, r.randrange(5))}

    def schema(self, depth=3):
        r = self.random
        if depth == 0 or r.random() < 0.12:
            return r.choice([True, True, False, {}, {"type": r.choice(TYPES)}, {"$ref": "#/definitions/" + r.choice("xyz")}])
        result = {}
        for _ in range(r.choice([1, 1, 2, 2, 3])):
            self.keyword(result, depth - 1)
        if isinstance(result.get("items"), bool):  # python3-jsonschema 4.10 fails at the two together
            result.pop("additionalItems", None)
        return result

    def keyword(self, result, depth):
        r = self.random
        count = lambda: r.randrange(4)
        number = lambda: r.choice([0, 1, 2, 3, 1.5, -1])
        makers = {
            "type": lambda: r.choice([r.choice(TYPES), r.sample(TYPES, r.randrange(1, 4))]),
            "enum": lambda: [self.value(2) for _ in range(r.randrange(1, 5))],
            "const": lambda: self.value(2),
            "minimum": number, "maximum": number, "exclusiveMinimum": number, "exclusiveMaximum": number,
            "multipleOf": lambda: r.choice([1, 2, 3, 0.5]),
            "minLength": count, "maxLength": count, "pattern": lambda: r.choice(PATTERNS),
            "minItems": count, "maxItems": count, "uniqueItems": lambda: r.random() < 0.8,
            "items": lambda: r.choice([self.schema(depth), [self.schema(depth) for _ in range(r.randrange(1, 3))]]),
            "additionalItems": lambda: self.schema(depth),
            "contains": lambda: self.schema(depth),
            "minProperties": count, "maxProperties": count,
            "required": lambda: r.sample(NAMES, r.randrange(3)),
            "properties": lambda: {name: self.schema(depth) for name in r.sample(NAMES, r.randrange(1, 4))},
            "patternProperties": lambda: {p: self.schema(depth) for p in r.sample(PATTERNS, r.randrange(1, 3))},
            "additionalProperties": lambda: self.schema(depth),
            "propertyNames": lambda: self.schema(depth),
            "dependencies": lambda: {name: r.choice([self.schema(depth), r.sample(NAMES, r.randrange(3))])
                                     for name in r.sample(NAMES, r.randrange(1, 3))},
            "allOf": lambda: [self.schema(depth) for _ in range(r.randrange(1, 3))],
            "anyOf": lambda: [self.schema(depth) for _ in range(r.randrange(1, 4))],
            "oneOf": lambda: [self.schema(depth) for _ in range(r.randrange(1, 4))],
            "not": lambda: self.schema(depth),
            "if": lambda: self.schema(depth), "then": lambda: self.schema(depth), "else": lambda: self.schema(depth),
            "x-unknown": lambda: self.value(1),
        }
        key = r.choice(list(makers))
        result[key] = makers[key]()
        if key == "items" and r.random() < 0.5:
            result["additionalItems"] = self.schema(depth)
        if key == "if":
            result["then"], result["else"] = self.schema(depth), self.schema(depth)

    def document(self):
        """What refers goes deeper into the message, or to something that does not refer."""
        schema = self.schema()
        if not isinstance(schema, dict) or "$ref" in schema:
            schema = {"allOf": [schema]}
        plain = lambda: {"type": self.random.choice(TYPES)}
        schema["definitions"] = {
            "x": plain(),
            "y": {"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#/definitions/y"}},
            "z": {"anyOf": [plain(), {"$ref": "#/definitions/x"}, {"required": ["a"]}]},
        }
        return schema


def keywords(schema, into):
    """How often each keyword stands in a schema."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            into[key] = into.get(key, 0) + 1
            keywords(value, into)
    elif isinstance(schema, list):
        for each in schema:
            keywords(each, into)


class Oracle(unittest.TestCase):
    def test_agree_on_random_schemas_and_messages(self):
        maker = Maker(SEED)
        cases = [(maker.document(), [maker.value() for _ in range(MESSAGES)]) for _ in range(SCHEMAS)]
        lines = "".join(json.dumps({"schema": json.dumps(s), "messages": [json.dumps(m) for m in ms]}) + "\n" for s, ms in cases)
        done = subprocess.run([JUDGE], input=lines, capture_output=True, text=True, timeout=100)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(cases))
        fits, misfits, failed, seen, different = 0, 0, 0, {}, []
        for (schema, messages), answer in zip(cases, answers):
            keywords(schema, seen)
            jsonschema.Draft7Validator.check_schema(schema)
            self.assertNotIn("error", answer, json.dumps(schema))
            validator = jsonschema.Draft7Validator(schema)
            for message, pointer in zip(messages, answer["pointers"]):
                try:
                    expected = validator.is_valid(message)
                except TypeError:  # it sorts what it would name in its error, and cannot sort a list beside a text
                    failed += 1
                    continue
                fits += expected
                misfits += not expected
                if expected != (pointer is None):
                    different.append(f"{json.dumps(schema)}\n  {json.dumps(message)}: ours {pointer}, theirs {expected}")
                if pointer is not None:
                    self.resolves(schema, pointer)
        self.assertEqual(different, [], f"seed {SEED}: {len(different)} differ; the first:\n{different[:1]}")
        self.assertLess(failed, len(cases) / 100)
        # A generator that makes nothing but one answer, or forgets a keyword, would agree with anything.
        self.assertGreater(fits, len(cases))
        self.assertGreater(misfits, len(cases))
        for key in ("contains", "propertyNames", "dependencies", "if", "oneOf", "uniqueItems", "$ref", "const"):
            self.assertGreater(seen.get(key, 0), 20, key)

    def resolves(self, schema, pointer):
        """A pointer names a place of the schema."""
        for token in pointer.split("/")[1:]:
            token = token.replace("~1", "/").replace("~0", "~")
            schema = schema[int(token)] if isinstance(schema, list) else schema[token]


if __name__ == "__main__":
    unittest.main()
