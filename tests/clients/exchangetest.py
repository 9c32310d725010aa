#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What any WebSocket client must meet at the door. exchangetest.py python | node: with which library."""

import asyncio
import sys
import unittest

import clients
import gate

LIBRARY = sys.argv.pop(1)
Client = {"python": clients.PythonClient, "node": clients.NodeClient}[LIBRARY]
if LIBRARY == "node":
    gate.need("node")
    if not (gate.SOURCE / "tests/clients/node_modules/ws").is_dir():
        sys.exit("npm's ws is not installed: run packaging/test, or npm ci in tests/clients")


def no_leeway(policy):
    policy["issuers"][0]["leeway"] = "0s"


class Exchange(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.gate = gate.Gate(no_leeway).start()

    @classmethod
    def tearDownClass(cls):
        cls.gate.stop()

    async def connect(self, user="alice", roles="editor", **options):
        client = await Client.connect(self.gate, self.gate.token(user, roles), **options)
        self.addAsyncCleanup(client.close)
        return client

    async def assert_refused(self, status, **options):
        with self.assertRaises(clients.Refused) as refusal:
            client = await Client.connect(self.gate, **options)
            await client.close()
        self.assertEqual(refusal.exception.status, status)
        return refusal.exception

    async def test_a_token_in_the_authorization_header_opens(self):
        client = await self.connect(place="authorization")
        await client.send("hello")
        self.assertEqual(await client.receive(), "hello")

    async def test_a_token_beside_the_subprotocol_opens_and_gatehouse_alone_is_echoed(self):
        client = await self.connect(place="subprotocol")
        self.assertEqual(client.subprotocol, "gatehouse")
        await client.send("hello")
        self.assertEqual(await client.receive(), "hello")

    async def test_what_one_publishes_reaches_every_subscriber_of_the_channel_as_it_was(self):
        alice = await self.connect("alice", channel="chat.plant")
        bob = await self.connect("bob", channel="chat.plant", place="subprotocol")
        for message in ("plain", "ünïcödé ✓ \U0001f6aa", "", "x" * 65536):
            await alice.send(message)
            for client in (alice, bob):
                received = await client.receive()
                self.assertIsInstance(received, str)
                self.assertEqual(received, message)

    async def test_another_channel_hears_nothing_of_it(self):
        here = await self.connect("alice", channel="chat.here")
        there = await self.connect("bob", channel="chat.there")
        await here.send("for here")
        self.assertEqual(await here.receive(), "for here")
        await there.send("for there")
        self.assertEqual(await there.receive(), "for there")

    async def test_a_channel_that_the_user_may_not_enter_gives_403(self):
        await self.assert_refused(403, token=self.gate.token("alice"), channel="user.bob")
        await self.assert_refused(403, token=self.gate.token("alice"), channel="nowhere")

    async def test_who_may_only_read_hears_the_editor_and_is_not_heard(self):
        reader = await self.connect("reader", roles="reader", channel="news.plant")
        editor = await self.connect("editor", roles="editor", channel="news.plant")
        await reader.send("not for me to say")
        await editor.send("shift ends at ten")
        self.assertEqual(await editor.receive(), "shift ends at ten")
        self.assertEqual(await reader.receive(), "shift ends at ten")

    async def test_no_token_gives_401_and_names_the_scheme(self):
        refusal = await self.assert_refused(401)
        self.assertTrue(refusal.headers["www-authenticate"].startswith("Bearer"), refusal.headers)

    async def test_a_forged_token_gives_401(self):
        await self.assert_refused(401, token=gate.foreign_token())

    async def test_a_foreign_origin_gives_403_even_with_a_token(self):
        await self.assert_refused(403, token=self.gate.token(), origin="https://evil.example")

    async def test_an_allowed_origin_opens(self):
        client = await self.connect(origin="http://localhost:8080")
        await client.send("hello")
        self.assertEqual(await client.receive(), "hello")

    async def test_an_expired_token_gives_401(self):
        token = self.gate.token(ttl="1s")
        await asyncio.sleep(2.1)  # exp has a resolution of one second
        await self.assert_refused(401, token=token)

    async def test_a_token_that_expires_ends_its_session_with_4401(self):
        client = await Client.connect(self.gate, self.gate.token(ttl="2s"))
        code, reason = await client.closed()
        self.assertEqual((code, reason), (4401, "expired"))

    async def test_binary_on_a_text_route_is_closed_with_1003(self):
        client = await self.connect()
        await client.send(b"\x00\x01")
        code, reason = await client.closed()
        self.assertEqual((code, reason), (1003, "type"))

    async def test_one_byte_over_the_maximum_is_closed_with_1009(self):
        client = await self.connect()
        await client.send("x" * 65537)
        code, reason = await client.closed()
        self.assertEqual((code, reason), (1009, "too_big"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
