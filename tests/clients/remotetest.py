#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""gatehousectl against a server elsewhere: with a key it made, over an admin listener; and against what is no such thing."""

import json
import os
import re
import socket
import ssl
import stat
import subprocess
import threading
import unittest

import gate
from clients import PythonClient as Client

gate.need("openssl")


def with_admin_listener(policy):
    listener = policy["listeners"][0]
    policy["listeners"].append({**listener, "name": "ops", "kind": "admin", "port": 0})
    policy["limits"] = {**policy.get("limits", {}), "auth_failures_per_ip": {"count": 5, "per": "1h", "then_ban": "1h"}}


class Impostor:
    """Listens on a free port of loopback, and meets each connection with `serve`; keeps what came."""

    def __init__(self, serve, certificate=None):
        self.came = b""
        self._serve = serve
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            try:
                client.settimeout(20)
                if self._context:
                    client = self._context.wrap_socket(client, server_side=True)
                self.came += client.recv(65536)
                self._serve(client)
            except OSError:  # it did not like us
                pass
            finally:
                client.close()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


class Remote(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.gate = gate.Gate(with_admin_listener)
        self.addCleanup(self.gate.stop)
        self.gate.start()
        self.port = self.admin_port()

    def admin_port(self):
        urls = [listener["url"] for listener in self.gate.ctl("status")["listeners"] if listener["name"] == "ops"]
        return int(re.fullmatch(r"https://\S+:(\d+)", urls[0])[1])

    def key(self, role, *more):
        """A file with a new key that the gate knows."""
        file = self.gate.folder / f"{role}.key"
        self.gate.say("api-key", "new", "--name", f"the {role}", "--role", role, "--key-file", file, "--add", *more)
        return file

    def remote(self, key, *arguments, host="localhost", port=None, ca=None, code=0, environment=None):
        """What gatehousectl says over the admin listener, where it ends with `code`: output where that is 0, else errors."""
        command = [gate.program("gatehousectl"), "--url", f"https://{host}:{port or self.port}", "--key-file", str(key),
                   "--ca", str(ca or self.gate.ca), *map(str, arguments)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              timeout=60, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, code, done.stderr)
        for file in self.gate.folder.glob("*.key"):
            self.assertNotIn(file.read_text().strip(), done.stderr)
        return done.stderr if code else done.stdout

    def impostor(self, serve, certificate=None):
        impostor = Impostor(serve, certificate)
        self.addCleanup(impostor.stop)
        return impostor

    def own_certificate(self):
        """Of the gate's own CA: as good as the real one."""
        tls = self.gate.config.parent / "tls"
        return tls / "server.pem", tls / "server.key"

    async def test_a_key_does_what_its_role_may_and_the_record_names_it(self):
        key = self.key("operator")
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertRegex(key.read_text(), r"^gh_[0-9a-f]{8}_[\w-]{43}\n$")
        self.assertNotIn(key.read_text().strip()[-43:], self.gate.config.read_text())
        self.assertIn("the operator", self.gate.say("api-key", "list"))

        client = await Client.connect(self.gate, self.gate.token("ann"))
        self.addAsyncCleanup(client.close)
        self.assertIn("listeners", self.remote(key, "status", "--json"))
        rows = json.loads(self.remote(key, "sessions", "--json"))
        self.assertEqual([row["user"] for row in rows], ["ann"])
        self.remote(key, "kick", rows[0]["id"], "--reason", "maintenance")
        self.assertEqual((await client.closed())[0], 4403)
        self.assertTrue(self.gate.audited(kind="kick", actor="the operator"))
        listed = json.loads(self.remote(key, "api-key", "list", "--json"))
        self.assertEqual([(one["name"], one["role"], "sha256" in one) for one in listed], [("the operator", "operator", False)])

    async def test_a_viewer_may_look_and_not_kick(self):
        key = self.key("viewer")
        self.assertIn("No open sessions", self.remote(key, "sessions"))
        said = self.remote(key, "kick", "1", code=1)
        self.assertRegex(said, r"refuses \(403\): the role viewer may not call kick")

    async def test_the_environment_stands_for_the_options(self):
        environment = {"GATEHOUSE_URL": f"https://localhost:{self.port}", "GATEHOUSE_KEY_FILE": str(self.key("viewer")),
                       "GATEHOUSE_CA": str(self.gate.ca)}
        done = subprocess.run([gate.program("gatehousectl"), "sessions"], stdout=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, **environment})
        self.assertEqual((done.returncode, done.stdout), (0, "No open sessions.\n"))

    async def test_wrong_keys_are_told_and_then_have_to_wait(self):
        key = self.key("viewer")
        wrong = self.gate.folder / "wrong.key"
        wrong.write_text(key.read_text().strip()[:-1] + "\n")
        wrong.chmod(0o600)
        self.assertRegex(self.remote(wrong, "status", code=1), r"does not know the key in .*wrong\.key \(401\)")
        for _ in range(4):
            self.remote(wrong, "status", code=1)
        self.assertRegex(self.remote(wrong, "status", code=1), r"\(429\).*try again in \d+ s")
        self.gate.say("status")  # whoever is at the server does not wait

    async def test_a_key_cannot_change_who_has_a_key_and_a_policy_may_be_tried_with_one(self):
        key = self.key("admin")
        policy = json.loads(self.remote(key, "policy", "show"))
        new = self.gate.folder / "new.json"

        def written(**changes):
            new.write_text(json.dumps({**policy, **changes}))
            return new
        said = self.remote(key, "policy", "apply", written(api_keys=[]), "--yes", code=1)
        self.assertRegex(said, r"/api_keys.*only on the server itself")
        routes = json.loads(json.dumps(policy["routes"]))
        routes[0]["messages"]["schema"] = "/etc/passwd"
        said = self.remote(key, "policy", "check", written(routes=routes), code=1)
        self.assertIn("/routes/0/messages/schema", said)
        said = self.remote(key, "policy", "apply", written(name="Plant 3"), "--for", "1h", "--yes")
        confirm = re.search(r"To keep it: gatehousectl (.*)$", said, re.MULTILINE)[1].split()
        done = subprocess.run([gate.program("gatehousectl"), *confirm], timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(self.gate.config.read_text())["name"], "Plant 3")

    async def test_a_key_that_cannot_be_added_is_not_left_behind(self):
        self.key("viewer", "--id", "k1")
        file = self.gate.folder / "again.key"
        said = self.gate.fails(1, "api-key", "new", "--name", "n", "--role", "viewer", "--id", "k1", "--add", "--key-file", file)
        self.assertIn("k1", said)
        self.assertFalse(file.exists())
        policy = self.gate.folder / "trial.json"
        policy.write_text(json.dumps({**json.loads(self.gate.say("policy", "show")), "name": "Trial"}))
        self.gate.say("policy", "apply", policy, "--for", "1h", "--yes")
        said = self.gate.fails(1, "api-key", "new", "--name", "n", "--role", "viewer", "--add", "--key-file", file)
        self.assertIn("on trial", said)
        self.assertFalse(file.exists())
        self.assertIn("on trial", self.gate.say("status"))

    async def test_no_key_goes_to_a_server_that_cannot_be_trusted(self):
        key = self.key("viewer")
        other = self.gate.folder / "other.pem"
        secret = self.gate.folder / "other.pem.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", secret, "-out", other], check=True, stderr=subprocess.DEVNULL)
        self.assertRegex(self.remote(key, "status", ca=other, code=1), "certificate of .* is not to be trusted.*--ca FILE")
        stranger = self.impostor(lambda client: None, (other, secret))
        self.assertRegex(self.remote(key, "status", port=stranger.port, code=1), "not to be trusted")
        named = self.impostor(lambda client: None, self.own_certificate())
        self.assertRegex(self.remote(key, "status", host="ip6-localhost.localhost", port=named.port, code=1), "not to be trusted")
        plain = self.impostor(lambda client: client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
        self.assertRegex(self.remote(key, "status", port=plain.port, code=1), "no TLS with")
        for met in (stranger, named, plain):
            self.assertNotIn(key.read_bytes().strip(), met.came)
        system = {"SSL_CERT_FILE": str(other), "https_proxy": f"http://127.0.0.1:{plain.port}"}
        self.assertIn("No open sessions", self.remote(key, "sessions", environment=system))
        self.assertNotIn(b"CONNECT", plain.came)
        done = subprocess.run([gate.program("gatehousectl"), "--url", f"https://localhost:{self.port}", "--key-file", key,
                               "status"], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not to be trusted", done.stderr)  # the system knows nothing of the local CA

    async def test_what_is_no_server_of_ours_is_told_and_never_followed(self):
        key = self.key("viewer")
        target = self.impostor(lambda client: None)

        def redirect(client):
            client.sendall(f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{target.port}/\r\n"
                           "Content-Length: 0\r\n\r\n".encode())

        def page(client):
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")

        def noise(client):
            client.sendall(os.urandom(4096))

        def nothing(client):
            pass
        for serve, said in ((redirect, "not followed"), (page, "not the API of a Gatehouse server"),
                            (noise, "not a Gatehouse server|closed the connection"), (nothing, "closed the connection")):
            met = self.impostor(serve, self.own_certificate())
            self.assertRegex(self.remote(key, "status", port=met.port, code=1), said)
        self.assertEqual(target.came, b"")
        public = self.remote(key, "status", port=self.gate.port, code=1)
        self.assertRegex(public, "name its admin listener|not a Gatehouse")


if __name__ == "__main__":
    unittest.main(verbosity=2)
