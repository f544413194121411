"""Stands in for the Gemini API's list of models, which is asked with an API key and costs nothing.

Source: https://ai.google.dev/api/models
"""

from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from support.google.access import refusal

HOST = "generativelanguage.googleapis.com"


@dataclass(slots=True)
class GeminiModels:
    """What one key sees.

    Attributes:
        methods: name of a model → what it is for.
        refusing: answered in place of a model, to the valid key, too.
    """

    key: str = field(repr=False)
    methods: dict[str, list[str]] = field(default_factory=dict)
    refusing: JSONResponse | None = None
    paths: list[str] = field(default_factory=list)


def create_models_app(models: GeminiModels) -> Starlette:
    """Return an app that shows the models."""

    def refused(request: Request) -> Response | None:
        models.paths.append(request.url.path)
        if request.headers.get("x-goog-api-key") != models.key:
            message = "API key not valid. Please pass a valid API key."
            return refusal(400, "INVALID_ARGUMENT", message, "API_KEY_INVALID", service=HOST)
        return models.refusing

    def list_all(request: Request) -> Response:
        size = int(request.query_params.get("pageSize", 50))
        known = [_resource(name, methods) for name, methods in models.methods.items()]
        return refused(request) or JSONResponse({"models": known[:size]})

    def get(request: Request) -> Response:
        refusing = refused(request)
        if refusing is not None:
            return refusing
        name = request.path_params["model"]
        if name not in models.methods:
            version = request.path_params["version"]
            message = f"models/{name} is not found for API version {version}, or is not supported for GetModel."
            return refusal(404, "NOT_FOUND", message)
        return JSONResponse(_resource(name, models.methods[name]))

    return Starlette(routes=[Route("/{version}/models", list_all), Route("/{version}/models/{model}", get)])


def _resource(name: str, methods: list[str]) -> dict[str, object]:
    return {"name": f"models/{name}", "version": "001", "supportedGenerationMethods": methods}
