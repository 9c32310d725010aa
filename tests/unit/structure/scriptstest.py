#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""packaging/lib.sh installs what is missing, nothing else, and asks for root for apt alone.

scriptstest.py ROOT. Commands that would change the machine are replaced by ones that write down how they were called.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(sys.argv.pop(1)).resolve()


class Packages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bin = Path(folder.name)
        self.calls = self.bin / "calls"
        self.calls.touch()
        self.fake("apt-get", f'echo "apt-get $*" >> {self.calls}; exit ${{APT_EXIT:-0}}')
        self.fake("sudo", f'echo "sudo $1" >> {self.calls}; exec "$@"')
        self.installed()
        self.user(0)

    def fake(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def installed(self, *missing):
        lacks = " ".join(f"| {name}" for name in missing)
        self.fake("dpkg-query", f'case ${{@: -1}} in "" {lacks}) exit 1 ;; *) printf installed ;; esac')

    def user(self, uid):
        self.fake("id", f"echo {uid}")

    def run_script(self, command, **environment):
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.bin), **environment}
        return subprocess.run(["bash", "-c", f"source {ROOT}/packaging/lib.sh; {command}"], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def called(self):
        return self.calls.read_text().splitlines()

    def test_every_package_has_a_section_and_a_reason(self):
        section = None
        for line in (ROOT / "packaging/dependencies").read_text().splitlines():
            if line.startswith("["):
                section = line
            elif line and not line.startswith("#"):
                self.assertIsNotNone(section)
                self.assertRegex(line, r"^[a-z0-9.+-]+( unless=\w+)? +# \S.{10,}")

    def test_nothing_missing_calls_nothing(self):
        self.assertEqual(self.run_script("need_packages build run test").returncode, 0)
        self.assertEqual(self.called(), [])

    def test_only_what_is_missing_is_installed_after_an_update_without_recommendations(self):
        self.installed("cmake", "qt6-svg-dev", "chromium")
        self.assertEqual(self.run_script("need_packages build run").returncode, 0)
        update, install = self.called()
        self.assertIn(" update", update)
        self.assertRegex(install, r"install .*--no-install-recommends cmake qt6-svg-dev$")

    def test_a_user_calls_sudo_for_apt_alone(self):
        self.user(1000)
        self.installed("cmake")
        self.assertEqual(self.run_script("need_packages build").returncode, 0)
        self.assertEqual([call for call in self.called() if call.startswith("sudo")], ["sudo apt-get"] * 2)

    def test_root_needs_no_sudo(self):
        self.installed("cmake")
        self.assertEqual(self.run_script("need_packages build").returncode, 0)
        self.assertEqual([call for call in self.called() if call.startswith("sudo")], [])

    def test_a_user_without_sudo_is_told_what_to_install(self):
        self.user(1000)
        self.installed("cmake")
        (self.bin / "sudo").unlink()
        done = self.run_script("command() { [ \"$2\" != sudo ] && builtin command \"$@\"; }; need_packages build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install --no-install-recommends cmake", done.stderr)
        self.assertEqual(self.called(), [])

    def test_a_failing_apt_ends_the_script(self):
        self.installed("cmake")
        done = self.run_script("need_packages build; echo went on", APT_EXIT="100")
        self.assertEqual((done.returncode, "went on" in done.stdout), (1, False))

    def test_an_unknown_section_is_an_error(self):
        self.assertEqual(self.run_script("need_packages biuld").returncode, 1)

    def test_node_from_elsewhere_is_kept(self):
        self.fake("node", "")
        self.fake("npm", "")
        self.assertNotRegex(self.run_script("packages test").stdout, r"(?m)^(nodejs|npm)$")
        self.run_script("packages test")
        for name in ("node", "npm"):
            (self.bin / name).unlink()
        listed = self.run_script("command() { case $2 in node | npm) return 1 ;; *) builtin command \"$@\" ;; esac; }; packages test")
        self.assertRegex(listed.stdout, r"(?m)^nodejs$")
        self.assertRegex(listed.stdout, r"(?m)^npm$")

    def test_through_sudo_the_scripts_refuse(self):
        self.assertEqual(self.run_script("refuse_sudo", SUDO_UID="1000").returncode, 1)
        self.assertEqual(self.run_script("refuse_sudo").returncode, 0)


class Scripts(unittest.TestCase):
    def test_entries_are_executable_and_parse(self):
        for name in ("packaging/run", "packaging/test", "packaging/try", "packaging/screenshots", ".ci/run", "tests/fuzz/run"):
            path = ROOT / name
            self.assertTrue(os.access(path, os.X_OK), name)
            subprocess.run(["bash", "-n", str(path)], check=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
