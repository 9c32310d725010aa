#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page that nginx serves, in a real browser, and the application that it talks to behind the gate."""

import os
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import gate
from application import Application, free_port, in_front_of
from browser import Browser

os.environ["PATH"] += ":/usr/sbin"
gate.need("node", "nginx")
PAGE = """<!doctype html>
<title>Plant</title>
<p id="state">waiting</p>
<script>
  const [url, token] = location.hash.slice(1).split("|");
  const state = document.getElementById("state");
  const socket = new WebSocket(url, ["gatehouse", "bearer." + token]);
  socket.onopen = () => socket.send("from a page of nginx");
  socket.onmessage = (event) => { state.textContent = "heard " + event.data; };
  socket.onclose = (event) => { state.textContent += " closed " + event.code; };
</script>
"""
CONFIG = """daemon off; {user} pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; types {{ text/html html; }}
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; listen 127.0.0.1:{other}; root {folder}/pages; }}
}}
"""


class Nginx(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-nginx-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "pages").mkdir()
        (self.folder / "pages" / "index.html").write_text(PAGE)
        port, other = free_port(), free_port()
        self.origin, self.foreign = f"http://localhost:{port}", f"http://localhost:{other}"
        config = self.folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=self.folder, port=port, other=other,
                                        user="user root;" if os.geteuid() == 0 else ""))
        self.nginx = subprocess.Popen(["nginx", "-p", str(self.folder), "-e", str(self.folder / "error.log"), "-c",
                                       str(config)], stdin=subprocess.DEVNULL, preexec_fn=gate.end_with_parent)
        self.addCleanup(self.stop)
        await gate.eventually(self.serves, "nginx serves the page")
        self.application = await Application("node echo").start()
        self.addAsyncCleanup(self.application.kill)
        self.gate = gate.Gate(in_front_of(self.application.port, origins=[self.origin])).start()
        self.addCleanup(self.gate.stop)
        self.browser = Browser()
        self.addAsyncCleanup(self.browser.stop)
        self.browser.trust(self.gate.ca)
        await self.browser.start()

    def serves(self):
        self.assertIsNone(self.nginx.poll(), "nginx ended")
        try:
            return urllib.request.urlopen(self.origin + "/", timeout=5).status == 200
        except urllib.error.URLError:
            return False

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(10)

    async def state(self, origin):
        url = f"wss://localhost:{self.gate.port}/app/socket"
        page = await self.browser.open(f"{origin}/#{url}|{self.gate.token()}")
        return await page.until("(text => text !== 'waiting' && text)(document.getElementById('state').textContent)")

    async def test_the_page_of_the_allowed_origin_talks_to_the_application(self):
        self.assertEqual(await self.state(self.origin), "heard from a page of nginx")

    async def test_the_same_page_of_another_origin_is_refused(self):
        self.assertEqual(await self.state(self.foreign), "waiting closed 1006")
        refusal = await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="origin"), "the refusal")
        self.assertEqual((refusal["code"], refusal["origin"]), (403, self.foreign))
        self.assertEqual(self.gate.ctl("upstreams")[0]["opened"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
