#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows README.md to the letter: its blocks marked `test` run as they stand, but for the port and the build folder."""

import json
import os
import re
import subprocess
import unittest

import gate
from browser import Browser, Pages

gate.need("curl", "node", "certutil", "bash")
README = (gate.SOURCE / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language} test\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


class Readme(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.pages = Pages(gate.SOURCE / "packaging" / "try.d")
        self.addCleanup(self.pages.stop)

        def free_ports(policy):
            origins = policy["routes"][0]["origins"]
            origins[origins.index("http://localhost:8080")] = self.pages.origin

        # Where packaging/run would put it, in a home of the test's own.
        self.gate = gate.Gate(free_ports, folder=".config/gatehouse").start()
        self.addCleanup(self.gate.stop)
        self.environment = {**os.environ, "HOME": str(self.gate.folder),
                            "PATH": f"{gate.BIN}:/usr/bin:{os.environ['PATH']}"}
        self.environment.pop("XDG_CONFIG_HOME", None)

    def literally(self, block):
        return block.replace("localhost:8443", f"localhost:{self.gate.port}").replace("build/release/bin", str(gate.BIN))

    def run_shell(self, *some):
        script = "set -eu\n" + "".join(self.literally(block) for block in some)
        done = subprocess.run(["bash", "-c", script], cwd=gate.SOURCE, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def block_with(self, word):
        found = [block for block in blocks("sh") if word in block]
        self.assertEqual(len(found), 1, f"one block with {word}")
        return found[0]

    def test_no_block_is_left_out_here(self):
        self.assertEqual(len(blocks("sh")), 5)
        self.assertEqual(len(blocks("js")), 1)

    def test_curl_finds_the_door_shut(self):
        answer = self.run_shell(self.block_with("TOKEN=$("), self.block_with("curl "))
        self.assertRegex(answer, r"^HTTP/1\.1 401 ")
        self.assertRegex(answer, r"(?im)^WWW-Authenticate: Bearer")

    def test_python_gets_in(self):
        self.assertEqual(self.run_shell(self.block_with("TOKEN=$("), self.block_with("import asyncio")),
                         "hello from Python\n")

    def test_node_gets_in(self):
        self.assertEqual(self.run_shell(self.block_with("TOKEN=$("), self.block_with('from "ws"')), "hello from node\n")

    async def test_a_browser_trusts_the_imported_ca_and_gets_in(self):
        browser = Browser()
        self.addAsyncCleanup(browser.stop)
        self.environment["HOME"] = str(browser.home)
        self.run_shell(f"GATE={self.gate.config.parent}\n", self.block_with("certutil"))
        await browser.start()
        page = await browser.open(f"{self.pages.origin}/")
        heard = await page.run(f"""
            new Promise((done) => {{
              const console = {{ log: done }};
              const token = {json.dumps(self.gate.token())};
              {self.literally(blocks("js")[0])}
            }})""")
        self.assertEqual(heard, "hello from a browser")

    def test_the_first_start_says_the_same(self):
        folder = self.gate.folder / "again"
        said = self.run_shell(f"build/release/bin/gatehoused --init {folder}\n")
        for line in blocks("js")[0].splitlines()[:2]:
            self.assertIn(line, said)
        self.assertIn(f"Local CA {folder}/tls/ca.pem\n", said)
        self.assertIn(self.block_with("certutil").splitlines()[0], said)
        command = re.search(r"Token +(.+)", said)[1]
        token = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertRegex(token, r"^[\w-]+\.[\w-]+\.[\w-]+\n$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
