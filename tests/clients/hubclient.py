# SPDX-License-Identifier: GPL-3.0-or-later
"""npm's centrifuge against a gate with a hub, and a way between the two that can be cut."""

import asyncio
import json
from pathlib import Path

import gate

WITHIN = 15  # seconds; a ceiling against hangs


def hub(policy, **channels):
    """The route and channels that these tests speak about."""
    policy["routes"] = [route for route in policy["routes"] if route["name"] != "centrifuge"]
    policy["routes"].append({"name": "centrifuge", "path": "/connection/websocket", "hub": {"protocol": "centrifuge"},
                             "messages": {"rate": {"count": 2000, "per": "1s"}}})
    policy["limits"] = {**policy.get("limits", {}), "messages_per_user": "off", "connects_per_ip": "off"}
    everybody = {"subscribe": ["*"], "publish": ["*"]}
    policy["channels"] = [
        {"match": "news.*", **everybody, "history": {"size": 1000, "ttl": "5m", "read": ["*"]}, "presence": ["*"],
         "join_leave": True, **channels},
        {"match": "short.*", **everybody, "history": {"size": 5, "ttl": "5m"}},
        {"match": "plain.*", **everybody},
        {"match": "locked.*", **everybody, "subscribe_token": True},
        {"match": "chat.*", **everybody},
    ]


class Way:
    """Forwards connections to wherever the gate listens at the moment."""

    def __init__(self, of):
        self.gate = of
        self.open = set()

    async def start(self):
        self.server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def carry(self, reader, writer):
        self.open.add(writer)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.gate.port or 1)
        except OSError:
            writer.transport.abort()
            self.open.discard(writer)
            return
        self.open.add(back)
        await asyncio.gather(self.copy(reader, back), self.copy(there, writer))

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()
        self.open.discard(writer)

    def cut(self):
        for writer in list(self.open):
            writer.transport.abort()
        self.open.clear()

    async def close(self):
        """Ends what is open and lets nobody through until open_again()."""
        self.server.close()
        await self.server.wait_closed()
        self.cut()

    async def open_again(self):
        self.server = await asyncio.start_server(self.carry, "127.0.0.1", self.port)

    async def stop(self):
        self.server.close()
        self.cut()


class Client:
    script = Path(__file__).with_name("centrifugeclient.mjs")

    def __init__(self, process):
        self.process = process
        self.events = []
        self.answers = {}
        self.last = 0
        self.news = asyncio.Event()
        self.reader = asyncio.create_task(self.read())

    @classmethod
    async def start(cls, at, port=None, token=None, headers=None):
        argument = {"url": f"wss://localhost:{port or at.port}/connection/websocket", "ca": str(at.ca), "headers": headers or {}}
        if token:
            argument["token"] = token
        return cls(await asyncio.create_subprocess_exec(
            "node", str(cls.script), json.dumps(argument), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=1 << 24, preexec_fn=gate.end_with_parent))

    async def read(self):
        async for line in self.process.stdout:
            event = json.loads(line)
            if "answer" in event:
                self.answers[event["answer"]] = event
            else:
                self.events.append(event)
            self.news.set()

    async def until(self, condition, what):
        async def wait():
            while not (value := condition()):
                self.news.clear()
                await self.news.wait()
            return value
        try:
            return await asyncio.wait_for(wait(), WITHIN)
        except asyncio.TimeoutError:
            raise AssertionError(f"not within {WITHIN} s: {what}; last {self.events[-5:]}") from None

    async def event(self, key, **members):
        """The first event of that kind, taken out with all before it that are of the same kind."""
        def find():
            for at, event in enumerate(self.events):
                if key in event and all(event.get(name) == value for name, value in members.items()):
                    return self.events.pop(at)
            return None
        return await self.until(find, f"{key} {members}")

    async def ask(self, do, **members):
        """The result of a command; an error is a dictionary with its code under "error"."""
        self.last += 1
        mine = self.last
        self.process.stdin.write((json.dumps({"id": mine, "do": do, **members}) + "\n").encode())
        answer = await self.until(lambda: self.answers.pop(mine, None), f"the answer to {do}")
        return {"error": answer["error"]} if "error" in answer else answer["result"]

    async def connected(self):
        await self.ask("connect")
        return await self.event("connected")

    def published(self, channel):
        return [event["data"]["n"] for event in self.events if event.get("publication") == channel]

    async def stop(self):
        if self.process.returncode is None:
            self.process.stdin.close()
            await self.process.wait()
        await self.reader
