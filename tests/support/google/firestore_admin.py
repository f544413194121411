"""Stands in for Firestore's administration, one document of it, and the security rules that are released.

Sources: https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases
    https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases.collectionGroups.fields
    https://firebase.google.com/docs/reference/rules/rest/rest/v1/projects.releases
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.google.access import ApiAccess, behind, not_found

HOST = "firestore.googleapis.com"
RULES = "firebaserules.googleapis.com"


@dataclass(slots=True)
class Database:
    """One database.

    Attributes:
        name: `projects/P/databases/D`.
        ttl: `collection/field` → state of the policy.
        documents: path → fields, in the form of the REST API.
        rules: text of the rules that are released, or None.
    """

    name: str
    kind: str = "FIRESTORE_NATIVE"
    ttl: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    rules: str | None = None


def create_firestore_app(access: ApiAccess, databases: dict[str, Database]) -> Starlette:
    """Return an app that shows these databases, by their full names."""

    def database_of(request: Request) -> Database | None:
        return databases.get("/".join(request.url.path.removeprefix("/v1/").split("/")[:4]))

    def get_database(request: Request) -> Response:
        database = database_of(request)
        if database is None:
            return not_found()
        return JSONResponse(
            {"name": database.name, "type": database.kind, "locationId": "europe-west1", "databaseEdition": "STANDARD"}
        )

    def get_field(request: Request) -> Response:
        database = database_of(request)
        if database is None:
            return not_found()
        # A field without a configuration of its own is not missing: it has the database's.
        answer: dict[str, Any] = {
            "name": request.url.path.removeprefix("/v1/"),
            "indexConfig": {"usesAncestorConfig": True},
        }
        state = database.ttl.get(f"{request.path_params['collection']}/{request.path_params['field']}")
        if state is not None:
            answer["ttlConfig"] = {"state": state}
        return JSONResponse(answer)

    def get_document(request: Request) -> Response:
        database = database_of(request)
        fields = None if database is None else database.documents.get(request.path_params["path"])
        if fields is None:
            return not_found()
        name = request.url.path.removeprefix("/v1/")
        return JSONResponse({"name": name, "fields": fields, "createTime": "2026-11-22T10:00:00.000000Z"})

    base = "/v1/projects/{project}/databases/{database}"
    return behind(
        access,
        HOST,
        [
            ("GET", base, get_database),
            ("GET", base + "/collectionGroups/{collection}/fields/{field}", get_field),
            ("GET", base + "/documents/{path:path}", get_document),
        ],
    )


def create_rules_app(access: ApiAccess, databases: dict[str, Database]) -> Starlette:
    """Return an app that shows the rules of these databases. A ruleset's id is the database's name."""

    def get_release(request: Request) -> Response:
        release: str = request.path_params["release"]
        project = request.path_params["project"]
        short = "(default)" if release == "cloud.firestore" else release.removeprefix("cloud.firestore/")
        database = databases.get(f"projects/{project}/databases/{short}")
        if database is None or database.rules is None:
            return not_found()
        name = f"projects/{project}/releases/{release}"
        return JSONResponse({"name": name, "rulesetName": f"projects/{project}/rulesets/of-{short}"})

    def get_ruleset(request: Request) -> Response:
        project, short = request.path_params["project"], request.path_params["ruleset"].removeprefix("of-")
        database = databases.get(f"projects/{project}/databases/{short}")
        if database is None or database.rules is None:
            return not_found()
        name = request.url.path.removeprefix("/v1/")
        return JSONResponse(
            {"name": name, "source": {"files": [{"name": "firestore.rules", "content": database.rules}]}}
        )

    return behind(
        access,
        RULES,
        [
            ("GET", "/v1/projects/{project}/releases/{release:path}", get_release),
            ("GET", "/v1/projects/{project}/rulesets/{ruleset}", get_ruleset),
        ],
    )
