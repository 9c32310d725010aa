# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs are built with the hardening that CMakeLists.txt asks for: read from the binaries themselves."""
import subprocess
import sys
import unittest


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Hardening(unittest.TestCase):
    programs = []
    fortified = False

    def each(self):
        for program in self.programs:
            with self.subTest(program):
                yield program

    def test_position_independent(self):
        for program in self.each():
            self.assertIn("DYN (Position-Independent Executable file)", output("readelf", "-h", program))

    def test_relocations_read_only_and_bound_at_start(self):
        for program in self.each():
            self.assertIn("GNU_RELRO", output("readelf", "-lW", program))
            self.assertRegex(output("readelf", "-d", program), r"FLAGS_1.*\bNOW\b")

    def test_stack_is_not_executable(self):
        for program in self.each():
            self.assertRegex(output("readelf", "-lW", program), r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s")

    def test_stack_protector(self):
        for program in self.each():
            self.assertIn("__stack_chk_fail", output("readelf", "-sW", program))

    def test_indirect_branches_land_on_marks(self):
        for program in self.each():
            main = output("objdump", "-d", "--disassemble=main", program)
            self.assertIn("endbr64", main)

    def test_fortified_calls(self):
        if not self.fortified:
            return  # needs an optimising build without sanitizers: the release preset
        self.assertRegex(output("readelf", "-sW", self.programs[0]), r"__\w+_chk@")


if __name__ == "__main__":
    Hardening.fortified = sys.argv.pop(1) == "yes"
    Hardening.programs = sys.argv[1:]
    unittest.main(argv=sys.argv[:1], verbosity=2)
