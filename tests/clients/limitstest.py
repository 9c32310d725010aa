#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the gate does about clients that are too many, too loud, unwanted, or guess; and how it goes."""

import asyncio
import getpass
import json
import signal
import time
import unittest

import websockets

import gate
from clients import PythonClient as Client
from clients import Refused


def with_edit(edit):
    """A test that runs against a gate of its own, under an edited policy."""
    def decorate(test):
        async def run(self):
            with gate.Gate(edit) as self.gate:
                await test(self)
        run.__name__ = test.__name__
        return run
    return decorate


def low_rate(policy):
    messages = policy["routes"][0].setdefault("messages", {})
    messages["rate"] = {"count": 5, "per": "10s", "burst": 5}
    messages["violations_before_close"] = 3


def short_windows(policy):
    policy.setdefault("limits", {})["auth_failures_per_ip"] = {"count": 10, "per": "3s", "then_ban": "5m"}


def many(policy):
    policy.setdefault("limits", {}).update({"connects_per_ip": "off", "messages_per_user": "off"})
    policy["routes"][0].setdefault("messages", {})["rate"] = "off"


class Limits(unittest.IsolatedAsyncioTestCase):
    @with_edit(low_rate)
    async def test_a_chatty_client_is_refused_shown_with_its_reason_and_closed_after_its_violations(self):
        client = await Client.connect(self.gate, self.gate.token("chatty"))
        for number in range(6):
            await client.send(str(number))
        self.assertEqual([await client.receive() for _ in range(5)], ["0", "1", "2", "3", "4"])

        row = await gate.eventually(
            lambda: (row := self.gate.session_of("chatty")) and "rate_session" in json.dumps(row) and row,
            "sessions shows the reason while the session is open")
        self.assertEqual(row["violations"], 1)

        await client.send("6")
        await client.send("7")
        self.assertEqual(await client.closed(), (1008, "rate_session"))
        closed = await gate.eventually(
            lambda: self.gate.audited(kind="close", user="chatty", reason="rate_session"), "the close in the audit log")
        self.assertEqual(closed["code"], 1008)
        self.assertIn("/messages/rate", closed["rule"]["pointer"])

    @with_edit(low_rate)
    async def test_a_chatty_client_does_not_silence_the_others(self):
        chatty = await Client.connect(self.gate, self.gate.token("chatty"))
        calm = await Client.connect(self.gate, self.gate.token("calm"), channel="chat.calm")
        for number in range(20):
            await chatty.send(str(number))
        await calm.send("still here")
        self.assertEqual(await calm.receive(), "still here")
        await calm.close()

    @with_edit(None)
    async def test_a_kick_gives_4403_with_its_words_and_keeps_out_until_the_cooldown_is_over(self):
        client = await Client.connect(self.gate, self.gate.token("bob"))
        bystander = await Client.connect(self.gate, self.gate.token("carol"))
        row = await gate.eventually(lambda: self.gate.session_of("bob"), "the session in the list")

        result = self.gate.ctl("kick", str(row["id"]), "--reason", "maintenance at noon", "--cooldown", "3s")
        self.assertEqual(result["kicked"], [row["id"]])
        self.assertEqual(await client.closed(), (4403, "maintenance at noon"))

        with self.assertRaises(Refused) as refusal:
            await Client.connect(self.gate, self.gate.token("bob"))
        self.assertEqual(refusal.exception.status, 403)
        self.assertIn(int(refusal.exception.headers["retry-after"]), (1, 2, 3))

        kick = self.gate.audited(kind="kick", user="bob")
        self.assertIsNotNone(kick)
        self.assertEqual(kick["actor"], getpass.getuser())

        await asyncio.sleep(3)
        back = await Client.connect(self.gate, self.gate.token("bob"))
        for open_client in (back, bystander):
            await open_client.send("here")
            self.assertEqual(await open_client.receive(), "here")
            await open_client.close()

    async def knock(self):
        """The status that a forged token gets; "cut" where the connection ends before an answer."""
        try:
            await Client.connect(self.gate, gate.foreign_token())
        except Refused as refusal:
            return refusal.status
        except (OSError, EOFError, websockets.InvalidMessage):
            return "cut"
        self.fail("a forged token opened")

    async def fill_window(self):
        """Knocks until it is answered otherwise than with 401; how often it was, and the other answer."""
        for count in range(12):
            answer = await self.knock()
            if answer != 401:
                return count, answer
        self.fail("twelve forged tokens were answered with 401")

    @with_edit(short_windows)
    async def test_ten_bad_tokens_give_429_and_a_second_full_window_a_timed_ban(self):
        token = self.gate.token("alice")
        inside = await Client.connect(self.gate, token)

        self.assertEqual(await self.fill_window(), (10, 429))
        with self.assertRaises(Refused) as refusal:
            await Client.connect(self.gate, token)
        self.assertEqual(refusal.exception.status, 429)
        self.assertIn("retry-after", refusal.exception.headers)
        self.assertEqual(self.gate.ctl("bans"), [])

        answer = await self.until_window_is_over()
        self.assertEqual(answer, 401)
        count, answer = await self.fill_window()
        self.assertEqual((count + 1, answer), (10, "cut"))

        bans = self.gate.ctl("bans")
        self.assertEqual([(ban["subject"], ban["value"], ban["actor"]) for ban in bans],
                         [("address", "127.0.0.1", "rule")])
        self.assertIsNotNone(bans[0]["until"])
        self.assertIsNotNone(await gate.eventually(lambda: self.gate.audited(kind="ban"), "the ban in the audit log"))
        with self.assertRaises((OSError, EOFError, websockets.InvalidMessage)):
            await Client.connect(self.gate, token)

        self.gate.ctl("unban", str(bans[0]["id"]))
        again = await Client.connect(self.gate, token)
        await again.close()
        await inside.close()

    async def until_window_is_over(self):
        deadline = time.monotonic() + 15
        while (answer := await self.knock()) == 429 and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        return answer

    @with_edit(many)
    async def test_sigterm_under_load_gives_1001_to_all_and_ends_before_the_deadline(self):
        users = 25
        tokens = [self.gate.token(f"user{number}") for number in range(users)]
        sockets = [await Client.connect(self.gate, tokens[number % users], channel=f"chat.load{number % 5}")
                   for number in range(2 * users)]
        heard = 0

        async def chatter(number, client):
            """Publishes as fast as its own messages come back; hears those of nine others meanwhile."""
            nonlocal heard
            message = str(number).rjust(200)
            try:
                while True:
                    await client.send(message)
                    while await client.receive() != message:
                        heard += 1
            except websockets.ConnectionClosed:
                return client.socket.close_code

        chatters = [asyncio.create_task(chatter(*numbered)) for numbered in enumerate(sockets)]
        while heard < 5000:
            await asyncio.sleep(0.01)
        began = time.monotonic()
        self.gate.process.send_signal(signal.SIGTERM)
        codes = await asyncio.wait_for(asyncio.gather(*chatters), 30)
        await gate.eventually(lambda: self.gate.process.poll() is not None, "the server's end", within=20)
        self.assertEqual(set(codes), {1001})
        self.assertEqual(self.gate.process.returncode, 0)
        self.assertLess(time.monotonic() - began, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
