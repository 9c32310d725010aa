#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications that know nothing of security behind the gate, unchanged: npm's ws and python3-websockets."""

import asyncio
import json
import unittest

import gate
from application import Application, answer, connect, in_front_of
from clients import WITHIN, Refused

gate.need("node")
MIB = 1 << 20


class Behind(unittest.IsolatedAsyncioTestCase):
    kind = "node chat"
    keys = {"subprotocols": {"allow": ["lines.v1", "lines.v2"]}}  # of the route

    async def asyncSetUp(self):
        self.application = await Application(self.kind).start()
        self.addAsyncCleanup(self.application.kill)
        self.gate = gate.Gate(in_front_of(self.application.port, **self.keys)).start()
        self.addCleanup(self.gate.stop)
        self.token = self.gate.token("alice", "editor")

    async def connect(self, target="/app/socket", token=None, **options):
        client = await connect(self.gate, target, token or self.token, **options)
        self.addAsyncCleanup(client.close)
        return client

    async def assertRefused(self, status, **how):
        with self.assertRaises(Refused) as refused:
            await connect(self.gate, **how)
        self.assertEqual(refused.exception.status, status)

    async def closed(self, client):
        await asyncio.wait_for(client.wait_closed(), WITHIN)
        return client.close_code, client.close_reason

    def sessions(self):
        return sum(upstream["sessions"] for upstream in self.gate.ctl("upstreams"))


class Chat(Behind):
    async def test_all_hear_what_one_says(self):
        ann = await self.connect(token=self.gate.token("ann"))
        bob = await self.connect(token=self.gate.token("bob"))
        self.assertEqual(await answer(ann, "hello"), "hello")
        self.assertEqual(await asyncio.wait_for(bob.recv(), WITHIN), "hello")
        self.assertEqual(await answer(bob, b"\x00\xff"), b"\x00\xff")
        self.assertEqual(await asyncio.wait_for(ann.recv(), WITHIN), b"\x00\xff")

    async def test_who_is_kicked_is_gone_from_the_application_too(self):
        ann = await self.connect(token=self.gate.token("ann"))
        bob = await self.connect(token=self.gate.token("bob"))
        row = await gate.eventually(lambda: self.gate.session_of("ann"), "the session in the list")
        self.gate.ctl("kick", str(row["id"]), "--reason", "noise")
        self.assertEqual((await self.closed(ann))[0], 4403)
        self.assertEqual(await self.application.event(), {"code": 1001, "reason": ""})
        self.assertEqual(await answer(bob, "quiet now"), "quiet now")


class Echo:
    """The same for each application that echoes."""

    async def test_nobody_gets_in_without_a_token_or_from_a_page_that_is_not_wanted(self):
        self.assertEqual(await answer(await self.connect(), "hello"), "hello")
        self.assertEqual(await answer(await self.connect(origin="https://app.example"), "hello"), "hello")
        await self.assertRefused(401)
        await self.assertRefused(401, token=gate.foreign_token())
        await self.assertRefused(403, token=self.token, origin="https://evil.example")
        await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="origin"), "the refusal")

    async def test_the_application_learns_who_comes_and_nobody_can_pretend(self):
        client = await connect(self.gate, "/app/rooms/7?room=a&token=" + self.token + "&deep=%2F", headers={
            "X-Gatehouse-User": "root", "X_Gatehouse_User": "root", "X-Gatehouse-Roles": "admin",
            "X-Forwarded-For": "192.0.2.1", "Cookie": "session=1", "X-Own": "kept"})
        self.addAsyncCleanup(client.close)
        request = json.loads(await answer(client, "request"))
        self.assertEqual(request["target"], "/rooms/7?room=a&deep=%2F")
        headers = request["headers"]
        self.assertEqual(headers["x-gatehouse-user"], "alice")
        self.assertEqual(headers["x-gatehouse-roles"], "editor")
        self.assertEqual(headers["x-forwarded-for"], "127.0.0.1")
        self.assertEqual(headers["x-own"], "kept")
        self.assertEqual(headers["host"], f"127.0.0.1:{self.application.port}")
        self.assertFalse({"x_gatehouse_user", "authorization", "cookie"} & set(headers))
        self.assertNotIn(self.token, json.dumps(request))

    async def test_the_application_chooses_the_subprotocol(self):
        client = await self.connect(subprotocols=["lines.v1", "lines.v2"])
        self.assertEqual(client.subprotocol, "lines.v2")
        trusted = await connect(self.gate, subprotocols=["gatehouse", f"bearer.{self.token}"])
        self.addAsyncCleanup(trusted.close)
        self.assertEqual(trusted.subprotocol, "gatehouse")
        self.assertNotIn(self.token, await answer(trusted, "request"))

    async def test_messages_of_all_kinds_and_sizes(self):
        client = await self.connect()
        for message in ("", "grüße €", b"", bytes(range(256)), "x" * 70_000):
            self.assertEqual(await answer(client, message), message)
        self.assertEqual(await answer(client, ["one ", "two ", "three"]), "one two three")
        large = bytes(range(256)) * (MIB // 256)
        self.assertTrue(await answer(client, large) == large)
        parts = [large[at:at + 100_000] for at in range(0, MIB, 100_000)]
        self.assertTrue(await answer(client, parts) == large)
        await client.send(large + b"!")
        self.assertEqual((await self.closed(client))[0], 1009)

    async def test_close_codes_travel_both_ways(self):
        client = await self.connect()
        await client.send("bye")
        self.assertEqual(await self.closed(client), (4000, "the shift is over"))
        await self.application.event()
        client = await self.connect()
        await client.close(4001, "going home")
        self.assertEqual(await self.application.event(), {"code": 4001, "reason": "going home"})
        self.assertEqual((await self.closed(client))[0], 4001)

    async def test_an_application_that_dies_and_comes_back(self):
        client = await self.connect()
        self.assertEqual(await answer(client, "hello"), "hello")
        await self.application.kill()
        self.assertEqual((await self.closed(client))[0], 1014)
        await self.assertRefused(502, token=self.token)
        await gate.eventually(lambda: self.sessions() == 0, "no session is left")
        await self.application.start()
        self.assertEqual(await answer(await self.connect(), "again"), "again")


class NodeEcho(Echo, Behind):
    kind = "node echo"


class PythonEcho(Echo, Behind):
    kind = "python echo"


class Compressed(Echo, Behind):
    """The gate compresses for the client what the application, as ever, says plainly."""
    kind = "python echo"
    keys = {**Behind.keys, "compression": {"max_inflated": "1MiB", "min_size": "64B"}}

    async def test_it_is_agreed_on_and_each_side_hears_it_whole(self):
        client = await self.connect()
        session = await gate.eventually(lambda: self.gate.session_of("alice"), "the session in the list")
        self.assertTrue(session["compression"])
        self.assertEqual([extension.name for extension in client.extensions], ["permessage-deflate"])
        lines = [f"line {i}: 20.{i % 10} °C" * (1 + i) for i in range(200)]
        for line in lines:
            self.assertEqual(await answer(client, line), line)
        self.assertNotIn("sec-websocket-extensions", json.loads(await answer(client, "request"))["headers"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
