"""The settings that were applied last, kept beside the state, so that no checkout undoes them without knowing them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from live_tokens_operations.deploy.accidents import Accident, Danger
from live_tokens_operations.deploy.errors import MisuseError, UnansweredError
from live_tokens_operations.deploy.explanations import require_answer
from live_tokens_operations.deploy.plan import Settings
from live_tokens_operations.deploy.project_settings import ProjectSettings
from live_tokens_operations.google import gcloud_commands
from live_tokens_operations.google.look import Found, Looks, Missing, Unseen
from live_tokens_operations.programs import Programs


@dataclass(frozen=True, slots=True)
class Applied:
    """What one run applied.

    Attributes:
        settings: those that are not the default.
        blob: git's name for the content of the settings file, or empty.
    """

    settings: Settings
    blob: str


@dataclass(frozen=True, slots=True)
class AppliedSettings:
    """The record in the state bucket.

    Attributes:
        name: of the object.
    """

    programs: Programs
    project: str
    bucket: str
    name: str

    def read(self, api: Looks) -> Applied | None:
        """Return what was applied last, or None where nothing was kept.

        Raises:
            UnansweredError: it could not be read.
            MisuseError: it is something else.

        Source: https://cloud.google.com/storage/docs/json_api/v1/objects/get
        """
        url = f"https://storage.googleapis.com/storage/v1/b/{self.bucket}/o/{quote(self.name, safe='')}"
        match api.get(url, "roles/storage.objectViewer", {"alt": "media"}):
            case Missing() | Unseen(status=404):  # of an object's content, the answer is text
                return None
            case Unseen() as unseen:
                why = f"{unseen.why}\n{unseen.remedy}".rstrip()
                raise UnansweredError(f"The settings that were applied last, {self._url}, could not be read: {why}")
            case Found(body):
                settings, blob = body.get("settings"), body.get("blob")
                if isinstance(settings, dict) and isinstance(blob, str):
                    return Applied(settings, blob)
                raise MisuseError(f"{self._url} was not written by this program. Nothing was changed.")

    @property
    def _url(self) -> str:
        return f"gs://{self.bucket}/{self.name}"

    def keep(self, applied: Applied) -> None:
        """Keep what this run applies.

        Raises:
            ProgramError: it could not be kept.
        """
        with TemporaryDirectory(prefix="live-tokens-settings-") as folder:
            file = Path(folder, "applied.json")
            kept = {"settings": applied.settings, "blob": applied.blob}
            file.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            finished = self.programs.ask(gcloud_commands.write_object(str(file), self._url, self.project))
        require_answer(finished, f"The settings could not be kept in {self._url}")


def require_settings(settings: ProjectSettings, region: str, applied: Applied | None) -> None:
    """Check that the checkout has the settings of a project in which something is deployed.

    Raises:
        MisuseError: it does not.
    """
    if settings.text is not None:
        return
    lost = f'project_id = "{settings.project}"\nregion     = "{region}"\n'
    if applied is None:
        last = "No earlier run has kept its settings. Somebody has them in the checkout that was deployed from."
    else:
        last = "Applied last, where it is not the default:\n" + _lines(
            {path: value for path, value in applied.settings.items() if path != "region"}
        )
    raise MisuseError(
        f"{settings.project} has a deployment in {region}, and this checkout lacks its settings, {settings.name}: the "
        "defaults would replace them. Nothing was done.\n"
        f"Get that file from git. If it was never there, write it, beginning with\n{lost}{last}"
    )


def contradiction(
    programs: Programs, settings: ProjectSettings, now: Settings, applied: Applied | None
) -> Danger | None:
    """Return what the checkout would undo of the settings applied last, unless git shows that it knows them.

    It knows them if the settings file had exactly that content in a commit of this branch: somebody changed it since.
    """
    if applied is None:
        return None
    undone = {path: value for path, value in applied.settings.items() if now.get(path, _DEFAULT) != value}
    if not undone or applied.blob in _blobs_in_git(programs, settings.file):
        return None
    lines = "\n".join(
        f"  - {path}: {_shown(value)} → {_shown(now.get(path, _DEFAULT))}" for path, value in undone.items()
    )
    return Danger(
        Accident.SETTINGS,
        f"It undoes settings that were applied last, and git does not have them in the history of {settings.name} "
        f"here:\n{lines}\n"
        "Another checkout may be newer: get its commits first. Commit the file before each deployment.",
    )


def _blobs_in_git(programs: Programs, file: Path) -> set[str]:
    if not programs.has("git"):
        return set()
    finished = programs.ask(
        ["git", "-C", str(file.parent), "log", "--full-history", "--format=", "--raw", "--no-abbrev", "--", file.name]
    )
    return set(re.findall(r"\b[0-9a-f]{40}\b", finished.out)) if finished.code == 0 else set()


_DEFAULT = object()


def _shown(value: object) -> str:
    return "the default" if value is _DEFAULT else json.dumps(value, ensure_ascii=False)


def _lines(settings: Settings) -> str:
    return "\n".join(f"  {path} = {_shown(value)}" for path, value in settings.items()) or "  nothing"
