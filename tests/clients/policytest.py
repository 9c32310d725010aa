#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy that changes under live sessions, by gatehousectl and by hand: what is said before, what happens, and how it
comes back."""

import getpass
import hashlib
import json
import os
import pty
import re
import secrets
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request

import gate
from clients import PythonClient as Client
from clients import Refused

gate.need("patch")


SECRET = secrets.token_urlsafe(32)


def editors_alone(policy):
    policy["routes"][0]["roles"] = ["editor"]


def everybody_out(policy):
    policy["listeners"][0]["networks"] = {"deny": ["0.0.0.0/0", "::/0"]}
    policy["issuers"][0]["secret_file"] = "keys/other.key"
    policy["api_keys"] = []  # whoever ordered it too


def add_operator(policy):
    """An admin listener, and the key of an operator."""
    listener = policy["listeners"][0]
    policy["listeners"].append({**listener, "name": "ops", "kind": "admin", "port": 0})
    policy["api_keys"] = [{"id": "oncall", "role": "operator", "sha256": hashlib.sha256(SECRET.encode()).hexdigest()}]


class Policy(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.gate = gate.Gate(add_operator)
        self.addCleanup(self.gate.stop)
        self.gate.start()
        self.tokens = {"ann": self.gate.token("ann", "editor"), "bob": self.gate.token("bob", "reader")}

    async def connect(self, user):
        client = await Client.connect(self.gate, self.tokens[user])
        self.addAsyncCleanup(client.close)
        return client

    async def assertRefused(self, user):
        with self.assertRaises((Refused, OSError, EOFError)):
            await Client.connect(self.gate, self.tokens[user])

    async def assertTalks(self, client, message):
        await client.send(message)
        self.assertEqual(await client.receive(), message)

    def document(self, *edits, name="new.json"):
        """A file with the policy that runs as `edits` change it."""
        policy = json.loads(self.gate.say("policy", "show"))
        for edit in edits:
            edit(policy)
        path = self.gate.folder / name
        path.write_text(json.dumps(policy, indent=2, ensure_ascii=False))
        return path

    def by_key(self, method):
        """The status that the operator's key gets at the admin listener; None where nobody answers it there."""
        (url,) = [one["url"] for one in self.gate.ctl("status")["listeners"] if one["name"] == "ops"]
        request = urllib.request.Request(f"{url.replace('0.0.0.0', 'localhost')}/api/{method}", b"{}",
                                         {"X-API-Key": f"gh_oncall_{SECRET}"})
        try:
            with urllib.request.urlopen(request, timeout=20, context=ssl.create_default_context(cafile=self.gate.ca)) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return None

    def version(self):
        return self.gate.ctl("status")["stats"]["policy_version"]

    async def until_version(self, version, within=15):
        await gate.eventually(lambda: self.version() == version, f"version {version}", within)

    async def test_what_is_said_before_is_what_happens_and_can_be_taken_back(self):
        ann, bob = await self.connect("ann"), await self.connect("bob")
        first = self.version()
        running = self.gate.folder / "running.json"
        self.gate.say("policy", "show", "--output", running)
        self.assertEqual(running.read_text(), self.gate.say("policy", "show"))

        def slower(policy):
            policy["routes"][0]["messages"]["rate"] = {"count": 30, "per": "1s", "burst": 60}
        new = self.document(editors_alone, slower)

        broken = self.gate.folder / "broken.json"
        broken.write_text(new.read_text().replace('"max_size": "64KiB"', '"max_size": "tiny"').replace('"ping"', '"pong"'))
        said = self.gate.fails(1, "policy", "check", broken)
        lines = broken.read_text().splitlines()
        for word, pointer in (('"tiny"', "/routes/0/messages/max_size"), ('"pong"', "/routes/0/pong")):
            line = next(number for number, text in enumerate(lines, 1) if word in text)
            self.assertRegex(said, rf"(?m)^{re.escape(str(broken))}:{line}:\d+: {pointer}: ")
        self.gate.fails(1, "policy", "apply", broken, "--yes")

        change = r"hub › messages › rate: 50/s, burst 100 → 30/s, burst 60"
        self.assertRegex(self.gate.say("policy", "check", new), change)
        self.assertRegex(self.gate.say("policy", "diff", new, "--words"), change)
        patched = self.gate.folder / "patched.json"
        subprocess.run(["patch", "-s", "-o", patched, running], input=self.gate.say("policy", "diff", new), text=True,
                       check=True)

        tried = self.gate.say("policy", "what-if", new)
        self.assertRegex(tried, change)
        self.assertIn("Of 2 open sessions, 1 would be ended", tried)
        self.assertRegex(tried, r"1 ended with 4403: authz by hub › roles.*\n +bob \(")
        self.assertNotIn("ann (", tried)
        await self.assertTalks(bob, "nothing happened yet")
        self.assertEqual(await ann.receive(), "nothing happened yet")
        self.assertEqual(self.version(), first)

        self.assertIn("--yes", self.gate.fails(64, "policy", "apply", new))
        self.assertIn("nothing was changed", self.on_a_terminal("n", 1, "policy", "apply", new))
        self.assertEqual(self.version(), first)
        said = self.on_a_terminal("y", 0, "policy", "apply", new, "--reason", "flood")
        self.assertIn(f"Version {first + 1} runs", said)
        self.assertEqual((await bob.closed())[0], 4403)
        await self.assertRefused("bob")
        await self.assertTalks(ann, "undisturbed")
        self.assertEqual(self.gate.say("policy", "show"), patched.read_text())
        self.assertEqual(self.gate.config.read_text(), patched.read_text())

        newest, before = self.gate.ctl("policy", "history", "--limit", "2")
        self.assertEqual((newest["version"], newest["origin"], newest["reason"], newest["author"]),
                         (first + 1, "apply", "flood", getpass.getuser()))
        self.assertEqual(before["version"], first)
        self.assertRegex(self.gate.say("policy", "history", "--diff"), rf"{change}(.*\n)*\+.*\"count\": 30")

        self.gate.say("policy", "rollback", "--yes", "--reason", "over")
        await self.assertTalks(await self.connect("bob"), "back again")
        self.assertEqual(await ann.receive(), "back again")
        newest = self.gate.ctl("policy", "history", "--limit", "1")[0]
        self.assertEqual((newest["origin"], newest["restores"]), ("rollback", first))
        self.assertEqual(self.gate.say("policy", "show"), running.read_text())

    def on_a_terminal(self, answer, code, *arguments):
        """All that is said to a person who answers the question."""
        mine, theirs = pty.openpty()
        command = [gate.program("gatehousectl"), "--config", self.gate.config, *arguments]
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        try:
            while more := os.read(mine, 4096):
                said += more
                if said.endswith(b"[y/N] "):
                    os.write(mine, answer.encode() + b"\n")
        except OSError:  # the other end is closed (EIO)
            pass
        os.close(mine)
        self.assertEqual(process.wait(20), code, said.decode())
        return said.decode()

    async def test_a_policy_on_trial_comes_back_by_itself_after_a_crash_too_unless_it_is_confirmed(self):
        ann, bob = await self.connect("ann"), await self.connect("bob")
        first = self.version()
        document, file = self.gate.say("policy", "show"), self.gate.config.read_text()
        said = self.gate.say("policy", "apply", self.document(editors_alone), "--for", "4s", "--yes")
        self.assertRegex(said, rf"(?m)^To keep it: gatehousectl .*policy confirm {first + 1}$")
        self.assertEqual((await bob.closed())[0], 4403)
        self.assertEqual(self.gate.config.read_text(), file)
        self.assertRegex(self.gate.say("status"), r"(?m)^on trial: +until .* left")
        await self.until_version(first + 2)
        self.assertEqual(self.gate.say("policy", "show"), document)
        bob = await self.connect("bob")
        await self.assertTalks(bob, "back by itself")
        self.assertEqual(await ann.receive(), "back by itself")
        self.assertEqual(self.gate.ctl("policy", "history", "--limit", "1")[0]["origin"], "returned")

        other = self.gate.config.parent / "keys/other.key"
        other.write_text("x" * 43)
        other.chmod(0o600)
        self.assertEqual(self.by_key("info"), 200)
        self.gate.say("policy", "apply", self.document(everybody_out), "--for", "1h", "--yes")
        self.assertEqual(self.by_key("policy_confirm"), 401)
        self.assertIn((await ann.closed())[0], (4401, 4403))
        self.assertIn((await bob.closed())[0], (4401, 4403))
        await self.assertRefused("ann")
        self.gate.crash_and_start()
        await self.assertTalks(await self.connect("ann"), "let in again")
        self.assertEqual(self.by_key("info"), 200)
        self.assertEqual(self.gate.say("policy", "show"), document)
        self.assertNotIn("on trial", self.gate.say("status"))

        said = self.gate.say("policy", "apply", self.document(editors_alone), "--for", "1h", "--yes")
        self.gate.say(*re.search(r"(policy confirm \d+)$", said, re.MULTILINE)[1].split())
        confirmed = self.gate.say("policy", "show")
        self.gate.crash_and_start()
        self.assertEqual(self.gate.say("policy", "show"), confirmed)
        await self.assertRefused("bob")

    async def test_who_comes_second_is_shown_what_came_first(self):
        base = self.gate.ctl("policy", "show")["hash"]
        mine = self.document(editors_alone, name="mine.json")
        self.gate.say("policy", "apply", self.document(lambda policy: policy.update(name="Plant 3")), "--yes")
        version, document = self.version(), self.gate.say("policy", "show")
        said = self.gate.fails(1, "policy", "apply", mine, "--base", base, "--yes")
        self.assertRegex(said, r'(?m)^\+ *"name": "Plant 3",$')
        self.assertRegex(said, r'(?m)^- *"name": "Gatehouse",$')
        self.assertEqual((self.version(), self.gate.say("policy", "show")), (version, document))

    async def test_a_file_edited_by_hand_is_taken_where_it_is_valid_and_told_of_where_it_is_not(self):
        ann, bob = await self.connect("ann"), await self.connect("bob")
        first = self.version()
        self.gate.config.write_text(self.document(editors_alone).read_text())
        await self.until_version(first + 1)
        self.assertEqual((await bob.closed())[0], 4403)
        self.assertEqual(self.gate.ctl("policy", "history", "--limit", "1")[0]["origin"], "file")

        broken = self.gate.config.read_text().replace('"64KiB"', '"tiny"')
        self.gate.config.write_text(broken)
        await gate.eventually(lambda: re.search(r"(?m)^policy file: +not taken: .*/routes/0/messages/max_size",
                                                self.gate.say("status")), "status names the problem")
        self.assertEqual(self.version(), first + 1)
        await self.assertTalks(ann, "the old one holds")
        new = self.document(lambda policy: policy.update(name="Plant 3"))
        self.gate.fails(1, "policy", "apply", new, "--yes")
        self.assertEqual(self.gate.config.read_text(), broken)
        self.gate.say("policy", "apply", new, "--yes", "--replace-file")
        self.assertEqual(json.loads(self.gate.config.read_text())["name"], "Plant 3")
        self.assertNotIn("not taken", self.gate.say("status"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
