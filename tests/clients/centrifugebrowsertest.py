#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""npm's centrifuge as a page loads it, in a real browser, from the origin that the route allows and from another."""

import asyncio
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import gate
from browser import Browser, Pages
from hubclient import Client, Way, hub

# What the page's own script would be; `story` is what the test reads. Arguments: address, token.
PAGE = """
(() => {
  window.story = { states: [], errors: [], subscribed: [], got: [] };
  window.client = new Centrifuge(%s, { token: %s, minReconnectDelay: 50, maxReconnectDelay: 300 });
  client.on("state", ({ newState }) => story.states.push(newState));
  client.on("error", ({ error }) => story.errors.push(error.code));
  client.on("disconnected", ({ code }) => story.disconnected = code);
  window.news = client.newSubscription("news.a", { minResubscribeDelay: 50 });
  news.on("subscribed", ({ wasRecovering, recovered }) => story.subscribed.push({ wasRecovering, recovered }));
  news.on("publication", ({ data, info }) => story.got.push([data.n, info?.user ?? null]));
  news.subscribe();
  client.connect();
})()
"""


class CentrifugeInABrowser(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        folder = Path(tempfile.mkdtemp(prefix="gatehouse-page-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(gate.SOURCE / "tests/clients/node_modules/centrifuge/dist/centrifuge.js", folder)
        (folder / "index.html").write_text("<!doctype html><title>page</title><script src=centrifuge.js></script>")
        self.pages, self.foreign = Pages(folder), Pages(folder)
        self.addCleanup(self.pages.stop)
        self.addCleanup(self.foreign.stop)
        self.gate = gate.Gate(self.allow_one).start()
        self.addCleanup(self.gate.stop)
        self.way = await Way(self.gate).start()
        self.addAsyncCleanup(self.way.stop)
        self.browser = Browser()
        self.addAsyncCleanup(self.browser.stop)
        self.browser.trust(self.gate.ca)
        await self.browser.start()

    def allow_one(self, policy):
        hub(policy)
        policy["routes"][-1]["origins"] = ["none", self.pages.origin]

    async def page(self, origin, user):
        page = await self.browser.open(origin + "/")
        url = f"wss://localhost:{self.way.port}/connection/websocket"
        await page.run(PAGE % (json.dumps(url), json.dumps(self.gate.token(user))))
        return page

    async def test_a_page_talks_and_recovers_what_it_missed(self):
        page = await self.page(self.pages.origin, "ann")
        await page.until("story.subscribed.length === 1")
        self.assertEqual(await page.run("client.publish('news.a', { n: 0 })"), {})
        bob = await Client.start(self.gate, token=self.gate.token("bob"))
        self.addAsyncCleanup(bob.stop)
        await bob.connected()
        await bob.ask("many", channel="news.a", **{"from": 1}, count=4)
        await page.until("story.got.length === 5")
        clients = (await page.run("news.presence()"))["clients"]
        self.assertEqual([info["user"] for info in clients.values()], ["ann"])

        await self.way.close()
        await page.until("client.state === 'connecting'")
        await bob.ask("many", channel="news.a", **{"from": 5}, count=50)
        await self.way.open_again()
        await page.until("story.subscribed.length === 2")
        self.assertEqual(await page.run("story.subscribed[1]"), {"wasRecovering": True, "recovered": True})
        await bob.ask("publish", channel="news.a", data={"n": 55})
        await page.until("story.got.some(([n]) => n === 55)")
        got = await page.run("story.got")
        self.assertEqual([n for n, _ in got], list(range(56)))
        self.assertEqual([user for _, user in got], ["ann"] + ["bob"] * 55)
        self.assertIsNone(await page.run("story.disconnected ?? null"))

    async def test_a_page_of_another_origin_is_refused_with_a_good_token(self):
        page = await self.page(self.foreign.origin, "ann")
        await page.until("story.errors.length > 0")
        refusal = await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="origin"), "the refusal")
        self.assertEqual((refusal["code"], refusal["origin"]), (403, self.foreign.origin))
        self.assertEqual(await page.run("story.states"), ["connecting"])
        self.assertEqual(await page.run("story.subscribed"), [])
        self.assertIsNone(self.gate.session_of("ann"))

    async def test_a_page_with_a_token_of_another_issuer_is_told_for_good(self):
        page = await self.browser.open(self.pages.origin + "/")
        url = f"wss://localhost:{self.gate.port}/connection/websocket"
        await page.run(PAGE % (json.dumps(url), json.dumps(gate.foreign_token())))
        await page.until("story.disconnected")
        self.assertEqual(await page.run("story.disconnected"), 3500)
        self.assertEqual(await page.run("story.subscribed"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
