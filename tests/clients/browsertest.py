#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser at the door: the page of packaging/try, and what pages that are not wanted meet."""

import json
import unittest

import gate
from browser import Browser, Pages

# Connects as a page would, publishes one message, and says how it went.
KNOCK = """
new Promise((done) => {
  const socket = new WebSocket(%s, %s);
  const story = { opened: false, received: [] };
  socket.onopen = () => { story.opened = true; story.subprotocol = socket.protocol; socket.send("from a browser"); };
  socket.onmessage = (event) => { story.received.push(event.data); socket.close(1000); };
  socket.onclose = (event) => done({ ...story, code: event.code });
})
"""


class BrowserAtTheDoor(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.pages = Pages(gate.SOURCE / "packaging" / "try.d")
        self.addCleanup(self.pages.stop)
        self.foreign = Pages(gate.SOURCE / "packaging" / "try.d")
        self.addCleanup(self.foreign.stop)
        self.gate = gate.Gate(self.allow_pages).start()
        self.addCleanup(self.gate.stop)
        self.browser = Browser()
        self.addAsyncCleanup(self.browser.stop)
        self.browser.trust(self.gate.ca)
        await self.browser.start()

    def allow_pages(self, policy):
        """The origin of packaging/try, which --init allows, on the port that was free."""
        origins = policy["routes"][0]["origins"]
        self.assertIn("http://localhost:8080", origins)
        origins[origins.index("http://localhost:8080")] = self.pages.origin

    async def knock(self, page, *subprotocols):
        return await page.run(KNOCK % (json.dumps(self.gate.url()), json.dumps(list(subprotocols))))

    async def test_the_page_of_packaging_try_connects_publishes_and_receives(self):
        page = await self.browser.open(f"{self.pages.origin}/#token={self.gate.token()}&url={self.gate.url()}")
        await page.until("document.getElementById('state').textContent === 'connected'")
        self.assertEqual(await page.run("location.hash"), "", "the token stays in the address bar")
        await page.run("document.getElementById('text').value = 'hello <b>there</b>'")
        await page.run("document.getElementById('send').click()")
        await page.until("document.querySelector('#messages li span')?.textContent === 'hello <b>there</b>'")
        self.assertEqual(await page.run("document.querySelectorAll('#messages b').length"), 0)

    async def test_two_pages_hear_each_other(self):
        ear = await self.browser.open(f"{self.pages.origin}/#token={self.gate.token('ear')}&url={self.gate.url()}")
        await ear.until("document.getElementById('state').textContent === 'connected'")
        mouth = await self.browser.open(f"{self.pages.origin}/")
        story = await self.knock(mouth, "gatehouse", f"bearer.{self.gate.token('mouth')}")
        self.assertEqual(story, {"opened": True, "received": ["from a browser"], "subprotocol": "gatehouse", "code": 1000})
        await ear.until("document.querySelector('#messages li span')?.textContent === 'from a browser'")

    async def test_a_page_of_another_origin_is_refused_with_a_good_token(self):
        page = await self.browser.open(f"{self.foreign.origin}/")
        story = await self.knock(page, "gatehouse", f"bearer.{self.gate.token()}")
        self.assertEqual((story["opened"], story["code"]), (False, 1006))
        refusal = await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="origin"), "the refusal")
        self.assertEqual((refusal["code"], refusal["origin"]), (403, self.foreign.origin))

    async def test_a_page_without_a_token_is_refused(self):
        page = await self.browser.open(f"{self.pages.origin}/")
        story = await self.knock(page, "gatehouse")
        self.assertEqual((story["opened"], story["code"]), (False, 1006))
        refusal = await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="auth_missing"), "the refusal")
        self.assertEqual(refusal["code"], 401)


if __name__ == "__main__":
    unittest.main(verbosity=2)
