#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""README's "Channels for client libraries that exist": its blocks marked `hub` run as they stand, but for the ports."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import gate
from browser import Browser, Pages
from clients import PythonClient as Client

gate.need("curl", "node", "cmake", "certutil", "bash")
README = (gate.SOURCE / "README.md").read_text()
TOKEN = 'GATE=${XDG_CONFIG_HOME:-$HOME/.config}/gatehouse\n' \
        'TOKEN=$(gatehousectl token --user alice --roles editor --config "$GATE/gatehouse.json")\n'


def blocks(language):
    return re.findall(rf"^```{language} hub\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


class HubGuide(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = Path(tempfile.mkdtemp(prefix="gatehouse-page-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(gate.SOURCE / "tests/clients/node_modules/centrifuge/dist/centrifuge.js", folder)
        (folder / "index.html").write_text("<!doctype html><title>page</title><script src=centrifuge.js></script>")
        self.pages = Pages(folder)
        self.addCleanup(self.pages.stop)

        def edit(policy):
            origins = next(route for route in policy["routes"] if route["name"] == "centrifuge")["origins"]
            origins[origins.index("http://localhost:8080")] = self.pages.origin
            policy["listeners"].append({**policy["listeners"][0], "name": "ops", "kind": "admin"})

        self.gate = gate.Gate(edit, folder=".config/gatehouse").start()
        self.addCleanup(self.gate.stop)
        listeners = self.gate.ctl("status")["listeners"]
        self.admin_port = next(one["url"] for one in listeners if one["name"] == "ops").rsplit(":", 1)[1]
        self.environment = {**os.environ, "HOME": str(self.gate.folder),
                            "PATH": f"{gate.BIN}:/usr/bin:{os.environ['PATH']}"}
        self.environment.pop("XDG_CONFIG_HOME", None)

    def literally(self, block):
        return block.replace("localhost:8443", f"localhost:{self.gate.port}").replace("localhost:9443",
                                                                                     f"localhost:{self.admin_port}")

    def run_shell(self, *some, folder=gate.SOURCE):
        script = "set -eu\n" + TOKEN + "".join(self.literally(block) for block in some)
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def block_with(self, word):
        found = [block for block in blocks("sh") if word in block]
        self.assertEqual(len(found), 1, f"one block with {word}")
        return found[0]

    def test_no_block_is_left_out_here(self):
        self.assertEqual({language: len(blocks(language)) for language in ("sh", "js", "cpp", "cmake")},
                         {"sh": 4, "js": 1, "cpp": 1, "cmake": 1})

    def test_node(self):
        self.assertEqual(self.run_shell(self.block_with('from "centrifuge"'))[0], "alice: hello from node\n")

    def test_python(self):
        self.assertEqual(self.run_shell(self.block_with("import asyncio"))[0], "hello from Python\n")

    def test_qt(self):
        folder = Path(tempfile.mkdtemp(prefix="client-", dir=self.gate.folder))
        (folder / "main.cpp").write_text(self.literally(blocks("cpp")[0]))
        (folder / "CMakeLists.txt").write_text(blocks("cmake")[0])
        out, said = self.run_shell("cmake -S . -B build >/dev/null\ncmake --build build >/dev/null\n"
                                   'CA="$GATE/tls/ca.pem" TOKEN=$TOKEN ./build/client\n', folder=folder)
        self.assertIn("hello from Qt", out + said)

    async def test_browser(self):
        browser = Browser()
        self.addAsyncCleanup(browser.stop)
        browser.trust(self.gate.ca)
        await browser.start()
        page = await browser.open(self.pages.origin + "/")
        await page.run("window.said = []; console.log = (text) => said.push(text)")
        await page.run("((token) => {%s})(%s)" % (self.literally(blocks("js")[0]), json.dumps(self.gate.token())))
        await page.until("said.includes('hello from a browser')")

    async def test_curl(self):
        reader = await Client.connect(self.gate, self.gate.token("bob"))
        answer = json.loads(self.run_shell(self.block_with("unix-socket"))[0])
        self.assertEqual(answer["result"]["offset"], 1)
        self.assertEqual(json.loads(await reader.receive()), {"text": "hello from curl"})
        said = self.run_shell(self.block_with("api-key new"))[0]
        responses = json.loads(said[said.index('{"result"'):])["result"]["responses"]
        self.assertEqual([one["result"]["offset"] for one in responses], [2, 1])
        self.assertEqual(json.loads(await reader.receive()), {"text": "hello from the shop"})
        key = (self.gate.config.parent / "shop.key").read_text().strip()
        refused = subprocess.run(["curl", "--silent", "--cacert", str(self.gate.ca), "-H", f"X-API-Key: {key}", "--write-out",
                                  "%{http_code}", "--output", "/dev/null", "--data", '{"channel": "news.a", "data": 1}',
                                  f"https://localhost:{self.admin_port}/api/publish"], stdout=subprocess.PIPE, text=True)
        self.assertEqual(refused.stdout, "403")

    def test_gatehousectl(self):
        self.assertEqual(self.gate.say("publish", "chat.lobby", '{"n": 1.0}'), "Published: 1\n")
        self.assertEqual(self.gate.say("publish", "news.a", '"x"', "--skip-history"), "Published.\n")
        self.assertEqual(self.gate.say("history", "chat.lobby"), '1  {"n": 1.0}\n')
        self.assertEqual(self.gate.say("presence", "chat.lobby"), "Nobody is there.\n")
        self.assertEqual(self.gate.say("channels"), "Nobody is subscribed to a channel.\n")
        self.assertIn("no JSON value", self.gate.fails(64, "publish", "chat.lobby", "hello"))
        self.assertIn("no rule", self.gate.fails(1, "publish", "elsewhere", "1"))
        self.assertIn("--limit", self.gate.fails(64, "history", "chat.lobby", "--limit", "0"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
