"""The Firestore emulator, where this machine has what it needs: its jar and a Java.

Source of how it is started: the Google Cloud SDK's own `gcloud emulators firestore start`, which needs no more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local_stack.process import Process

JAR_VARIABLE = "FIRESTORE_EMULATOR_JAR"
OLDEST_JAVA = 17
HOW_TO_GET_IT = (
    f"It needs Java {OLDEST_JAVA} or newer, and the jar: `gcloud components install cloud-firestore-emulator`, or set "
    f"{JAR_VARIABLE} to one, or let firebase-tools (with Java 21) download it: `firebase setup:emulators:firestore`."
)

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Duser.language=en")


class FirestoreEmulatorMissingError(Exception):
    """The emulator cannot run here. The text says what is missing."""


@dataclass(frozen=True, slots=True)
class FirestoreEmulator:
    """What is needed to run it."""

    java: str
    jar: Path

    @classmethod
    def find(cls) -> FirestoreEmulator:
        """Look for Java and for the jar: the one that is named, then the Cloud SDK's, then firebase-tools'.

        Raises:
            FirestoreEmulatorMissingError: one of them is not there.
        """
        java = shutil.which("java")
        if java is None or _version(java) < OLDEST_JAVA:
            raise FirestoreEmulatorMissingError(f"Java {OLDEST_JAVA} or newer is missing. {HOW_TO_GET_IT}")
        for jar in _jars():
            if jar.is_file():
                return cls(java, jar)
        raise FirestoreEmulatorMissingError(f"The jar of the Firestore emulator is missing. {HOW_TO_GET_IT}")

    def process(self, directory: Path, host: str, port: int) -> Process:
        """Return the emulator as a program that can be started."""
        return Process(
            name="Firestore emulator",
            command=[self.java, *_JAVA_OPTIONS, "-cp", str(self.jar), _MAIN_CLASS, f"--host={host}", f"--port={port}"],
            log=directory / "firestore-emulator.log",
            environment={"PATH": os.environ["PATH"]},
            answers=f"http://{host}:{port}/",
        )


def _jars() -> list[Path]:
    named = os.environ.get(JAR_VARIABLE)
    if named:
        return [Path(named)]
    jars = []
    gcloud = shutil.which("gcloud")
    if gcloud is not None:
        sdk = Path(gcloud).resolve().parents[1]
        jars.append(sdk / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar")
    cache = Path(os.environ.get("FIREBASE_EMULATORS_PATH") or Path.home() / ".cache" / "firebase" / "emulators")
    return jars + sorted(cache.glob("cloud-firestore-emulator-v*.jar"), reverse=True)


def _version(java: str) -> int:
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0
