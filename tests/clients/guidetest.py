#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""README's "In front of an existing application", its blocks marked `gateway` as they stand, but for the ports."""

import json
import os
import re
import socket
import subprocess
import tempfile
import unittest
import urllib.request
from pathlib import Path

import gate
from application import HERE, answer, connect, free_port
from clients import Refused

os.environ["PATH"] += ":/usr/sbin"
gate.need("node", "nginx")
README = (gate.SOURCE / "README.md").read_text()


def block(language):
    found = re.findall(rf"^```{language} gateway\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"one block of {language}"
    return found[0]


class Guide(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.port, self.page_port = free_port(), free_port()
        route = json.loads(self.literally(block("json")))
        self.gate = gate.Gate(lambda policy: policy["routes"].insert(0, route)).start()
        self.addCleanup(self.gate.stop)
        self.folder = Path(tempfile.mkdtemp(prefix="guide-", dir=self.gate.folder))

    def literally(self, text):
        return text.replace("3000", str(self.port)).replace("8090", str(self.page_port)).replace(
            "/srv/plant", str(getattr(self, "folder", "")))

    async def run_application(self, port, *command):
        process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL, preexec_fn=gate.end_with_parent)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)

        def listens():
            self.assertIsNone(process.poll(), "it ended")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0
        await gate.eventually(listens, "it listens")

    async def assertTalks(self, **options):
        client = await connect(self.gate, "/app/room", self.gate.token("alice"), **options)
        self.assertEqual(await answer(client, "hello"), "alice: hello")
        await client.close()

    async def assertRefused(self, status, token=None, **options):
        with self.assertRaises(Refused) as refused:
            await connect(self.gate, "/app/room", token, **options)
        self.assertEqual(refused.exception.status, status)

    async def run_node(self):
        await self.run_application(self.port, "node", "--input-type=module", "-e", self.literally(block("js")))

    async def test_node(self):
        await self.run_node()
        await self.assertTalks()
        await self.assertRefused(401)

    async def test_python(self):
        await self.run_application(self.port, "/usr/bin/python3", "-c", self.literally(block("python")))
        await self.assertTalks()
        await self.assertRefused(401)

    async def test_nginx(self):
        await self.run_node()
        (self.folder / "index.html").write_text("<p>plant</p>")
        config = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        paths = "".join(f"{kind}_temp_path {self.folder}/{kind};"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config.write_text(f"daemon off; {user} pid {self.folder}/pid; error_log {self.folder}/log; events {{}}\n"
                          f"http {{ access_log off; {paths} {self.literally(block('nginx'))} }}\n")
        await self.run_application(self.page_port, "nginx", "-e", f"{self.folder}/log", "-c", str(config))
        origin = f"http://localhost:{self.page_port}"
        self.assertIn(b"plant", urllib.request.urlopen(origin + "/", timeout=5).read())
        await self.assertTalks(origin=origin)
        await self.assertRefused(403, self.gate.token("alice"), origin="http://localhost:1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
