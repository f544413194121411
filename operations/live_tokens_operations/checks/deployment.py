"""The deployed function, and the resources that its settings name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from live_tokens.settings import Settings, SettingsError
from live_tokens_operations.defaults import DATABASE, SECRET
from live_tokens_operations.google.look import Found, Json, Look, Looks
from live_tokens_operations.google.rest import GoogleApi

_FUNCTION_VIEWER = "roles/cloudfunctions.viewer"
_ADDITIONAL = "live-tokens-additional"  # label of a function outside the home region: infra/regions.tf


@dataclass(frozen=True, slots=True)
class Project:
    """The project and the function to check.

    Attributes:
        region: that is looked at.
        home: home region of the deployment, which settings are applied to.
        function: name of the function and of its Cloud Run service.
        url: URL that apps call, or None for the function's own.
        settings: file with the settings of the project, which may not exist.
        read_key: whether the key may be read and tried at Gemini.
    """

    project_id: str
    region: str
    home: str
    function: str
    url: str | None
    profiles: Path
    settings: Path
    read_key: bool


@dataclass(frozen=True, slots=True)
class Deployment:
    """The function, its service and its settings.

    Attributes:
        environment: the function's environment variables, or None if they are not known.
        settings: read from the environment, or None.
        faults: why the settings cannot be read, without their values.
        firebase_project: project of users, quotas and stop switches.
        secret: `projects/P/secrets/S`.
        version: number of its version, or `latest`.
        runtime_account: e-mail address of the account that the function runs as, or None if it is not known.
    """

    function: Look
    service: Look
    environment: Mapping[str, str] | None
    settings: Settings | None
    faults: tuple[str, ...]
    firebase_project: str
    secret: str
    version: str
    database: str
    runtime_account: str | None


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What every check works with.

    Attributes:
        elsewhere: additional region → the function there. Empty if one region was asked for.
    """

    api: GoogleApi
    project: Project
    deployment: Deployment
    elsewhere: Mapping[str, Deployment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Regions:
    """Where a function of this name is.

    Attributes:
        home: the home region, or None if it is not known.
    """

    home: str | None
    additional: tuple[str, ...]


def find_region(api: GoogleApi, project_id: str, function: str) -> str | None:
    """Return the region of the function, the home region of several, or None."""
    return find_regions(api, project_id, function).home


def find_regions(api: GoogleApi, project_id: str, function: str) -> Regions:
    """Return the regions of the function, as far as Google tells.

    Source: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/list
    """
    url = f"https://cloudfunctions.googleapis.com/v2/projects/{project_id}/locations/-/functions"
    look = api.get(url, _FUNCTION_VIEWER, {"pageSize": "1000"})
    functions = look.body.get("functions", []) if isinstance(look, Found) else []
    ours = [each for each in functions if str(each.get("name", "")).endswith(f"/functions/{function}")]
    home = [region_of(each["name"]) for each in ours if _ADDITIONAL not in each.get("labels", {})]
    additional = sorted(region_of(each["name"]) for each in ours if _ADDITIONAL in each.get("labels", {}))
    return Regions(next(iter(home), None), tuple(additional))


def region_of(name: str) -> str:
    """Return the region in `projects/P/locations/REGION/…`."""
    return name.split("/")[3]


def look_at(api: GoogleApi, project: Project) -> Deployment:
    """Ask Cloud Functions and Cloud Run.

    Sources: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions/get
        https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/get
    """
    place = f"projects/{project.project_id}/locations/{project.region}"
    function = api.get(
        f"https://cloudfunctions.googleapis.com/v2/{place}/functions/{project.function}", _FUNCTION_VIEWER
    )
    service = look_at_service(api, project.project_id, project.region, project.function)
    return deployment_of(project, function, service)


def ingress_of(function: Look) -> str | None:
    """Return from where the function's own URL can be called, such as `ALLOW_ALL`. None if there is no function."""
    if not isinstance(function, Found):
        return None
    return str(function.body.get("serviceConfig", {}).get("ingressSettings", "ALLOW_ALL"))


def look_at_service(api: Looks, project_id: str, region: str, service: str) -> Look:
    place = f"projects/{project_id}/locations/{region}"
    return api.get(f"https://run.googleapis.com/v2/{place}/services/{service}", "roles/run.viewer")


def deployment_of(project: Project, function: Look, service: Look) -> Deployment:
    """Return the deployment that the two answers describe."""
    config: Json = function.body.get("serviceConfig", {}) if isinstance(function, Found) else {}
    environment = config.get("environmentVariables", {}) if config else None
    settings, faults = _settings(environment, project.function)
    secret, _, version = (
        settings.gemini_api_key_secret
        if settings
        else f"projects/{project.project_id}/secrets/{SECRET}/versions/latest"
    ).partition("/versions/")
    return Deployment(
        function=function,
        service=service,
        environment=environment,
        settings=settings,
        faults=faults,
        firebase_project=settings.firebase_project_id if settings else project.project_id,
        secret=secret,
        version=version,
        database=settings.firestore_database if settings else DATABASE,
        runtime_account=config.get("serviceAccountEmail"),
    )


def _settings(environment: Mapping[str, str] | None, function: str) -> tuple[Settings | None, tuple[str, ...]]:
    """Read the settings as the function does on Cloud Run, which sets K_SERVICE."""
    if environment is None:
        return None, ()
    try:
        return Settings.from_mapping({**environment, "K_SERVICE": function}), ()
    except SettingsError as error:
        return None, error.faults
