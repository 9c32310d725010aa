# SPDX-License-Identifier: GPL-3.0-or-later
"""Two WebSocket clients that nobody here wrote, behind one small face: python3-websockets and npm's ws."""

import asyncio
import json
import ssl
from pathlib import Path

import websockets

WITHIN = 15  # seconds; a ceiling against hangs


class Refused(Exception):
    """The server answered the upgrade with something else than 101."""

    def __init__(self, status, headers):
        super().__init__(f"refused with {status}")
        self.status = status
        self.headers = headers  # lower-case names


def offer(token, place):
    """Headers and subprotocols that carry the token in the given place."""
    if token is None:
        return {}, []
    if place == "authorization":
        return {"Authorization": f"Bearer {token}"}, []
    return {}, ["gatehouse", f"bearer.{token}"]


class PythonClient:
    def __init__(self, socket):
        self.socket = socket
        self.subprotocol = socket.subprotocol
        self.extensions = ", ".join(extension.name for extension in socket.extensions)

    @classmethod
    async def connect(cls, gate, token=None, place="authorization", origin=None, channel="chat.lobby", compress=True):
        headers, subprotocols = offer(token, place)
        trust = ssl.create_default_context(cafile=str(gate.ca))
        try:
            return cls(await websockets.connect(gate.url(channel), ssl=trust, extra_headers=headers, origin=origin,
                                                subprotocols=subprotocols or None, open_timeout=WITHIN,
                                                compression="deflate" if compress else None,
                                                close_timeout=WITHIN, ping_interval=None))
        except websockets.InvalidStatusCode as refusal:
            raise Refused(refusal.status_code, {k.lower(): v for k, v in refusal.headers.raw_items()}) from None

    async def send(self, message):
        await self.socket.send(message)

    async def receive(self):
        return await asyncio.wait_for(self.socket.recv(), WITHIN)

    async def closed(self):
        """Close code and reason, once the server has closed; what still comes before is dropped."""
        async def drained():
            async for _ in self.socket:
                pass
        try:
            await asyncio.wait_for(drained(), WITHIN)
        except websockets.ConnectionClosed:
            pass
        return self.socket.close_code, self.socket.close_reason

    async def close(self):
        await self.socket.close()


class NodeClient:
    """Drives nodeclient.mjs: one JSON object a line, events from it and messages to it."""

    script = Path(__file__).with_name("nodeclient.mjs")

    def __init__(self, process):
        self.process = process
        self.subprotocol = None
        self.extensions = ""

    @classmethod
    async def connect(cls, gate, token=None, place="authorization", origin=None, channel="chat.lobby", compress=True):
        headers, subprotocols = offer(token, place)
        wanted = {"url": gate.url(channel), "ca": str(gate.ca), "headers": headers, "subprotocols": subprotocols,
                  "compress": compress}
        if origin:
            wanted["origin"] = origin
        process = await asyncio.create_subprocess_exec(
            "node", str(cls.script), json.dumps(wanted), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=1 << 20)
        client = cls(process)
        event = await client.event()
        if event["event"] == "open":
            client.subprotocol = event["subprotocol"] or None
            client.extensions = event["extensions"]
            return client
        await client.close()
        if event["event"] == "refused":
            raise Refused(event["status"], event["headers"])
        raise ConnectionError(event)

    async def event(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), WITHIN)
        if not line:
            raise ConnectionError("nodeclient.mjs ended")
        return json.loads(line)

    async def send(self, message):
        kind = {"text": message} if isinstance(message, str) else {"binary": message.hex()}
        self.process.stdin.write(json.dumps(kind).encode() + b"\n")
        await self.process.stdin.drain()

    async def receive(self):
        event = await self.event()
        if event["event"] != "message":
            raise ConnectionError(event)
        return event["text"] if "text" in event else bytes.fromhex(event["binary"])

    async def closed(self):
        while True:
            event = await self.event()
            if event["event"] == "close":
                await self.close()
                return event["code"], event["reason"]

    async def close(self):
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), WITHIN)
