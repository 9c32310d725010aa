#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""npm's centrifuge, unchanged, against the hub."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import unittest

import gate
from hubclient import Client, Way, hub

gate.need("node")


def signed(of, claims):
    """A token of the gate's own issuer with these claims beside the usual ones."""
    issuer = of.policy["issuers"][0]
    secret = (of.config.parent / issuer["secret_file"]).read_bytes().rstrip(b"\n")
    now = int(time.time())
    payload = {"iss": issuer["issuer"], "aud": issuer["audience"], "iat": now, "exp": now + 600, **claims}
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    text = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + b"." + part(json.dumps(payload).encode())
    return (text + b"." + part(hmac.new(secret, text, hashlib.sha256).digest())).decode()


class Hub(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.gate = gate.Gate(hub).start()
        self.addCleanup(self.gate.stop)
        self.way = await Way(self.gate).start()
        self.addAsyncCleanup(self.way.stop)

    async def client(self, user="ann", token=None, headers=None, port=None):
        client = await Client.start(self.gate, port, token, headers) if token or headers else \
            await Client.start(self.gate, port, self.gate.token(user))
        self.addAsyncCleanup(client.stop)
        return client

    async def test_connect_subscribe_publish_presence_history(self):
        ann, bob = await self.client("ann"), await self.client(headers={"Authorization": "Bearer " + self.gate.token("bob")})
        await ann.connected()
        await bob.connected()
        await ann.ask("subscribe", channel="news.a", options={"joinLeave": True})
        done = await ann.event("subscribed")
        self.assertTrue(done["recoverable"] and done["positioned"])
        await bob.ask("subscribe", channel="news.a")
        await bob.event("subscribed")
        await ann.event("join", user="bob")
        for n in range(10):
            self.assertEqual(await bob.ask("publish", channel="news.a", data={"n": n}), {})
        self.assertEqual(await ann.ask("many", channel="news.a", **{"from": 10}, count=30), None)
        for client in (ann, bob):
            await client.until(lambda: len(client.published("news.a")) == 40, "40 publications")
            self.assertEqual(client.published("news.a"), list(range(40)))
        self.assertEqual(next(e for e in ann.events if "publication" in e)["user"], "bob")
        clients = (await ann.ask("presence", channel="news.a"))["clients"]
        self.assertEqual(sorted(info["user"] for info in clients.values()), ["ann", "bob"])
        self.assertEqual(await ann.ask("presenceStats", channel="news.a"), {"numClients": 2, "numUsers": 2})
        page = await ann.ask("history", channel="news.a", options={"limit": 3, "reverse": True})
        self.assertEqual([p["data"]["n"] for p in page["publications"]], [39, 38, 37])
        self.assertEqual(page["offset"], 40)
        since = {"offset": 38, "epoch": page["epoch"]}
        page = await ann.ask("history", channel="news.a", options={"limit": 100, "since": since})
        self.assertEqual([p["data"]["n"] for p in page["publications"]], [38, 39])
        await bob.ask("unsubscribe", channel="news.a")
        await ann.event("leave", user="bob")

    async def test_fifty_missed_publications_are_recovered_in_order(self):
        ann, bob = await self.client("ann", port=self.way.port, token=self.gate.token("ann")), await self.client("bob")
        await ann.connected()
        await bob.connected()
        await ann.ask("subscribe", channel="news.a")
        await ann.event("subscribed")
        await bob.ask("many", channel="news.a", **{"from": 0}, count=5)
        await ann.until(lambda: len(ann.published("news.a")) == 5, "the first")
        await self.way.close()
        await ann.event("connecting")
        await bob.ask("many", channel="news.a", **{"from": 5}, count=50)
        await self.way.open_again()
        done = await ann.event("subscribed")
        self.assertTrue(done["wasRecovering"] and done["recovered"])
        await bob.ask("many", channel="news.a", **{"from": 55}, count=5)
        await ann.until(lambda: 59 in ann.published("news.a"), "the last")
        self.assertEqual(ann.published("news.a"), list(range(60)))

    async def test_more_than_the_history_holds_is_told(self):
        ann, bob = await self.client("ann", port=self.way.port, token=self.gate.token("ann")), await self.client("bob")
        await ann.connected()
        await bob.connected()
        await ann.ask("subscribe", channel="short.a")
        await ann.event("subscribed")
        await self.way.close()
        await ann.event("connecting")
        await bob.ask("many", channel="short.a", **{"from": 0}, count=20)
        await self.way.open_again()
        done = await ann.event("subscribed")
        self.assertTrue(done["wasRecovering"])
        self.assertFalse(done["recovered"])

    async def test_a_token_is_refreshed_before_its_end_and_an_expired_one_replaced(self):
        now = int(time.time())
        old = await self.client(token=signed(self.gate, {"sub": "old", "iat": now - 600, "exp": now - 300}))
        await old.ask("connect")
        await old.event("need", need="token")
        await old.ask("token", token=self.gate.token("old"))
        await old.event("connected")
        self.assertFalse(any("disconnected" in event for event in old.events))
        ann = await self.client(token=signed(self.gate, {"sub": "ann", "exp": now + 13}))
        await ann.connected()
        await ann.event("need", need="token")
        await ann.ask("token", token=self.gate.token("ann"))
        await asyncio.sleep(max(0, now + 14 - time.time()))  # past the first one's end
        self.assertEqual(await ann.ask("publish", channel="plain.a", data={}), {})
        self.assertFalse(any("connecting" in event and event["connecting"] != 0 for event in ann.events), ann.events)

    async def test_a_bad_token_and_a_kick_end_for_good(self):
        bad = await self.client(token=gate.foreign_token())
        await bad.ask("connect")
        self.assertEqual((await bad.event("disconnected"))["disconnected"], 3500)
        ann = await self.client("ann")
        await ann.connected()
        row = self.gate.session_of("ann")
        self.gate.ctl("kick", str(row["id"]), "--reason", "enough")
        self.assertEqual(await ann.event("disconnected"), {"disconnected": 3503, "reason": "enough"})

    async def test_rights_limits_and_methods(self):
        ann = await self.client("ann")
        await ann.connected()
        await ann.ask("subscribe", channel="elsewhere")
        self.assertEqual((await ann.event("unsubscribed"))["code"], 103)
        self.assertEqual((await ann.ask("publish", channel="elsewhere", data=1))["error"]["code"], 103)
        self.assertEqual((await ann.ask("rpc", method="nothing"))["error"]["code"], 104)
        self.assertEqual((await ann.ask("history", channel="plain.a", options={"limit": 1}))["error"]["code"], 108)
        await ann.ask("subscribe", channel="locked.a", token=True)
        await ann.event("need", need="channel token")
        await ann.ask("token", token=signed(self.gate, {"sub": "ann", "channel": "locked.a"}))
        await ann.event("subscribed", subscribed="locked.a")
        for number in range(127):
            await ann.ask("subscribe", channel=f"plain.{number}")
            await ann.event("subscribed")
        await ann.ask("subscribe", channel="plain.over")
        self.assertEqual((await ann.event("unsubscribed"))["code"], 106)

    async def test_a_restart_brings_clients_back_who_learn_what_was_lost(self):
        ann = await self.client("ann", port=self.way.port, token=self.gate.token("ann"))
        await ann.connected()
        await ann.ask("subscribe", channel="news.a")
        await ann.event("subscribed")
        await ann.ask("many", channel="news.a", **{"from": 0}, count=5)
        self.gate.process.terminate()
        self.assertEqual((await ann.event("connecting", connecting=3001))["connecting"], 3001)
        await asyncio.to_thread(self.gate.process.wait, 30)
        self.gate.process.stdout.close()
        self.gate.port = None
        await asyncio.to_thread(self.gate.start)
        done = await ann.event("subscribed")
        self.assertTrue(done["wasRecovering"])
        self.assertFalse(done["recovered"])

    async def test_kill_9_in_the_middle_never_loses_in_silence(self):
        ann = await self.client("ann", port=self.way.port, token=self.gate.token("ann"))
        bob = await self.client("bob", port=self.way.port, token=self.gate.token("bob"))
        for client in (ann, bob):
            await client.connected()
            await client.ask("subscribe", channel="news.a")
            await client.event("subscribed")
        await bob.ask("many", channel="news.a", **{"from": 0}, count=20)
        await ann.until(lambda: len(ann.published("news.a")) == 20, "the first")
        bob.process.stdin.write(b'{"id": 9000, "do": "many", "channel": "news.a", "from": 20, "count": 500}\n')
        await asyncio.to_thread(self.gate.crash_and_start)
        for client in (ann, bob):
            done = await client.event("subscribed")
            self.assertTrue(done["wasRecovering"])
            self.assertFalse(done["recovered"])
        before = ann.published("news.a")
        self.assertEqual(before, list(range(len(before))))  # none out of order, none twice
        await bob.ask("publish", channel="news.a", data={"n": 7777})
        await ann.until(lambda: 7777 in ann.published("news.a"), "what comes after")


if __name__ == "__main__":
    unittest.main(verbosity=2)
