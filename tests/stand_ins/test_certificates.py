"""The certificates that the stand-in makes for itself."""

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import gemini_live_stand_in
from gemini_live_stand_in.certificates import Certificate


def test_the_fingerprint_is_that_of_the_public_key(certificate: Certificate) -> None:
    """As Chromium's documentation of the switch has it: SHA-256 of the subjectPublicKeyInfo, in base64."""
    pem = openssl("x509", "-in", str(certificate.chain), "-pubkey", "-noout")
    key = openssl("pkey", "-pubin", "-outform", "der", given=pem)
    assert certificate.fingerprint == base64.b64encode(hashlib.sha256(key).digest()).decode()


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def test_without_the_extra_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    # A module of this name that cannot be imported is as good as none.
    (tmp_path / "trustme.py").write_text("raise ImportError\n")
    path = f"{tmp_path}:{Path(gemini_live_stand_in.__file__).parents[1]}"
    command = [sys.executable, "-m", "gemini_live_stand_in", "--tls"]
    ran = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "TLS needs trustme: pip install 'gemini-live-stand-in[tls]'" in ran.stderr
