#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs as scripts and service managers meet them: exit codes, files and their modes, signals, what is not written."""

import asyncio
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import gate
from clients import PythonClient as Client
from clients import Refused


def run(name, *arguments, **options):
    return subprocess.run([gate.program(name), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, **options)


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gatehouse-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def init(self):
        done = run("gatehoused", "--init", self.folder / "etc")
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.folder / "etc"

    def test_version_and_help_are_known_to_all_three(self):
        for name in ("gatehoused", "gatehousectl", "gatehouse"):
            environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
            version = run(name, "--version", env=environment)
            self.assertEqual(version.returncode, 0, name)
            self.assertRegex(version.stdout, r"\b0\.1\.0\b")
            self.assertEqual(run(name, "--help", env=environment).returncode, 0, name)

    def test_a_command_line_that_is_not_understood_exits_64(self):
        for command in (["gatehoused"], ["gatehoused", "--no-such-option"], ["gatehoused", "--config"],
                        ["gatehousectl"], ["gatehousectl", "no-such-command"], ["gatehousectl", "kick"]):
            done = run(*command)
            self.assertEqual(done.returncode, 64, command)
            self.assertTrue(done.stderr, command)

    def test_init_keeps_what_is_secret_to_its_owner(self):
        etc = self.init()
        self.assertEqual(stat.S_IMODE(etc.stat().st_mode), 0o700)
        for path in etc.rglob("*"):
            if path.is_dir() or path.suffix == ".key":
                self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0, path)
        self.assertRegex((etc / "keys/token.key").read_text().rstrip("\n"), r"^[\w-]{43}$")

    def test_init_never_overwrites(self):
        etc = self.init()
        before = {path: path.read_bytes() for path in etc.rglob("*") if path.is_file()}
        self.assertEqual(run("gatehoused", "--init", etc).returncode, 1)
        self.assertEqual({path: path.read_bytes() for path in etc.rglob("*") if path.is_file()}, before)

    def test_the_local_ca_vouches_for_localhost_and_for_no_stranger(self):
        etc = self.init()
        verify = ["openssl", "verify", "-CAfile", str(etc / "tls/ca.pem"), "-purpose", "sslserver", "-x509_strict"]
        for name, code in (("localhost", 0), ("bank.example", 2)):
            done = subprocess.run([*verify, "-verify_hostname", name, str(etc / "tls/server.pem")],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        ca = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", str(etc / "tls/ca.pem")],
                            stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("Name Constraints: critical", ca)
        self.assertRegex(ca, r"CA:TRUE, pathlen:0")

    def test_what_init_writes_is_valid_and_what_is_not_is_named_with_78(self):
        config = self.init() / "gatehouse.json"
        good = run("gatehoused", "--check-config", "--config", config)
        self.assertEqual(good.returncode, 0, good.stderr)
        policy = json.loads(config.read_text())
        policy["limits"]["sessions_per_ip"] = "many"
        policy["routes"][0]["compresion"] = "off"
        policy["audit"] = {"retention": "9d"}
        config.write_text(json.dumps(policy, indent=2))
        for option in (["--check-config"], []):
            bad = run("gatehoused", *option, "--config", config)
            self.assertEqual(bad.returncode, 78)
            for pointer in ("/limits/sessions_per_ip", "/routes/0/compresion", "/audit"):
                self.assertRegex(bad.stderr, rf"gatehouse\.json:\d+:\d+: {pointer}\b")

    def test_a_configuration_that_is_not_there_exits_78(self):
        self.assertEqual(run("gatehoused", "--config", self.folder / "none.json").returncode, 78)

    def test_a_key_that_others_can_read_is_refused(self):
        etc = self.init()
        (etc / "keys/token.key").chmod(0o644)
        done = run("gatehoused", "--check-config", "--config", etc / "gatehouse.json")
        self.assertEqual(done.returncode, 78)
        self.assertIn("token.key", done.stderr)

    def test_the_default_that_is_printed_is_json_with_this_port(self):
        done = run("gatehoused", "--print-default-config")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["listeners"][0]["port"], 8443)

    def test_the_default_that_is_printed_is_valid_where_init_made_its_files(self):
        config = self.init() / "gatehouse.json"
        config.write_text(run("gatehoused", "--print-default-config").stdout)
        checked = run("gatehoused", "--check-config", "--config", config)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(checked.stderr, "")

    def test_a_second_process_on_the_same_state_names_the_first(self):
        with gate.Gate() as first:
            done = run("gatehoused", "--config", first.config)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"\b{first.process.pid}\b")

    def test_a_second_process_on_the_same_port_names_the_first(self):
        with gate.Gate() as first:
            def same_port(policy):
                policy["listeners"][0].update({"port": first.port})
            second = gate.Gate(same_port)
            self.addCleanup(second.stop)
            done = run("gatehoused", "--config", second.config)
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(first.port), done.stderr)
            self.assertRegex(done.stderr, rf"\b{first.process.pid}\b")

    def test_the_service_manager_hears_of_readiness_and_of_the_end(self):
        ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(ear.close)
        ear.bind(str(self.folder / "notify"))
        ear.settimeout(20)
        said = []

        def listen():
            while "STOPPING=1" not in said:
                said.extend(ear.recv(4096).decode().splitlines())
        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        with gate.Gate(environment={"NOTIFY_SOCKET": str(self.folder / "notify")}) as served:
            self.assertEqual(served.stop(), 0)
        listener.join(20)
        self.assertIn("READY=1", said)
        self.assertIn("STOPPING=1", said)

    def test_a_stopped_servers_certificate_is_told_from_its_files(self):
        etc = self.init()
        done = run("gatehousectl", "certificate", "status", "--config", etc / "gatehouse.json", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        status, = json.loads(done.stdout)
        self.assertEqual((status["listener"], status["days_left"], status["renews"]), ("public", 364, True))
        told = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(etc / "tls/server.pem")],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual(told.rstrip().split("=")[1].replace(":", "").lower(), status["fingerprint_sha256"])
        self.assertIn("localhost", status["names"])
        (etc / "tls/ca.key").rename(etc / "elsewhere.key")
        text = run("gatehousectl", "certificate", "status", "--config", etc / "gatehouse.json").stdout
        self.assertRegex(text, r"renews itself: +no: the key of its CA, .*/tls/ca\.key, is not there")
        (etc / "tls/server.pem").write_text("no certificate")
        bad = run("gatehousectl", "certificate", "status", "--config", etc / "gatehouse.json")
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stderr, r"listener public: .*/tls/server\.pem: ")

    def test_the_command_line_says_that_no_server_runs(self):
        etc = self.init()
        done = run("gatehousectl", "--socket", etc / "run/control.sock", "status")
        self.assertEqual(done.returncode, 1)
        self.assertIn("control.sock", done.stderr)


class Running(unittest.IsolatedAsyncioTestCase):
    async def test_sighup_takes_a_valid_policy_and_keeps_the_old_one_where_it_is_not(self):
        with gate.Gate() as served:
            client = await Client.connect(served, served.token())
            self.addAsyncCleanup(client.close)
            served.policy["routes"][0]["messages"]["max_size"] = "tiny"
            served.config.write_text(json.dumps(served.policy))
            served.process.send_signal(signal.SIGHUP)
            await gate.eventually(lambda: "/routes/0/messages/max_size" in served.log.read_text(), "the error in the log")
            await client.send("x" * 1000)
            self.assertEqual(await client.receive(), "x" * 1000)

            version = served.ctl("status")["policy_version"]
            served.policy["routes"][0]["messages"]["max_size"] = "512B"
            served.config.write_text(json.dumps(served.policy))
            served.process.send_signal(signal.SIGHUP)
            await gate.eventually(lambda: served.ctl("status")["policy_version"] > version, "the new policy")
            other = await Client.connect(served, served.token("bob"))
            await other.send("x" * 1000)
            self.assertEqual(await other.closed(), (1009, "too_big"))

    async def test_a_certificate_is_renewed_under_an_open_session_and_its_ca_is_trusted_on(self):
        with gate.Gate() as served:
            client = await Client.connect(served, served.token())
            self.addAsyncCleanup(client.close)
            before, = served.ctl("certificate", "status")
            renewed, = served.ctl("certificate", "renew")
            self.assertNotEqual(renewed["fingerprint_sha256"], before["fingerprint_sha256"])
            self.assertEqual(renewed["names"], before["names"])
            self.assertEqual(served.ctl("certificate", "status"), [renewed])
            self.assertEqual(served.audited(kind="certificate")["actor"], pwd.getpwuid(os.geteuid()).pw_name)
            other = await Client.connect(served, served.token("bob"))
            self.addAsyncCleanup(other.close)
            await client.send("still here")
            self.assertEqual(await other.receive(), "still here")

            foreign = served.folder / "foreign"
            subprocess.run([gate.program("gatehoused"), "--init", str(foreign)], check=True, stdout=subprocess.DEVNULL)
            for name in ("server.key", "server.pem"):
                os.replace(foreign / "tls" / name, served.config.parent / "tls" / name)
            await gate.eventually(lambda: served.audited(kind="reload", reason=""), "the new certificate in the audit log")
            refused = run("gatehousectl", "--config", served.config, "certificate", "renew", "--listener", "public")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("not of a local CA", refused.stderr)
            (served.config.parent / "tls/server.key").chmod(0o644)
            await gate.eventually(lambda: served.ctl("status")["stats"]["certificates"] == "reload_failed", "the alarm")
            self.assertRegex(run("gatehousectl", "--config", served.config, "status").stdout,
                             r"(?m)^certificates: +a new one cannot be used")
            await client.send("and still")
            self.assertEqual(await other.receive(), "and still")

    async def test_bans_and_revocations_stand_after_the_process_was_killed_under_load(self):
        with gate.Gate() as served:
            tokens = {user: served.token(user) for user in ("ann", "bob", "cay", "dan")}
            clients = {user: await Client.connect(served, token) for user, token in tokens.items()}

            async def shout():
                while True:
                    await clients["dan"].send("x" * 500)
                    await clients["dan"].receive()

            load = asyncio.create_task(shout())
            self.addAsyncCleanup(asyncio.gather, load, return_exceptions=True)
            row = served.session_of("ann")
            served.ctl("revoke", "--jti", row["token_id"], "--for", "1h")
            served.ctl("revoke", "--user", "bob", "--reason", "left")
            served.ctl("ban", "token", served.session_of("cay")["token_id"])
            self.assertEqual((await clients["ann"].closed())[0], 4401)
            self.assertEqual((await clients["bob"].closed())[0], 4401)
            self.assertEqual((await clients["cay"].closed())[0], 4403)
            before = served.ctl("revocations"), served.ctl("bans")
            self.assertEqual([len(listed) for listed in before], [2, 1])
            self.assertFalse(load.done(), "nothing was sent meanwhile")
            served.crash_and_start()
            load.cancel()
            self.assertEqual((served.ctl("revocations"), served.ctl("bans")), before)
            for user, reason in (("ann", "revoked"), ("bob", "revoked"), ("cay", "banned")):
                with self.assertRaises(Refused):
                    await Client.connect(served, tokens[user])
                await gate.eventually(lambda: served.audited(kind="refuse", reason=reason, user=user), f"{user}: {reason}")
            back = await Client.connect(served, tokens["dan"])
            await back.close()
            verified = run("gatehousectl", "audit", "verify", "--config", served.config)
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    async def test_a_one_time_token_stays_used_after_the_process_was_killed(self):
        def once(policy):
            policy["issuers"][0]["one_time"] = True

        with gate.Gate(once) as served:
            token = served.token()
            client = await Client.connect(served, token)
            self.addAsyncCleanup(client.close)
            served.crash_and_start()  # right behind the 101
            with self.assertRaises(Refused) as refused:
                await Client.connect(served, token)
            self.assertEqual(refused.exception.status, 401)
            await gate.eventually(lambda: served.audited(kind="refuse", reason="jwt_replay"), "the replay in the audit log")

    async def test_neither_token_nor_payload_is_written_anywhere(self):
        canary = "canary-9d41c7"
        with gate.Gate() as served:
            token = served.token()
            client = await Client.connect(served, token, place="subprotocol")
            await client.send(canary)
            self.assertEqual(await client.receive(), canary)
            await client.close()
            forged = gate.foreign_token()
            with self.assertRaises(Exception):
                await Client.connect(served, forged)
            await gate.eventually(lambda: served.audited(kind="refuse"), "the refusal in the audit log")
            held = await Client.connect(served, token)
            row = served.session_of("alice")
            self.assertEqual(len(served.ctl("revoke", "--jti", row["token_id"])["ended"]), 1)
            self.assertEqual((await held.closed())[0], 4401)
            with self.assertRaises(Refused):
                await Client.connect(served, token)
            served.ctl("revoke", "--user", "alice", "--for", "1h", "--reason", "a test")
            served.ctl("ban", "token", row["token_id"])
            questions = (["status"], ["sessions"], ["failures"], ["bans"], ["revocations"], ["audit", "list"],
                         ["policy", "show"], ["policy", "history"], ["limits"])
            said = json.dumps([row, *(served.ctl(*question) for question in questions)])
            self.assertIn(row["token_id"], said)
            files = {path: path.read_bytes() for path in served.folder.rglob("*") if path.is_file()}
            names = {path.name for path in files if path.parent.name == "state"}
            self.assertLessEqual({"gatehouse.sqlite", "gatehouse.sqlite-wal"}, names)
            for secret in (canary, token, *token.split(".")[1:], forged, forged.split(".")[2]):
                self.assertNotIn(secret, said)
                self.assertEqual([str(path) for path, content in files.items() if secret.encode() in content], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
