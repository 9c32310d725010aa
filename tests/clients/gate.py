# SPDX-License-Identifier: GPL-3.0-or-later
"""A real gatehoused for a test: its own directory from --init, a free port, tokens and commands through gatehousectl."""

import asyncio
import ctypes
import json
import logging
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("GATEHOUSE_BIN", SOURCE / "build/release/bin"))
logging.getLogger("asyncio").setLevel(logging.ERROR)  # its debug mode reports waits for subprocesses as slow callbacks
READY_WITHIN = 20  # seconds; a ceiling against hangs, not a figure


def need(*tools):
    """Finds executables by name, or ends the test red: a missing tool hides nothing."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        sys.exit(f"missing {', '.join(missing)}: run packaging/test, which installs what the tests need")


def program(name):
    path = BIN / name
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is not built; set GATEHOUSE_BIN or run packaging/test")
    return str(path)


def end_with_parent():
    """For preexec_fn: a test that is killed at its time limit leaves no process behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


async def eventually(condition, what, within=10):
    """The first true value of `condition` (a plain function); fails by name after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what}")
        await asyncio.sleep(0.05)


class Gate:
    """`edit` receives the policy document of --init and changes what the test is about; `folder` is where --init puts it."""

    def __init__(self, edit=None, folder="etc", environment=None):
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-"))
        self.config = self.folder / folder / "gatehouse.json"
        self.ca = self.folder / folder / "tls" / "ca.pem"
        self.log = self.folder / "gatehoused.log"
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.port = None
        self.config.parent.parent.mkdir(exist_ok=True)
        subprocess.run([program("gatehoused"), "--init", str(self.config.parent)], check=True, stdout=subprocess.DEVNULL)
        policy = json.loads(self.config.read_text())
        policy["listeners"][0]["port"] = 0
        if edit:
            edit(policy)
        self.config.write_text(json.dumps(policy, indent=2))
        self.policy = policy

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([program("gatehoused"), "--config", str(self.config)], stdout=subprocess.PIPE,
                                            stderr=log, env=self.environment, preexec_fn=end_with_parent)
        deadline, said = time.monotonic() + READY_WITHIN, b""
        while self.port is None:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            if not more:
                raise AssertionError(f"gatehoused did not get ready: {said}{self.log.read_text(errors='replace')}")
            said += more
            if ready := re.search(rb"^ready: wss://\S+:(\d+)\n", said, re.MULTILINE):
                self.port = int(ready[1])
        return self

    def crash_and_start(self):
        """Kills the server without a word and starts it again on another port."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.port = None
        self.start()

    def stop(self):
        """Ends the server if it still runs, removes its directory, and returns the exit code."""
        code = None
        if self.process:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
                try:
                    self.process.wait(30)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            code = self.process.returncode
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if error:
            sys.stderr.write(self.log.read_text(errors="replace")[-4000:])
        self.stop()

    def url(self, channel="chat.lobby"):
        return f"wss://localhost:{self.port}/hub/{channel}"

    def token(self, user="alice", roles="editor", ttl="1h"):
        command = [program("gatehousectl"), "token", "--user", user, "--ttl", ttl, "--config", str(self.config)]
        if roles:
            command += ["--roles", roles]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def ctl(self, *arguments):
        """What a command of gatehousectl answers, as JSON."""
        socket = self.config.parent / self.policy["control_socket"]
        done = subprocess.run([program("gatehousectl"), "--socket", str(socket), *arguments, "--json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise AssertionError(f"gatehousectl {' '.join(arguments)}: {done.returncode} {done.stderr}")
        return json.loads(done.stdout)

    def run_ctl(self, *arguments):
        """A command of gatehousectl as a person gives it, without a terminal."""
        command = [program("gatehousectl"), "--config", str(self.config), *map(str, arguments)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60)

    def say(self, *arguments):
        """What it prints, where it succeeds."""
        done = self.run_ctl(*arguments)
        if done.returncode != 0:
            raise AssertionError(f"gatehousectl {' '.join(map(str, arguments))}: {done.returncode} {done.stderr}")
        return done.stdout

    def fails(self, code, *arguments):
        """What it complains of, where it ends with this code."""
        done = self.run_ctl(*arguments)
        if done.returncode != code:
            raise AssertionError(f"gatehousectl {' '.join(map(str, arguments))}: {done.returncode}, not {code} {done.stderr}")
        return done.stderr

    def session_of(self, user):
        """The row of the only session of `user`; None while there is none."""
        rows = [row for row in self.ctl("sessions") if row["user"] == user]
        return rows[0] if len(rows) == 1 else None

    def audited(self, **wanted):
        """The newest audit record whose fields are as wanted; None where there is none."""
        for entry in self.ctl("audit", "list"):
            if all(entry.get(field) == value for field, value in wanted.items()):
                return entry
        return None


def foreign_token():
    """Well-formed, and signed with a key that the gate has never seen."""
    import base64
    import hashlib
    import hmac

    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    now = int(time.time())
    claims = {"iss": "gatehouse", "aud": "gatehouse", "sub": "mallory", "iat": now, "exp": now + 600}
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(b"x" * 43, signed, hashlib.sha256).digest())).decode()
