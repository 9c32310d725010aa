#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of every algorithm, good ones and ones that were meddled with, shown to a real gatehoused and to python3-jwt.

Whatever the gate lets in, python3-jwt takes too. Where python3-jwt takes what the gate refuses, the way of meddling must
stand in STRICTER with the rule that makes the gate refuse it.

tokentest.py [SEED]: the seed is printed, and the same seed makes the same choices.
"""

import base64
import hashlib
import hmac
import json
import random
import socket
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import gate

try:
    import jwt
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
except ImportError as error:
    sys.exit(f"missing {error.name}: run packaging/test, which installs what the tests need")

SEED = int(sys.argv.pop()) if sys.argv[-1].isdigit() else 20270115
ROUNDS = 3
LEAST = 2000
ISSUER, AUDIENCE = "https://id.example", "gatehouse"
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
SYMMETRIC = ["HS256", "HS384", "HS512"]
ASYMMETRIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "EdDSA448"]

# What the gate refuses although python3-jwt takes it: the way of meddling, and the rule.
STRICTER = {
    "padded": "base64url has no padding (RFC 7515 §2)",
    "loose bits": "the bits after the last byte are zero (RFC 4648 §3.5)",
    "other alphabet": "base64url has an alphabet of its own (RFC 4648 §5)",
    "a key twice": "no key stands twice (RFC 7519 §4: or the last alone; we refuse)",
    "a key twice in the header": "no key stands twice (RFC 7515 §4)",
    "deep": "at most 8 levels",
    "too long": "at most 8 KiB",
    "NaN": "JSON has no NaN (RFC 8259 §6)",
    "jwk": "no key comes with its token",
    "jku": "no key comes with its token",
    "x5u": "no key comes with its token",
    "x5c": "no key comes with its token",
    "crit": "no extension is understood (RFC 7515 §4.1.11: then the token is refused)",
    "kid is a path": "kid has the form of a name, or is one of the set",
    "kid is a number": "kid is text (RFC 7515 §4.1.4)",
    "kid is long": "kid has at most 128 bytes",
    "kid is unknown": "kid names a key of the issuer",
    "typ": "typ is JWT, at+jwt or absent",
    "exp is text": "times are numbers (RFC 7519 §2)",
    "exp is far": "max_lifetime",
    "exp is 1e300": "times are within the calendar",
    "nbf is text": "times are numbers (RFC 7519 §2)",
    "no sub": "user_claim names the user",
    "sub is empty": "a user has a name",
    "sub is a number": "a user's name is text",
    "sub has a line break": "no control characters in names",
    "sub is long": "a name has at most 128 bytes",
    "sub of another issuer": "no user looks like one of another issuer",
    "jti is a number": "jti is text (RFC 7519 §4.1.7)",
    "roles is text": "roles are a list",
}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Keys:
    """One key pair for each type, the secret, and the set that the gate reads."""

    def __init__(self):
        curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
        pair = rsa.generate_private_key(65537, 2048)
        self.private = {name: ec.generate_private_key(curve) for name, curve in curves.items()}
        self.private |= {name: pair for name in ASYMMETRIC if name[:2] in ("RS", "PS")}
        self.private |= {"EdDSA": ed25519.Ed25519PrivateKey.generate(), "EdDSA448": ed448.Ed448PrivateKey.generate()}
        self.secret = b"s" * 43

    def public(self, name):
        return self.private[name].public_key()

    def jwk(self, name):
        key = self.public(name)
        if isinstance(key, rsa.RSAPublicKey):
            numbers = key.public_numbers()
            return {"kty": "RSA", "kid": "RSA", "n": b64(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
        if isinstance(key, ec.EllipticCurvePublicKey):
            numbers, size = key.public_numbers(), (key.key_size + 7) // 8
            curve = {256: "P-256", 384: "P-384", 521: "P-521"}[key.key_size]
            return {"kty": "EC", "kid": name, "crv": curve, "x": b64(numbers.x.to_bytes(size, "big")),
                    "y": b64(numbers.y.to_bytes(size, "big")), "use": "sig"}
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "kid": name, "crv": "Ed25519" if len(raw) == 32 else "Ed448", "x": b64(raw)}

    def key_set(self):
        return {"keys": [self.jwk(name) for name in ("RS256", "ES256", "ES384", "ES512", "EdDSA", "EdDSA448")]}

    def sign(self, name, text, der=False, salt=None):
        if name in SYMMETRIC:
            return hmac.new(self.secret, text, "sha" + name[2:]).digest()
        key = self.private[name]
        if name.startswith("RS"):
            return key.sign(text, padding.PKCS1v15(), HASHES[name[2:]])
        if name.startswith("PS"):
            digest = HASHES[name[2:]]
            return key.sign(text, padding.PSS(padding.MGF1(digest), digest.digest_size if salt is None else salt), digest)
        if name.startswith("ES"):
            signature, size = key.sign(text, ec.ECDSA(HASHES[name[2:]])), (key.key_size + 7) // 8
            return signature if der else b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(signature))
        return key.sign(text)

    def pem(self, name):
        return self.public(name).public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def word(name):
    return "EdDSA" if name == "EdDSA448" else name


class Maker:
    """Makes tokens; each way of meddling is a method's branch with a name."""

    def __init__(self, keys, chance):
        self.keys, self.chance = keys, chance

    def claims(self, name):
        now = int(time.time())
        return {"iss": "gatehouse" if name in SYMMETRIC else ISSUER, "aud": AUDIENCE, "iat": now - self.chance.randrange(60),
                "exp": now + self.chance.randrange(120, 3600), "sub": "u%d" % self.chance.randrange(10**6),
                "jti": "%x" % self.chance.getrandbits(64)}

    def kid(self, name):
        return "RSA" if name[:2] in ("RS", "PS") else word(name) if name != "EdDSA448" else "EdDSA448"

    def token(self, name, header=None, claims=None, header_text=None, claims_text=None, **how):
        head = {"alg": word(name), "typ": "JWT"} | (header or {})
        body = self.claims(name) | (claims or {})
        body = {key: value for key, value in body.items() if value is not None}
        head_bytes = (header_text(json.dumps(head)) if header_text else json.dumps(head)).encode()
        body_bytes = (claims_text(json.dumps(body)) if claims_text else json.dumps(body)).encode()
        text = b64(head_bytes) + "." + b64(body_bytes)
        return text + "." + b64(self.keys.sign(name, text.encode(), **how))

    def changed_signature(self, name, change):
        head, body, signature = self.token(name).split(".")
        data = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
        return ".".join([head, body, b64(bytes(change(data)))])

    def flip(self, data):
        data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
        return data

    def with_changed_part(self, name, which):
        parts = self.token(name).split(".")
        at = self.chance.randrange(len(parts[which]))
        letter = self.chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ")
        parts[which] = parts[which][:at] + letter + parts[which][at + 1:]
        return ".".join(parts)

    def by_public_key(self, name):
        """The public key as a secret: what a verifier that lets the token choose would take."""
        text = b64(b'{"alg":"HS256"}') + "." + b64(json.dumps(self.claims(name)).encode())
        secret = self.keys.secret if name in SYMMETRIC else self.keys.pem(name)
        if name in SYMMETRIC:
            secret = secret[:-1]
        return text + "." + b64(hmac.new(secret, text.encode(), "sha256").digest())

    def loose(self, name):
        """Another last letter of the header, with the same bytes, and signed so."""
        for blanks in range(3):
            head = json.dumps({"alg": word(name)}) + " " * blanks
            if len(head) % 3:
                text = b64(head.encode())
                alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                text = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
                text += "." + b64(json.dumps(self.claims(name)).encode())
                return text + "." + b64(self.keys.sign(name, text.encode()))

    def padded(self, name):
        head, body, _ = self.token(name, header_text=lambda t: t + " " * (2 - len(t) % 3 if len(t) % 3 != 2 else 0)).split(".")
        text = head + "=" * (-len(head) % 4) + "." + body
        return text + "." + b64(self.keys.sign(name, text.encode()))

    def other_alphabet(self, name):
        text = b64(json.dumps({"alg": word(name)}).encode()) + "."
        text += base64.b64encode(json.dumps(self.claims(name) | {"x": "~~~???>>>\u00ff"}, ensure_ascii=False).encode()
                                 ).decode().rstrip("=")
        return text + "." + b64(self.keys.sign(name, text.encode()))

    def all(self, name):
        """Every way, with its name."""
        chance, make, now = self.chance, self.token, int(time.time())
        yield "good", make(name)
        yield "good", make(name, {"kid": self.kid(name)})
        yield "good", make(name, claims={"aud": ["x", AUDIENCE], "nbf": now - 5, "exp": now + 60.5})
        yield "good within the leeway", make(name, claims={"iat": now - 200, "exp": now - chance.randrange(1, 15)})
        yield "a bit of the signature", self.changed_signature(name, self.flip)
        yield "a bit of the signature", self.changed_signature(name, self.flip)
        yield "signature cut", self.changed_signature(name, lambda data: data[:chance.randrange(len(data))])
        yield "signature longer", self.changed_signature(name, lambda data: data + bytes(chance.randrange(1, 9)))
        yield "signature of zeros", self.changed_signature(name, lambda data: bytes(len(data)))
        yield "signature of ones", self.changed_signature(name, lambda data: b"\xff" * len(data))
        yield "a letter of the header", self.with_changed_part(name, 0)
        yield "a letter of the claims", self.with_changed_part(name, 1)
        yield "a letter of the signature", self.with_changed_part(name, 2)
        yield "parts exchanged", ".".join(reversed(make(name).split(".")))
        yield "another's signature", make(name).rsplit(".", 1)[0] + "." + make(name).rsplit(".", 1)[1]
        for none in ("none", "None", "nOnE"):
            yield "none", b64(json.dumps({"alg": none}).encode()) + "." + make(name).split(".")[1] + "."
        other = chance.choice([one for one in SYMMETRIC + ASYMMETRIC if word(one) != word(name)])
        yield "another alg named", make(name, {"alg": word(other)})
        yield "public key as secret", self.by_public_key(name)
        if name.startswith("ES"):
            yield "DER", make(name, der=True)
        if name.startswith("PS"):
            yield "salt", make(name, salt=chance.choice([0, 8, 20]))
        yield "padded", self.padded(name)
        yield "loose bits", self.loose(name)
        yield "other alphabet", self.other_alphabet(name)
        yield "five parts", make(name) + ".a.b"
        yield "a key twice", make(name, claims_text=lambda text: '{"sub":"root",' + text[1:])
        yield "a key twice in the header", make(name, header_text=lambda text: '{"typ":"JWT",' + text[1:])
        yield "deep", make(name, claims={"x": json.loads("[" * 20 + "]" * 20)})
        yield "too long", make(name, claims={"x": "x" * 6500})
        yield "NaN", make(name, claims_text=lambda text: '{"x":NaN,' + text[1:])
        yield "claims are a list", make(name, claims_text=lambda text: "[" + text + "]")
        for member in ("jwk", "jku", "x5u", "x5c"):
            yield member, make(name, {member: "http://127.0.0.1:9/"})
        yield "crit", make(name, {"crit": ["x"], "x": 1})
        if name not in SYMMETRIC:
            yield "kid is unknown", make(name, {"kid": "k%d" % chance.randrange(99)})
        yield "kid is a path", make(name, {"kid": "../../dev/null"})
        yield "kid is long", make(name, {"kid": "k" * 2048})
        yield "kid is a number", make(name, {"kid": 1})
        yield "typ", make(name, {"typ": "JOSE"})
        yield "good typ", make(name, {"typ": chance.choice(["jwt", "at+jwt", "application/jwt"])})
        yield "expired", make(name, claims={"iat": now - 300, "exp": now - chance.randrange(60, 200)})
        yield "no exp", make(name, claims={"exp": None})
        yield "no iat", make(name, claims={"iat": None})
        yield "exp is text", make(name, claims={"exp": str(now + 600)})
        yield "exp is far", make(name, claims={"exp": now + 90000})
        yield "exp is 1e300", make(name, claims={"exp": 1e300})
        yield "iat is text", make(name, claims={"iat": str(now)})
        yield "iat ahead", make(name, claims={"iat": now + 90})
        yield "nbf ahead", make(name, claims={"nbf": now + chance.randrange(60, 90)})
        yield "nbf is text", make(name, claims={"nbf": str(now)})
        yield "iss", make(name, claims={"iss": "https://id.example/"})
        yield "iss of the other", make(name, claims={"iss": ISSUER if name in SYMMETRIC else "gatehouse"})
        yield "no iss", make(name, claims={"iss": None})
        yield "aud", make(name, claims={"aud": "gate"})
        yield "aud", make(name, claims={"aud": ["a", "b"]})
        yield "no aud", make(name, claims={"aud": None})
        yield "no sub", make(name, claims={"sub": None})
        yield "sub is empty", make(name, claims={"sub": ""})
        yield "sub is a number", make(name, claims={"sub": 7})
        yield "sub has a line break", make(name, claims={"sub": "a\nb"})
        yield "sub is long", make(name, claims={"sub": "a" * 129})
        if name in SYMMETRIC:
            yield "sub of another issuer", make(name, claims={"sub": "corp:root"})
        yield "jti is a number", make(name, claims={"jti": 5})
        yield "roles is text", make(name, claims={"roles": "editor"})
        yield "good roles", make(name, claims={"roles": ["editor", "ghost"]})


class Judge:
    """python3-jwt with the same keys; it takes a token where any of them does."""

    def __init__(self, keys):
        self.keys = keys
        self.ways = [("gatehouse", keys.secret, SYMMETRIC)]
        self.ways += [(ISSUER, keys.public(name), [word(name)]) for name in ASYMMETRIC]

    def accepts(self, token):
        for issuer, key, algorithms in self.ways:
            try:
                jwt.decode(token, key, algorithms=algorithms, audience=AUDIENCE, issuer=issuer, leeway=30,
                           options={"require": ["exp", "iat"]})
                return True
            except Exception:  # PyJWT raises more than its own errors on what is malformed; each of them is a no
                continue
        return False


def status(port, token):
    """What the gate answers to an upgrade with this token."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall((f"GET /hub/news.a HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                        f"Authorization: Bearer {token}\r\n\r\n").encode())
        answer = client.recv(4096)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else 0


class Tokens(unittest.TestCase):
    def setUp(self):
        self.keys = Keys()

        def edit(policy):
            policy["listeners"].append({"name": "lab", "address": "127.0.0.1", "port": 0, "tls": "off"})
            policy["limits"] = {name: "off" for name in ("sessions_per_ip", "sessions_per_user", "pending_per_ip",
                                                         "connects_per_ip", "auth_failures_per_ip")}
            policy["issuers"][0] |= {"algorithms": SYMMETRIC}
            policy["issuers"].append({"name": "corp", "algorithms": [one for one in ASYMMETRIC if one != "EdDSA448"],
                                      "jwks_file": "keys/corp.jwks.json", "issuer": ISSUER, "audience": AUDIENCE,
                                      "user_prefix": "corp:", "roles_allowed": ["editor"]})
            policy["routes"][0]["authentication"]["issuers"] = ["local", "corp"]

        self.gate = gate.Gate(edit)
        folder = self.gate.config.parent / "keys"
        (folder / "corp.jwks.json").write_text(json.dumps(self.keys.key_set()))
        (folder / "token.key").write_bytes(self.keys.secret)
        self.addCleanup(self.gate.stop)
        self.gate.start()
        urls = [listener["url"] for listener in self.gate.ctl("status")["listeners"]]
        self.port = next(int(url.rsplit(":", 1)[1].rstrip("/")) for url in urls if url.startswith("ws://"))

    def test_what_the_gate_accepts_another_library_accepts(self):
        print(f"seed {SEED}", flush=True)
        maker, judge = Maker(self.keys, random.Random(SEED)), Judge(self.keys)
        shown, accepted, stricter = 0, 0, {}
        for _ in range(ROUNDS):
            for name in SYMMETRIC + ASYMMETRIC:
                for way, token in maker.all(name):
                    if " " in token:
                        continue  # the header's own syntax would refuse it
                    ours, theirs = status(self.port, token), judge.accepts(token)
                    shown += 1
                    where = f"{name}, {way}: {token}"
                    self.assertIn(ours, (101, 401, 431), where)
                    self.assertFalse(ours == 101 and not theirs, f"the gate alone accepts {where}")
                    if way.startswith("good"):
                        self.assertTrue(ours == 101 and theirs, f"{ours} {theirs} for {where}")
                    if ours != 101 and theirs:
                        stricter[way] = stricter.get(way, 0) + 1
                    accepted += ours == 101
        self.assertGreaterEqual(shown, LEAST)
        self.assertGreater(accepted, shown / 20)
        self.assertEqual(sorted(set(stricter) - set(STRICTER)), [], "python3-jwt alone accepts these, and no rule is listed")
        self.assertEqual(sorted(set(STRICTER) - set(stricter)), [], "listed, and no difference any more")
        print(f"{shown} tokens, {accepted} accepted, {sum(stricter.values())} refused by the gate alone", flush=True)

    def test_a_rotated_secret_lets_both_in_without_a_restart(self):
        before = self.gate.token("alice")
        command = [gate.program("gatehousectl"), "key", "rotate", "--config", str(self.gate.config), "--json"]
        done = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        self.assertTrue(done["reloaded"])
        after = self.gate.token("alice")
        self.assertEqual([status(self.port, token) for token in (before, after)], [101, 101])
        digest = hashlib.sha256(self.keys.secret).hexdigest()
        self.assertNotEqual(hashlib.sha256(Path(done["secret_file"]).read_bytes().rstrip()).hexdigest(), digest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
