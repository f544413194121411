"""The Firestore emulator. It needs its jar and Java.

Source of the command line: `gcloud emulators firestore start` of the Google Cloud SDK.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stack.process import Process

JAR_VARIABLE = "FIRESTORE_EMULATOR_JAR"
OLDEST_JAVA = 17
HOW_TO_GET_IT = (
    f"It needs Java {OLDEST_JAVA} or newer, and its jar. To get the jar: `gcloud components install "
    f"cloud-firestore-emulator`, or `firebase setup:emulators:firestore` (needs Java 21), or set {JAR_VARIABLE} to it."
)

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Duser.language=en")


class FirestoreEmulatorMissingError(Exception):
    """The emulator cannot run here. The message names what is missing."""


@dataclass(frozen=True, slots=True)
class FirestoreEmulator:
    """The paths of Java and of the emulator's jar."""

    java: str
    jar: Path

    @classmethod
    def find(cls) -> FirestoreEmulator:
        """Look for Java and for the jar: FIRESTORE_EMULATOR_JAR, then the Cloud SDK's, then firebase-tools'.

        Raises:
            FirestoreEmulatorMissingError: Java or the jar is missing.
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
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', output)
    return int(match[1]) if match else 0
