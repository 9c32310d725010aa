# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium with a profile of its own that trusts one CA, as a person would make it: imported, nothing ignored."""

import asyncio
import functools
import http.server
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import websockets

import gate

WITHIN = 30  # seconds; a ceiling against hangs


class Pages:
    """A folder served on a free port of the loopback, as packaging/try serves it."""

    def __init__(self, folder):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def origin(self):
        return f"http://localhost:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Browser:
    """Speaks the DevTools protocol to one Chromium."""

    def __init__(self):
        gate.need("chromium", "certutil")
        self.home = Path(tempfile.mkdtemp(prefix="gatehouse-browser-"))
        self.process = None
        self.socket = None
        self.numbers = itertools.count(1)

    def trust(self, ca):
        store = self.home / ".pki" / "nssdb"
        store.mkdir(parents=True, exist_ok=True)
        subprocess.run(["certutil", "-d", f"sql:{store}", "-N", "--empty-password"], check=True)
        subprocess.run(["certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "Gatehouse", "-i", str(ca)], check=True)

    async def start(self):
        options = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.home / 'profile'}",
                   "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync"]
        if os.geteuid() == 0:
            options.append("--no-sandbox")  # Chromium refuses to start its sandbox as root
        environment = {**os.environ, "HOME": str(self.home)}
        for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            environment.pop(name, None)
        self.process = await asyncio.create_subprocess_exec(
            "chromium", *options, "about:blank", env=environment, preexec_fn=gate.end_with_parent,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        self.socket = await websockets.connect(await asyncio.wait_for(self.endpoint(), WITHIN), max_size=None,
                                               ping_interval=None)
        self.drain = asyncio.create_task(self.process.stderr.read())
        return self

    async def endpoint(self):
        said = b""
        async for line in self.process.stderr:
            said += line
            if found := re.search(rb"DevTools listening on (ws://\S+)", line):
                return found[1].decode()
        raise AssertionError(f"chromium did not start: {said.decode(errors='replace')}")

    async def call(self, method, session=None, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        await self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(await asyncio.wait_for(self.socket.recv(), WITHIN))
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    async def open(self, url):
        target = await self.call("Target.createTarget", url=url)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"])
        await page.until("location.protocol === 'http:' && document.readyState === 'complete'")
        return page

    async def stop(self):
        try:
            if self.socket:
                await self.call("Browser.close")
                await self.socket.close()
        finally:
            if self.process and self.process.returncode is None:
                try:
                    await asyncio.wait_for(self.process.wait(), 10)
                except asyncio.TimeoutError:
                    self.process.kill()
                    await self.process.wait()
            if self.socket:
                await self.drain
            shutil.rmtree(self.home, ignore_errors=True)


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session

    async def run(self, script):
        """The value of an expression; promises are waited for."""
        done = await self.browser.call("Runtime.evaluate", self.session, expression=script, awaitPromise=True,
                                       returnByValue=True)
        if "exceptionDetails" in done:
            raise AssertionError(done["exceptionDetails"])
        return done["result"].get("value")

    async def until(self, script, within=WITHIN):
        async def poll():
            while not (value := await self.run(script)):
                await asyncio.sleep(0.05)
            return value
        try:
            return await asyncio.wait_for(poll(), within)
        except asyncio.TimeoutError:
            raise AssertionError(f"not within {within} s: {script}") from None
