# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications for the gate to stand in front of, each a process of its own, and clients that come through the gate."""

import asyncio
import json
import socket
import ssl
import subprocess

import websockets

import gate
from clients import WITHIN, Refused

HERE = gate.SOURCE / "tests" / "clients"
COMMANDS = {"node echo": ["node", str(HERE / "gatewayapp.mjs"), "echo"],
            "node chat": ["node", str(HERE / "gatewayapp.mjs"), "chat"],
            "python echo": ["/usr/bin/python3", str(HERE / "gatewayapp.py"), "echo"]}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Application:
    """One of COMMANDS. Started again it listens where it did before."""

    def __init__(self, kind):
        self.kind = kind
        self.port = 0
        self.process = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            *COMMANDS[self.kind], str(self.port), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            preexec_fn=gate.end_with_parent)
        self.port = (await self.event())["port"]
        return self

    async def event(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), WITHIN)
        if not line:
            raise AssertionError(f"the application {self.kind} ended")
        return json.loads(line)

    async def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


def in_front_of(port, **keys):
    """For Gate(edit): the route "app" before an application on this port; `keys` are more of the route."""
    def edit(policy):
        route = {"name": "app", "path": "/app/*", "gateway": {"upstreams": [f"ws://127.0.0.1:{port}/"]},
                 "authentication": {"required": True, "issuers": ["local"],
                                    "from": ["authorization", "subprotocol", {"query": "token"}]},
                 "origins": ["none", "https://app.example"],
                 "messages": {"types": ["text", "binary"], "max_size": "1MiB", "rate": "off"}, "send_buffer": "2MiB"}
        route.update(keys)
        policy["routes"].insert(0, route)
        policy["limits"].update({"auth_failures_per_ip": "off", "connects_per_ip": "off", "messages_per_user": "off"})
    return edit


async def connect(gate_, target="/app/socket", token=None, headers=None, **options):
    """A client of python3-websockets; Refused where the gate says no."""
    trust = ssl.create_default_context(cafile=str(gate_.ca))
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        return await websockets.connect(f"wss://localhost:{gate_.port}{target}", ssl=trust, extra_headers=headers,
                                        max_size=None, ping_interval=None, open_timeout=WITHIN, close_timeout=WITHIN,
                                        **options)
    except websockets.InvalidStatusCode as refusal:
        raise Refused(refusal.status_code, {k.lower(): v for k, v in refusal.headers.raw_items()}) from None


async def answer(client, message):
    await client.send(message)
    return await asyncio.wait_for(client.recv(), WITHIN)
