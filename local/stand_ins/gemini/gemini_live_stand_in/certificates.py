"""A certificate for a test or a run: made at the start, signed by an authority that nothing else uses."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class TlsUnavailableError(Exception):
    """The extra `tls` is not installed. The message says how to install it."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate, in PEM files.

    Attributes:
        authority: what clients trust. Its key is not kept, so nothing else can be signed with it.
        chain, key: what the server shows and proves.
        fingerprint: base64 of the SHA-256 of the server's public key, as Chromium's
            `--ignore-certificate-errors-spki-list` takes it.
    """

    authority: Path
    chain: Path
    key: Path
    fingerprint: str


def make_certificate(folder: Path, hosts: Sequence[str] = LOOPBACK) -> Certificate:
    """Make an authority and a certificate for `hosts`, names or addresses, and write them to `folder`.

    Raises:
        TlsUnavailableError: trustme is missing.
    """
    try:
        import trustme
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    except ImportError as error:
        raise TlsUnavailableError("TLS needs trustme: pip install 'gemini-live-stand-in[tls]'") from error
    authority = trustme.CA(organization_name="gemini-live-stand-in")
    issued = authority.issue_cert(*dict.fromkeys(hosts))
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "authority.pem", folder / "server.pem", folder / "server-key.pem"
    authority.cert_pem.write_to_path(paths[0])
    issued.cert_chain_pems[0].write_to_path(paths[1])
    paths[2].touch(mode=0o600)
    issued.private_key_pem.write_to_path(paths[2])
    key = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return Certificate(*paths, base64.b64encode(digest).decode())
