#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Autobahn's client, which sends frame by frame in any chops and checks what comes back frame by frame."""

import asyncio
import random
import ssl
import unittest

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

import gate

WITHIN = 20  # seconds; a ceiling against hangs
LARGEST = 262144
LETTERS = "az09 éß€✓\U0001f6aa\U0010ffff"


def echo(policy):
    policy["routes"].append({
        "name": "echo", "path": "/echo", "hub": {"protocol": "echo"}, "authentication": {"required": False},
        "messages": {"types": ["text", "binary"], "max_size": f"{LARGEST}B", "max_fragments": 100000, "rate": "off"}})


class Client(WebSocketClientProtocol):
    """Puts everything that it hears into one queue."""

    def __init__(self):
        super().__init__()
        self.heard = asyncio.Queue()

    def onOpen(self):
        self.heard.put_nowait(("open",))

    def onMessage(self, payload, isBinary):
        self.heard.put_nowait(("message", isBinary, payload))

    def onPong(self, payload):
        self.heard.put_nowait(("pong", payload))

    def onClose(self, wasClean, code, reason):
        self.heard.put_nowait(("close", wasClean, code, reason))

    async def hear(self):
        return await asyncio.wait_for(self.heard.get(), WITHIN)

    def send_in_fragments(self, chance, payload, binary):
        """Fragments of any length, each written in chops of any length; a ping between two of them."""
        pings = []
        for number, fragment in enumerate(fragments := cut(chance, payload)):
            opcode = 0 if number else 2 if binary else 1
            self.sendFrame(opcode, fragment, fin=number == len(fragments) - 1,
                           chopsize=chance.choice([None, chance.randint(1 + len(fragment) // 50, 1 + len(fragment))]))
            if number == 0 and len(fragments) > 1 and chance.random() < 0.2:
                pings.append(chance.randbytes(chance.randint(1, 125)))
                self.sendPing(pings[-1])
        return pings


def cut(chance, payload):
    places = sorted(chance.randint(0, len(payload)) for _ in range(chance.choice([0, 0, 1, 2, 5, 20])))
    return [payload[a:b] for a, b in zip([0, *places], [*places, len(payload)])]


def message(chance):
    size = chance.choice([0, 1, 125, 126, 127, 65535, 65536, chance.randint(0, 1000), chance.randint(0, LARGEST)])
    if chance.random() < 0.5:
        return chance.randbytes(size), True
    return "".join(chance.choices(LETTERS, k=size)).encode()[:LARGEST].decode(errors="ignore").encode(), False


class Autobahn(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.gate = gate.Gate(echo).start()

    @classmethod
    def tearDownClass(cls):
        cls.gate.stop()

    async def connect(self, **options):
        url = f"wss://localhost:{self.gate.port}/echo"
        factory = WebSocketClientFactory(url)
        factory.protocol = Client
        factory.setProtocolOptions(failByDrop=False, openHandshakeTimeout=WITHIN, closeHandshakeTimeout=WITHIN, **options)
        trust = ssl.create_default_context(cafile=str(self.gate.ca))
        _, client = await asyncio.get_running_loop().create_connection(factory, "localhost", self.gate.port, ssl=trust)
        self.addCleanup(client.transport.abort)
        self.assertEqual(await client.hear(), ("open",))
        return client

    async def assert_echoed(self, client, chance):
        payload, binary = message(chance)
        pongs = [("pong", ping) for ping in client.send_in_fragments(chance, payload, binary)]
        for expected in [*pongs, ("message", binary, payload)]:
            heard = await client.hear()
            self.assertTrue(heard == expected, f"{str(heard)[:100]} instead of {str(expected)[:100]}")

    async def test_messages_in_any_fragments_and_chops_come_back_as_they_were(self):
        for seed in range(4):
            chance = random.Random(seed)
            client = await self.connect()
            for _ in range(25):
                await self.assert_echoed(client, chance)
            client.sendClose(4000 + seed, "enough")
            self.assertEqual((await client.hear())[:3], ("close", True, 4000 + seed))

    async def test_many_messages_at_once_are_echoed_in_order(self):
        client = await self.connect()
        for number in range(500):
            client.sendMessage(str(number).encode(), isBinary=bool(number % 2))
        client.sendClose(1000)
        for number in range(500):
            self.assertEqual(await client.hear(), ("message", bool(number % 2), str(number).encode()))
        self.assertEqual((await client.hear())[:3], ("close", True, 1000))

    async def test_what_is_refused_is_told_before_the_connection_ends(self):
        for first, payload, code, word in ((2, bytes(LARGEST + 1), 1009, "too_big"), (1, b"x\xff", 1007, "utf8"),
                                           (3, b"x", 1002, "opcode"), (0, b"x", 1002, "fragmentation")):
            client = await self.connect()
            client.sendFrame(first, payload)
            self.assertEqual(await client.hear(), ("close", True, code, word))


if __name__ == "__main__":
    unittest.main(verbosity=2)
