#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree keeps its rules: who may include whom (the table of server/README.md), licence lines, no globals.

structuretest.py ROOT QT_INCLUDE_DIRECTORIES: the latter as CMake gives them, separated by colons.
"""

import re
import sys
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1)).resolve()
QT_INCLUDES = [Path(path) for path in sys.argv.pop(1).split(":") if path and "<" not in path]

CODE = {".cpp", ".h"}
LICENSED = CODE | {".py", ".sh", ".js", ".mjs", ".cmake", ".css", ".html", ".sql", ".in", ".svg", ".service", ".desktop"}
LICENSED_NAMES = {"CMakeLists.txt"}
SKIPPED = {".git", "build", "node_modules", ".cache"}
PURE = {"policy": r"_clock::now\(", "wire": r"_clock::now\(|<sys/|<unistd\.h>|<fstream>|<filesystem>"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def strip_comments(text):
    """Leaves strings alone, since a URL in one looks like a comment."""
    pattern = r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda m: m.group() if m.group().startswith('"') else " ", text, flags=re.DOTALL)


def folder_table(readme):
    """{"net": ("server", {"wire", …}, {"openssl", …})} from the table's rows."""
    table = {}
    for row in re.findall(r"^\| `(server|ui)/(\w+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", readme, re.MULTILINE):
        side, folder, _, known, outside = row
        table[folder] = (side, set(known.split()), set(outside.split()))
    return table


def qt_module_of(header):
    """"QtGui" for "QPalette" and for "QtGui/qpalette.h"; None where Qt has no such header."""
    if header.startswith("Qt") and "/" in header:
        return header.split("/")[0]
    for base in QT_INCLUDES:
        for module in [base] if base.name.startswith("Qt") else sorted(base.glob("Qt*")):
            if (module / header).is_file():
                return module.name
    return None


def outside_name(header):
    """The library that a header in angle brackets belongs to; None for the standard library and the system."""
    first = header.split("/")[0]
    if first in ("openssl", "nlohmann", "valijson", "re2", "curl"):
        return first
    if header == "simdjson.h":
        return "simdjson"
    if header == "zlib.h":
        return "zlib"
    if re.match(r"Q[A-Zt]", header):
        return qt_module_of(header) or "Qt, unknown module"
    return None


def wrong_arrows(table, side, folder, text, path):
    """What `text`, a source of `folder`, includes against the table."""
    _, known, outside = table[folder]
    found = []
    for bracket, header in INCLUDE.findall(strip_comments(text)):
        parts = header.split("/")
        if bracket == '"':
            if len(parts) > 1 and parts[0] not in known | {folder}:
                found.append(f"{path}: {side}/{folder} may not know \"{header}\"")
        else:
            name = outside_name(header)
            if name and name not in outside:
                found.append(f"{path}: {side}/{folder} may not know <{header}> ({name})")
    return found


def sources(*folders, suffixes=CODE):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file() and not SKIPPED.intersection(path.parts):
                yield path


def shown(path):
    return path.relative_to(ROOT).as_posix()


class Structure(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.table = folder_table((ROOT / "server/README.md").read_text())

    def test_every_folder_stands_in_the_table_and_the_table_names_no_other(self):
        folders = {path.parent.name for path in sources("server", "ui")}
        self.assertEqual(folders - set(self.table), set())
        for folder, (side, known, _) in self.table.items():
            self.assertTrue((ROOT / side / folder / "CMakeLists.txt").is_file(), f"{side}/{folder}")
            self.assertEqual(known - set(self.table), set(), f"{side}/{folder} knows what is not in the table")

    def test_the_table_has_no_circle_and_the_server_knows_nothing_of_the_console(self):
        done = set()
        while len(done) < len(self.table):
            ready = {f for f, (_, known, _) in self.table.items() if f not in done and known <= done}
            self.assertTrue(ready, f"a circle among {set(self.table) - done}")
            done |= ready
        for folder, (side, known, outside) in self.table.items():
            if side == "server":
                self.assertFalse({f for f in known if self.table[f][0] == "ui"}, folder)
                self.assertFalse(outside & {"QtGui", "QtWidgets", "QtCharts", "QtSvg"}, folder)

    def test_no_include_goes_against_the_table(self):
        self.assertIsNotNone(qt_module_of("QString"), f"no Qt headers below {QT_INCLUDES}")
        found = []
        for path in sources("server", "ui"):
            side, folder = path.relative_to(ROOT).parts[:2]
            if folder in self.table:
                found += wrong_arrows(self.table, side, folder, path.read_text(), shown(path))
        self.assertEqual(found, [])

    def test_a_wrong_arrow_would_be_found(self):
        def finds(folder, line):
            side = self.table[folder][0]
            return len(wrong_arrows(self.table, side, folder, line, "x.cpp"))

        self.assertEqual(finds("wire", '#include "net/session.h"\n'), 1)
        self.assertEqual(finds("wire", '#  include "net/session.h"\n'), 1)
        self.assertEqual(finds("net", '#include "wire/frame.h"\n'), 0)
        self.assertEqual(finds("net", '#include <QWidget>\n'), 1)
        self.assertEqual(finds("net", '#include <QtWidgets/qwidget.h>\n'), 1)
        self.assertEqual(finds("domain", '#include <QString>\n'), 0)
        self.assertEqual(finds("feed", "#include <openssl/ssl.h>\n"), 1)
        self.assertEqual(finds("pages", '#include "net/session.h"\n'), 1)
        self.assertEqual(finds("wire", '// #include "net/session.h"\n'), 0)

    def test_pure_folders_have_no_clock_and_no_io(self):
        found = []
        for folder, pattern in PURE.items():
            for path in sources(f"server/{folder}"):
                if re.search(pattern, strip_comments(path.read_text())):
                    found.append(shown(path))
        self.assertEqual(found, [])

    def test_no_singletons_and_no_style_sheets(self):
        found = []
        for path in sources("server", "ui", "app"):
            for match in re.finditer(r"::instance\(\)|\bsetStyleSheet\b", strip_comments(path.read_text())):
                found.append(f"{shown(path)}: {match.group()}")
        self.assertEqual(found, [])

    def test_every_source_has_its_licence_line(self):
        found = []
        for path in sorted(ROOT.rglob("*")):
            parts = path.relative_to(ROOT).parts
            if SKIPPED.intersection(parts) or parts[0] == "resources" or not path.is_file():
                continue
            if path.suffix in LICENSED or path.name in LICENSED_NAMES or parts[0] in (".ci",):
                if "SPDX-License-Identifier: GPL-3.0-or-later" not in "".join(path.read_text().splitlines(True)[:3]):
                    found.append(shown(path))
        self.assertEqual(found, [])

    def test_headers_have_pragma_once_and_sources_start_with_their_own_header(self):
        found = [shown(p) for p in sources("server", "ui", "app", suffixes={".h"}) if "#pragma once" not in p.read_text()]
        for path in sources("server", "ui", suffixes={".cpp"}):
            own = [f"{path.parent.name}/{path.stem}{private}.h" for private in ("", "_p")]
            first = [header for _, header in INCLUDE.findall(strip_comments(path.read_text()))[:1]]
            if path.with_suffix(".h").is_file() and not set(first).intersection(own):
                found.append(f"{shown(path)}: \"{own[0]}\" does not come first")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
