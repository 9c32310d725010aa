#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What any WebSocket client must meet at the door. exchangetest.py python | node: with which library."""

import asyncio
import random
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


def compressing(policy):
    policy["routes"][0]["compression"] = {}
    policy["routes"][0]["messages"]["types"] = ["text", "binary"]
    policy["routes"][0]["messages"]["max_size"] = "128KiB"


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

    async def test_compression_that_the_route_does_not_have_is_not_agreed_on(self):
        client = await self.connect("offers")
        self.assertEqual(client.extensions, "")
        self.assertEqual(self.gate.session_of("offers")["compression"], "")


class Compression(unittest.IsolatedAsyncioTestCase):
    """A route that allows permessage-deflate."""

    @classmethod
    def setUpClass(cls):
        cls.gate = gate.Gate(compressing).start()

    @classmethod
    def tearDownClass(cls):
        cls.gate.stop()

    async def connect(self, user, **options):
        client = await Client.connect(self.gate, self.gate.token(user), **options)
        self.addAsyncCleanup(client.close)
        return client

    async def test_it_is_agreed_on_with_who_offers_it_alone(self):
        offers = await self.connect("offers")
        self.assertIn("permessage-deflate", offers.extensions)
        agreed = self.gate.session_of("offers")["compression"]
        self.assertTrue(agreed.startswith("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
                        agreed)
        offers_nothing = await self.connect("offers_nothing", compress=False)
        self.assertEqual(offers_nothing.extensions, "")
        self.assertEqual(self.gate.session_of("offers_nothing")["compression"], "")

    async def test_messages_small_and_large_pass_between_those_who_compress_and_those_who_do_not(self):
        compressing = await self.connect("alice", channel="chat.plant")
        plain = await self.connect("bob", channel="chat.plant", compress=False)
        noise = random.Random(1).randbytes(60000)
        messages = ("", "a", "plain", "ünïcödé ✓ \U0001f6aa" * 40, "x" * 65536, "measured 17.3 °C, " * 3000,
                    noise.hex()[:65536], b"", b"\0" * 65536, noise)
        for message in messages:
            for sender in (compressing, plain):
                await sender.send(message)
                for client in (compressing, plain):
                    self.assertEqual(await client.receive(), message)

    async def test_what_inflates_to_one_byte_over_the_maximum_is_closed_with_1009(self):
        client = await self.connect("alice", channel="chat.bomb")
        await client.send("x" * 65537)
        code, reason = await client.closed()
        self.assertEqual((code, reason), (1009, "too_big"))
        self.assertEqual(self.gate.audited(reason="too_big")["code"], 1009)


if __name__ == "__main__":
    unittest.main(verbosity=2)
