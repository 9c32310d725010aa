#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator does in an incident, with live clients: lockdown, limit, quarantine, drain."""

import unittest

import gate
from clients import PythonClient as Client
from clients import Refused


def dropping(policy):
    policy["routes"][0]["messages"]["on_excess"] = "drop"


class Measures(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.gate = gate.Gate(dropping)
        self.addCleanup(self.gate.stop)
        self.gate.start()
        self.tokens = {"ann": self.gate.token("ann"), "bob": self.gate.token("bob")}

    async def connect(self, user):
        client = await Client.connect(self.gate, self.tokens[user])
        self.addAsyncCleanup(client.close)
        return client

    async def assertRefused(self, user):
        with self.assertRaises(Refused) as refused:
            await Client.connect(self.gate, self.tokens[user])
        self.assertEqual(refused.exception.status, 403)

    def id_of(self, user):
        return str(self.gate.session_of(user)["id"])

    async def test_a_lockdown_keeps_all_but_the_named_out_after_a_crash_too(self):
        ann, bob = await self.connect("ann"), await self.connect("bob")
        self.assertIn("--yes", self.gate.fails(64, "lockdown", "on"))
        said = self.gate.say("lockdown", "on", "--user", "ann", "--for", "1h", "--reason", "attack", "--yes")
        self.assertIn("Allowed: users ann. Sessions ended: 1.", said)
        self.assertEqual((await bob.closed())[0], 4403)
        await self.assertRefused("bob")
        await ann.send("still here")
        self.assertEqual(await ann.receive(), "still here")
        state = r"since .*, until .* left\); allowed: users ann; reason: attack"
        self.assertRegex(self.gate.say("status"), rf"(?m)^lockdown: +{state}$")
        self.assertRegex(self.gate.say("lockdown"), rf"^Locked down {state}\n$")

        self.gate.crash_and_start()
        self.assertRegex(self.gate.say("lockdown"), rf"^Locked down {state}\n$")
        await self.assertRefused("bob")
        await self.connect("ann")
        self.gate.say("lockdown", "off")
        self.assertEqual(self.gate.say("lockdown"), "No lockdown is on.\n")
        await self.connect("bob")
        self.gate.crash_and_start()
        self.assertEqual(self.gate.say("lockdown"), "No lockdown is on.\n")

    async def test_a_limit_holds_for_a_users_sessions_until_it_is_lifted(self):
        ann = await self.connect("ann")
        said = self.gate.say("limit", "--user", "ann", "--rate", "1/1h,burst 2", "--reason", "loud")
        self.assertRegex(said, r"^Limit \d+: user ann to 1/1h, burst 2 until .*\.\n$")
        for number in range(6):
            await ann.send(f"limited {number}")
        self.assertEqual([await ann.receive() for _ in range(2)], ["limited 0", "limited 1"])
        await gate.eventually(lambda: self.gate.session_of("ann")["refused"] == 4, "four refused")
        self.assertRegex(self.gate.say("sessions"), r"ann .* open, limited to 1/1h, burst 2\n")
        limit, = self.gate.ctl("limits")
        self.assertEqual((limit["user"], limit["reason"]), ("ann", "loud"))
        self.gate.say("unlimit", str(limit["id"]))
        self.assertEqual(self.gate.ctl("limits"), [])
        await ann.send("free")
        self.assertEqual(await ann.receive(), "free")
        self.gate.fails(1, "unlimit", str(limit["id"]))

        self.gate.say("limit", self.id_of("ann"), "--rate", "1/1h", "--for", "1s")
        await gate.eventually(lambda: self.gate.ctl("limits") == [], "its time is over")
        await ann.send("free again")
        self.assertEqual(await ann.receive(), "free again")

    async def test_a_quarantined_session_stays_open_and_hears_and_says_nothing(self):
        ann, bob = await self.connect("ann"), await self.connect("bob")
        session = self.id_of("ann")
        self.assertEqual(self.gate.say("quarantine", session, "--reason", "a look"), f"Quarantined: {session}\n")
        await gate.eventually(lambda: " quarantined\n" in self.gate.say("sessions"), "the state")
        await ann.send("unheard")
        await bob.send("one")
        self.assertEqual(await bob.receive(), "one")
        self.assertEqual(self.gate.say("quarantine", "--off", session), f"Released: {session}\n")
        await bob.send("two")
        heard = [await ann.receive()]
        while heard[-1] != "two":
            heard.append(await ann.receive())
        self.assertNotIn("one", heard)
        await bob.close()
        await gate.eventually(lambda: self.gate.session_of("bob") is None, "bob is gone")
        self.gate.fails(1, "quarantine", "999999")

    async def test_a_drain_says_until_when_and_ends_the_server(self):
        clients = [await self.connect(user) for user in ("ann", "bob")]
        self.gate.say("drain", "--within", "10s", "--spread", "100ms")
        for client in clients:
            self.assertEqual((await client.closed())[0], 1001)
        await gate.eventually(lambda: self.gate.process.poll() is not None, "the server has ended")
        self.assertEqual(self.gate.process.returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
