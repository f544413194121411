"""Google on this machine, cheap enough to share it with what is measured: ready answers, each after a set delay.

It is an HTTPS proxy that answers for Google's hosts itself, under certificates of an authority of its own, and a
metadata server. It checks nothing, so it proves nothing but speed: the rules of the services are enforced by those in
`local/stand_ins` and `tests/support`. Run as a program, it prints one line of JSON with what a client needs to know,
and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any

import google_crc32c
import jwt
import trustme
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from speed.firestore_stand_in import FirestoreStandIn

PROJECT = "sample-app-1a2b"
SECRET = f"projects/{PROJECT}/secrets/gemini-api-key/versions/latest"
CERTIFICATES = "www.googleapis.com"
LOOK_UP = "identitytoolkit.googleapis.com"
SECRETS = "secretmanager.googleapis.com"
GEMINI = "generativelanguage.googleapis.com"
FIRESTORE = "firestore.googleapis.com"
METADATA = "metadata"
DELAYS: Mapping[str, float] = {
    CERTIFICATES: 0.020,
    LOOK_UP: 0.020,
    SECRETS: 0.030,
    GEMINI: 0.050,
    FIRESTORE: 0.010,
    METADATA: 0.001,
}
"""Host → seconds before each of its answers."""

_KEY_ID = "0a1b2c3d"
_HEADERS = {CERTIFICATES: "Cache-Control: public, max-age=19845\r\n", METADATA: "Metadata-Flavor: Google\r\n"}
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class StandIns:
    """All the services, and the count of what they were asked.

    Args:
        folder: takes the certificate of the authority.
        delays: host → seconds before each answer.
    """

    def __init__(self, folder: Path, delays: Mapping[str, float]) -> None:
        self._delays = delays
        self._requests: Counter[str] = Counter()
        self._handshakes: Counter[str] = Counter()
        self._firestore = FirestoreStandIn(delays[FIRESTORE])
        authority = trustme.CA()
        signer = authority.issue_cert("securetoken.system.gserviceaccount.com", key_type=trustme.KeyType.RSA)
        self._signing_key: Any = load_pem_private_key(signer.private_key_pem.bytes(), None)
        self._certificate = signer.cert_chain_pems[0].bytes().decode()
        self.bundle = folder / "ca.pem"
        authority.cert_pem.write_to_path(self.bundle)
        self._tls = SSLContext(PROTOCOL_TLS_SERVER)
        authority.issue_cert(CERTIFICATES, LOOK_UP, SECRETS, GEMINI, FIRESTORE).configure_cert(self._tls)

    def id_tokens(self, many: int) -> list[str]:
        """Return ID tokens of so many users, good for the longest time that one can be: an hour."""
        now = int(time.time())
        return [
            jwt.encode(
                {
                    "iss": f"https://securetoken.google.com/{PROJECT}",
                    "aud": PROJECT,
                    "auth_time": now - 5,
                    "iat": now - 5,
                    "exp": now + 3595,
                    "sub": f"user-{number}",
                    "user_id": f"user-{number}",
                    "email": "ada@sample.example",
                    "email_verified": True,
                    "firebase": {"identities": {}, "sign_in_provider": "password"},
                },
                self._signing_key,
                "RS256",
                {"kid": _KEY_ID},
            )
            for number in range(many)
        ]

    @property
    def firestore_host(self) -> str:
        """Where Firestore is reached by gRPC."""
        return self._firestore.host

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        host = METADATA
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"CONNECT "):
                host = head.split(b" ")[1].partition(b":")[0].decode()
                # Nothing may be awaited between these two, or the first bytes of TLS would be read as plain ones.
                writer.write(_ESTABLISHED)
                await writer.start_tls(self._tls)
                self._handshakes[host] += 1
                head = await reader.readuntil(b"\r\n\r\n")
            while True:
                path = head.split(b" ", 2)[1].decode()
                body = await reader.readexactly(_length(head))
                self._requests[host] += path != "/counts"
                await asyncio.sleep(self._delays.get(host, 0))
                writer.write(_response(host, self._answer(host, path, body)))
                head = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    def _answer(self, host: str, path: str, body: bytes) -> object:
        if host == METADATA:
            return self._metadata(path)
        if host == CERTIFICATES:
            return {_KEY_ID: self._certificate}
        if host == LOOK_UP:
            (uid,) = json.loads(body)["localId"]
            return {"kind": "identitytoolkit#GetAccountInfoResponse", "users": [{"localId": uid, "validSince": "0"}]}
        if host == SECRETS:
            key = b"AIzaSy-not-a-key-of-anybody-0000000000"
            payload = {"data": base64.b64encode(key).decode(), "dataCrc32c": str(google_crc32c.value(key))}
            return {"name": SECRET.replace("latest", "1"), "payload": payload}
        return {"name": f"auth_tokens/{secrets.token_hex(32)}"}

    def _metadata(self, path: str) -> object:
        if path == "/counts":
            firestore = {FIRESTORE: self._firestore.requests}
            return {"requests": {**self._requests, **firestore}, "handshakes": self._handshakes}
        if "/token" in path:
            return {"access_token": "ya29.not-a-token", "expires_in": 3599, "token_type": "Bearer"}
        if "/project-id" in path:
            return PROJECT
        email = f"live-tokens@{PROJECT}.iam.gserviceaccount.com"
        return {"aliases": ["default"], "email": email, "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _response(host: str, answer: object) -> bytes:
    body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
    more = _HEADERS.get(host, "")
    # Without a date, CacheControl, and so firebase-admin, keeps nothing.
    more += f"Date: {formatdate(usegmt=True)}\r\nContent-Length: {len(body)}\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}\r\n"
    return head.encode() + body


async def _run(folder: Path, callers: int, delay_factor: float) -> None:
    stand_ins = StandIns(folder, {host: seconds * delay_factor for host, seconds in DELAYS.items()})
    server = await asyncio.start_server(stand_ins.serve, "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()
    facts: dict[str, Any] = {
        "address": f"{host}:{port}",
        "bundle": str(stand_ins.bundle),
        "firestore": stand_ins.firestore_host,
        "idTokens": stand_ins.id_tokens(callers),
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(_run(Path(place), int(sys.argv[1]), float(sys.argv[2])))
