#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics of a running gate, read by what Prometheus' own people read them with."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import unittest

from prometheus_client.parser import text_string_to_metric_families

import gate
from clients import PythonClient as Client


# As packaging/test fetches it, or the machine's own.
PROMTOOL = shutil.which("promtool", path=f"{gate.SOURCE / 'build/tools'}:{os.environ['PATH']}")
RULES = gate.SOURCE / "packaging/prometheus/gatehouse.rules.yml"
DASHBOARD = gate.SOURCE / "packaging/grafana/gatehouse.json"


def queries():
    """What the dashboard and the rules ask for, each with where it stands."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for line in RULES.read_text().splitlines():
        if found := re.match(r" +(expr): (.+)", line):
            yield line.strip(), found[2]


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
            self.assertIn(family.type, ("gauge", "counter", "histogram"), family.name)
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
        self.assertEqual(value("message_latency_seconds_count"), 1)
        self.assertTrue(0 < value("message_latency_seconds_sum") < 10)
        self.assertEqual(value("handshake_seconds_count", phase="tls"), 2)  # ann's and curl's
        self.assertEqual(value("handshake_seconds_count", phase="request"), 1)  # curl was not let in
        self.assertEqual(value("handshake_seconds_count", phase="upstream"), 0)
        self.assertGreater(value("loop_seconds_count"), 10)
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

    def promtool(self, *arguments, **more):
        done = subprocess.run([PROMTOOL, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, **more)
        return done.returncode, done.stdout

    async def test_promtool_finds_nothing_to_complain_of(self):
        self.assertEqual(self.promtool("check", "metrics", input=self.scrape()), (0, ""))

    async def test_each_series_that_dashboard_and_rules_ask_for_is_there(self):
        await gate.eventually(lambda: "gatehouse_listener_certificate" in self.scrape(),
                              "the certificate was looked at")
        samples = self.samples()
        names = {name for name, _ in samples}
        reasons = {dict(labels)["reason"] for name, labels in samples if name == "gatehouse_refused_total"}
        asked = list(queries())
        self.assertGreater(len(asked), 50)
        for where, expr in asked:
            found = re.findall(r"\b(?:gatehouse|process)_[a-z0-9_]+", expr)
            for name in found or ["up" if expr.startswith("up{") else f"none in {expr}"]:
                self.assertIn(name, names | {"up"}, where)
            for words in re.findall(r'reason=~?"([^"]+)"', expr):
                self.assertLessEqual(set(words.split("|")), reasons, where)

    async def test_the_rules_are_good_and_each_fires_when_it_should(self):
        code, said = self.promtool("check", "rules", RULES)
        self.assertEqual(code, 0, said)
        code, said = self.promtool("test", "rules", "gatehouse.test.yml", cwd=RULES.parent)
        self.assertEqual(code, 0, said)
        alerts = set(re.findall(r"- alert: (\w+)", RULES.read_text()))
        tested = set(re.findall(r'alertname="(\w+)"', (RULES.parent / "gatehouse.test.yml").read_text()))
        self.assertEqual(alerts, tested)
        self.assertEqual(RULES.read_text().count(" summary: "), len(alerts))
        self.assertEqual(RULES.read_text().count(" description: "), len(alerts))

    async def test_the_gate_is_ready_until_it_drains(self):
        def asked(path):
            control = self.gate.config.parent / self.gate.policy["control_socket"]
            done = subprocess.run(["curl", "--silent", "--unix-socket", str(control), "--output",
                                   os.devnull, "--write-out", "%{http_code}", f"http://localhost{path}"],
                                  stdout=subprocess.PIPE, text=True, timeout=20)
            return done.stdout

        self.assertEqual([asked(path) for path in ("/livez", "/readyz", "/healthz")], ["200", "200", "200"])
        silent = socket.create_connection(("localhost", self.gate.port), 20)
        silent = ssl.create_default_context(cafile=self.gate.ca).wrap_socket(silent, server_hostname="localhost")
        self.addCleanup(silent.close)
        silent.sendall(f"GET /hub/chat.lobby HTTP/1.1\r\nHost: localhost:{self.gate.port}\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                       f"Authorization: Bearer {self.gate.token('ann')}\r\n\r\n".encode())
        self.assertIn(b" 101 ", silent.recv(4096))
        self.gate.say("drain", "--within", "60s")  # it does not answer the Close, which gives the drain some time
        await gate.eventually(lambda: asked("/readyz") == "503", "a gate that drains is not ready")
        self.assertEqual([asked(path) for path in ("/livez", "/healthz")], ["200", "503"])


if __name__ == "__main__":
    gate.need("curl", *([] if PROMTOOL else ["promtool"]))
    unittest.main()
