#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many sessions behind the gate whose application is killed and started again, and what is left of them afterwards.
Arguments: how many (5000), rounds (3) after a first one that fills what the server keeps and the allocator's arenas."""

import asyncio
import json
import os
import resource
import sys
import time

import gate
from application import HERE, Application, in_front_of

gate.need("node")
WITHIN = 240   # seconds; a ceiling against hangs
TOLD_IN = 20   # seconds until each client knows that the application is gone
GROWTH = 1.05  # of resident memory from the round that fills it to the last
SLACK = 1024   # KiB beside it, for small counts


def many(policy):
    policy["limits"].update({"sessions": 20000, "sessions_per_ip": "off", "sessions_per_user": "off", "pending": "off",
                             "pending_per_ip": "off"})


def resident(pid):
    """KiB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Clients:
    """sessionsclient.mjs."""

    async def start(self, of_gate, count):
        wanted = {"url": f"wss://localhost:{of_gate.port}/app/socket", "ca": str(of_gate.ca), "count": count, "atOnce": 40,
                  "headers": {"Authorization": f"Bearer {of_gate.token()}"}}
        self.process = await asyncio.create_subprocess_exec(
            "node", str(HERE / "sessionsclient.mjs"), json.dumps(wanted), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, preexec_fn=gate.end_with_parent)
        return self

    def order(self, word):
        self.process.stdin.write(word.encode() + b"\n")

    async def says(self, wanted, within=WITHIN):
        said = json.loads(await asyncio.wait_for(self.process.stdout.readline(), within) or b"null")
        if said != wanted:
            raise AssertionError(f"{said} where {wanted} was expected")

    async def stop(self):
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), WITHIN)


async def start(application):
    """Started, and what it says of each connection read away."""
    await application.start()

    async def drain():
        async for _ in application.process.stdout:
            pass
    application.drain = asyncio.create_task(drain())


async def turn(served, clients, application, count):
    """In, the application killed, in again, out."""
    pid, begin = served.process.pid, time.monotonic()
    clients.order("connect")
    await clients.says({"open": count})
    opened, full, held = time.monotonic(), resident(pid), descriptors(pid)
    await application.kill()
    await clients.says({"closed": {"1014": count}}, TOLD_IN)
    told = time.monotonic()
    await start(application)
    again = time.monotonic()
    clients.order("connect")
    await clients.says({"open": count})
    returned = time.monotonic()
    clients.order("leave")
    await clients.says({"closed": {"1000": count}})
    await gate.eventually(lambda: served.ctl("upstreams")[0]["sessions"] == 0, "no session is left", WITHIN)
    print(f"{count} in within {opened - begin:.1f} s ({full} KiB, {held} descriptors); all told 1014 within "
          f"{told - opened:.1f} s; all in again within {returned - again:.1f} s", flush=True)


async def main(count=5000, rounds=3):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and limit < 2 * count + 200:
        sys.exit(f"the limit of open files is {limit}; {count} sessions need {2 * count + 200} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    application = Application("node echo")
    await start(application)

    def edit(policy):
        in_front_of(application.port)(policy)
        many(policy)
    with gate.Gate(edit) as served:
        pid = served.process.pid
        served.ctl("upstreams")
        base, memory = descriptors(pid), []
        print(f"at first {resident(pid)} KiB, {base} descriptors", flush=True)
        clients = await Clients().start(served, count)
        for _ in range(1 + rounds):
            await turn(served, clients, application, count)
            await gate.eventually(lambda: descriptors(pid) <= base, f"back to {base} descriptors", 30)
            memory.append(resident(pid))
            print(f"afterwards {memory[-1]} KiB, {descriptors(pid)} descriptors", flush=True)
        await clients.stop()
        await application.kill()
        if memory[-1] > memory[0] * GROWTH + SLACK:
            raise AssertionError(f"resident memory grew: {memory}")


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
