#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The echo of gatewayapp.mjs on python3-websockets: the same arguments, the same lines on standard output."""

import asyncio
import json
import sys

import websockets


def say(event):
    print(json.dumps(event), flush=True)


async def serve(socket):
    try:
        async for message in socket:
            if message == "request":
                headers = {name.lower(): value for name, value in socket.request_headers.raw_items()}
                await socket.send(json.dumps({"target": socket.path, "headers": headers}))
            elif message == "bye":
                await socket.close(4000, "the shift is over")
            else:
                await socket.send(message)
    except websockets.ConnectionClosed:
        pass
    finally:
        say({"code": socket.close_code, "reason": socket.close_reason})


async def main():
    async with websockets.serve(serve, "127.0.0.1", int(sys.argv[2]), subprotocols=["lines.v2"],
                                ping_interval=None) as server:
        say({"port": server.sockets[0].getsockname()[1]})
        await asyncio.Future()


asyncio.run(main())
