#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""mosquitto's WebSocket listener behind the gate, with npm's mqtt as the client."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

import gate
from application import HERE, free_port, in_front_of

os.environ["PATH"] += ":/usr/sbin"
gate.need("node", "mosquitto")


class Mosquitto(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="gatehouse-mosquitto-"))
        self.addCleanup(shutil.rmtree, self.folder)
        port = free_port()
        config = self.folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""  # else it becomes its service's, which cannot read here
        # Debian 12's does not start without a plain listener beside the WebSocket one.
        config.write_text(f"{user}allow_anonymous true\npersistence false\nlistener {free_port()} 127.0.0.1\n"
                          f"listener {port} 127.0.0.1\nsocket_domain ipv4\nprotocol websockets\n")
        self.broker = subprocess.Popen(["mosquitto", "-c", str(config)], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, preexec_fn=gate.end_with_parent)
        self.addCleanup(self.stop)
        await gate.eventually(lambda: self.listens(port), "mosquitto listens")
        self.gate = gate.Gate(in_front_of(port, subprotocols={"allow": ["mqtt"], "require": True}, messages={
            "types": ["binary"], "max_size": "64KiB"})).start()
        self.addCleanup(self.gate.stop)

    def listens(self, port):
        self.assertIsNone(self.broker.poll(), "mosquitto ended")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def stop(self):
        self.broker.terminate()
        self.broker.wait(10)

    def client(self, token=None):
        """All that the client said."""
        wanted = {"url": f"wss://localhost:{self.gate.port}/app/mqtt", "ca": str(self.gate.ca),
                  "headers": {"Authorization": f"Bearer {token}"} if token else {}}
        done = subprocess.run(["node", str(HERE / "mqttclient.mjs"), json.dumps(wanted)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    async def test_a_client_with_a_token_subscribes_publishes_and_receives(self):
        self.assertEqual(self.client(self.gate.token("plc7")), [
            {"event": "connected"}, {"event": "message", "topic": "plant/7/state", "payload": "00ff80"},
            {"event": "closed"}])
        closed = await gate.eventually(lambda: self.gate.audited(kind="close", user="plc7"), "the close in the audit log")
        self.assertEqual(closed["route"], "app")

    async def test_a_client_without_one_does_not_reach_the_broker(self):
        self.assertNotIn("connected", [said["event"] for said in self.client()])
        refusal = await gate.eventually(lambda: self.gate.audited(kind="refuse", reason="auth_missing"), "the refusal")
        self.assertEqual((refusal["code"], refusal["route"]), (401, "app"))
        self.assertEqual(self.gate.ctl("upstreams")[0]["opened"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
