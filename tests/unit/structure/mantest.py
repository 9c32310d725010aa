#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manual as it was built: formats without a warning, and leaves out nothing that the code knows.

mantest.py ROOT MANDIR
"""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT, MAN = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
PAGES = ["gatehouse.1", "gatehousectl.1", "gatehouse.json.5", "gatehoused.8"]

if not shutil.which("groff"):
    sys.exit("missing groff: run packaging/test, which installs what the tests need")


def formatted(page):
    """The page as a terminal shows it, without overstriking, and what groff had to say."""
    done = subprocess.run(["groff", "-t", "-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=100n", str(MAN / page)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return done.stdout.replace("\u2010", "-").replace("\u2212", "-"), done.stderr


class Manual(unittest.TestCase):
    def test_every_page_formats_without_a_warning_and_leaves_no_place_unfilled(self):
        for page in PAGES:
            with self.subTest(page):
                text, warnings = formatted(page)
                self.assertEqual(warnings, "")
                self.assertNotRegex(text, r"@[A-Z_]+@")
                self.assertRegex(text, r"\nNAME\n")
                self.assertNotIn("()", text, "a request where a macro was meant")

    def test_every_reason_stands_in_the_daemons_page(self):
        source = (ROOT / "server/domain/reason.cpp").read_text()
        words = re.findall(r'case Reason::\w+:\s+return "(\w+)";', source)
        self.assertGreater(len(words), 50)
        text, _ = formatted("gatehoused.8")
        self.assertEqual([word for word in words if not re.search(rf"^ +{word}\b.*[A-Z]", text, re.MULTILINE)], [])

    def test_every_close_code_and_exit_code_stands_in_the_daemons_page(self):
        source = (ROOT / "server/domain/reason.cpp").read_text()
        codes = set(re.findall(r"return (\d+);", source[source.index("closeCode(Reason reason)"):]))
        self.assertIn("4403", codes)
        codes |= set(re.findall(r"return (\d+);", (ROOT / "server/policy/closecodes.cpp").read_text()))
        self.assertIn("3507", codes)
        text, _ = formatted("gatehoused.8")
        table = text[text.index("CLOSE CODES"):text.index("ENVIRONMENT")]
        for code in codes:
            self.assertRegex(table, rf"(?m)^ +{code} +\w")
        exits = re.findall(r"\bexit\w+ = (\d+)", (ROOT / "app/common/exitcodes.h").read_text())
        self.assertEqual(len(exits), 4)
        for page in PAGES:
            if not page.endswith("5"):
                text, _ = formatted(page)
                for code in exits:
                    self.assertRegex(text[text.index("EXIT STATUS"):], rf"(?m)^ +{code} +\w")

    def test_every_command_and_option_of_gatehousectl_stands_in_its_page(self):
        files = ("commandtable", "measurearguments", "policyarguments")
        source = "".join((ROOT / f"app/ctl/{name}.cpp").read_text() for name in files)
        specs = re.findall(r'^ {8}\{"([\w -]+)",\s*\{([^}]*)\}', source, re.MULTILINE)
        commands = [name for name, _ in specs]
        options = {word for _, row in specs for word in re.findall(r"[\w-]+", row)}
        self.assertGreater(len(commands), 30)
        self.assertLessEqual({"cooldown", "replace-file", "network"}, options)
        completed = (ROOT / "packaging/completions/gatehousectl").read_text()
        self.assertEqual([name for name in " ".join(commands).split() if not re.search(rf"\b{name}\b", completed)], [])
        self.assertEqual([name for name in options if f"--{name}" not in completed], [])
        text, _ = formatted("gatehousectl.1")
        self.assertEqual([name for name in commands if not re.search(rf"(?m)^ {{7}}(\w+, )?{name}\b", text)], [])
        self.assertEqual([name for name in options if f"--{name}" not in text], [])

    def test_every_key_that_a_policy_may_have_stands_in_its_page(self):
        schema = json.loads((ROOT / "resources/gatehouse.schema.json").read_text())
        objects = [schema, *schema["definitions"].values()]
        keys = {key for one in objects for key in one.get("properties", {})}
        self.assertGreater(len(keys), 90)
        text, _ = formatted("gatehouse.json.5")
        self.assertEqual({key for key in keys if not re.search(rf"\b{key}\b", text)}, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
