#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of a running gate, read by what Prometheus' own people read them with."""

import shutil
import socket
import subprocess
import unittest

from prometheus_client.parser import text_string_to_metric_families

import gate
from clients import PythonClient as Client


def unused_port():
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Metrics(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.upstream = f"ws://127.0.0.1:{unused_port()}/"

        def with_gateway(policy):
            policy["routes"].append({"name": "plc", "path": "/plc", "gateway": {
                "upstreams": [self.upstream], "health": {"kind": "tcp", "every": "1s"}}})

        self.gate = gate.Gate(with_gateway)
        self.addCleanup(self.gate.stop)
        self.gate.start()

    def scrape(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.gate.config.parent / self.gate.policy["control_socket"]))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := client.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 "), head)
        self.assertIn(b"Content-Type: text/plain; version=0.0.4; charset=utf-8", head)
        return body.decode()

    def samples(self):
        """{(name, labels): value}, as the library reads it; each series once."""
        found = {}
        for family in text_string_to_metric_families(self.scrape()):
            self.assertTrue(family.documentation, family.name)
            self.assertIn(family.type, ("gauge", "counter"), family.name)
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                self.assertNotIn(key, found)
                found[key] = sample.value
        return found

    async def test_a_scrape_says_what_happened(self):
        def value(name, **labels):
            return self.samples().get((f"gatehouse_{name}", frozenset(labels.items())))

        await gate.eventually(lambda: value("certificate_expiry_timestamp_seconds"), "the certificate was looked at")
        before = self.samples()
        ann = await Client.connect(self.gate, self.gate.token("ann"))
        self.addAsyncCleanup(ann.close)
        await ann.send("hello")
        self.assertEqual(await ann.receive(), "hello")
        subprocess.run(["curl", "--silent", "--http1.1", "--cacert", str(self.gate.ca), "-H", "Connection: Upgrade",
                        "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
                        "-H", "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
                        f"https://localhost:{self.gate.port}/hub/chat.lobby"], check=True, stdout=subprocess.DEVNULL)
        await gate.eventually(lambda: value("sessions") == 1 and value("messages_out_total") == 1, "the session counts")
        await gate.eventually(lambda: value("refused_total", reason="auth_missing") == 1, "the refusal counts")
        await gate.eventually(lambda: value("upstream_up", route="plc", upstream=self.upstream) == 0,
                              "the health checks of an upstream that is not there eject it", within=20)
        self.assertGreaterEqual(value("upstream_failures_total", route="plc", upstream=self.upstream), 3)
        self.assertEqual(value("state", state="serving"), 1)
        self.assertEqual(value("messages_in_total"), 1)
        self.assertEqual(value("bytes_in_total"), 5)
        version = subprocess.run([gate.program("gatehoused"), "--version"], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout.split()[-1]
        self.assertEqual(value("build_info", version=version), 1)
        self.assertEqual(set(before), set(self.samples()), "series come and go")
        self.assertNotIn("ann", {text for _, labels in before for _, text in labels})

    async def test_a_drain_from_the_command_line_shows(self):
        def shows():
            return self.samples()[("gatehouse_upstream_draining",
                                   frozenset({"route": "plc", "upstream": self.upstream}.items()))]

        await gate.eventually(lambda: self.gate.ctl("upstreams")[0]["state"] == "ejected", "it is not there", within=20)
        self.assertRegex(self.gate.say("status"), rf"(?m)^upstream: +ejected: {self.upstream} of plc since ")
        self.assertRegex(self.gate.say("upstreams"), rf"(?m)^plc +{self.upstream} +ejected .* upstream_connect: ")
        said = self.gate.say("upstream", "drain", self.upstream, "--within", "5s", "--reason", "repair")
        self.assertEqual(said, f"{self.upstream} of plc: draining, sessions open: 0\nSessions that are to end: 0\n")
        await gate.eventually(shows, "the drain")
        self.assertTrue(self.gate.audited(kind="upstream", detail=f"{self.upstream}: draining within 5s: repair"))
        self.assertIn(f"there is {self.upstream}", self.gate.fails(1, "upstream", "drain", "ws://nowhere/", "--route", "plc"))
        self.gate.say("upstream", "undrain", self.upstream, "--route", "plc")
        await gate.eventually(lambda: not shows(), "the end of the drain")

    async def test_promtool_finds_nothing_to_complain_of(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not there: Debian's package prometheus has it, and starts a server beside it")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    gate.need("curl")
    unittest.main()
