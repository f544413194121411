"""In functions/: which module may import which, which one reads the environment, and what an import may do."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from house_rules.imports import imports, under

FUNCTIONS = Path(__file__).parents[2] / "functions"
SOURCES = {file.stem: file.read_text(encoding="utf-8") for file in (FUNCTIONS / "live_tokens").glob("*.py")}

PURE = {
    "configuration_error": set[str](),
    "strict_json": set[str](),
    "timestamps": set[str](),
    "web_origins": set[str](),
    "deadline": set[str](),
    "upstream_errors": set[str](),
    "circuit_breaker": {"deadline", "upstream_errors"},
    "single_flight": {"deadline", "upstream_errors"},
    "quota": {"errors", "issuing"},
    "sessions": {"errors", "issuing", "quota"},
    "stop_switches": {"errors"},
    "placeholders": {"issuing"},
    "profile_access": {"issuing"},
    "choices": {"errors", "placeholders"},
    "profile_schema": set[str](),
    "config_shape": {"placeholders", "profile_schema"},
    "model_rules": {"config_shape"},
    "config_check": {"config_shape", "model_rules"},
    "model_prices": {"model_rules"},
    "worst_bill": {"config_shape", "issuing", "model_prices", "quota", "sessions"},
}
"""What each module without any I/O may import of ours."""

CORE = PURE | {
    "__init__": set[str](),
    "errors": set[str](),
    "issuing": {"deadline", "errors"},
    "settings": {"configuration_error", "web_origins"},
    "request_id": set[str](),
    "request_body": {"deadline", "errors"},
    "bounded_transport": {"deadline"},
    "upstream": {"bounded_transport", "circuit_breaker", "deadline", "upstream_errors"},
    "google_credentials": {"deadline", "single_flight", "upstream", "upstream_errors"},
    "public_keys": {"deadline", "single_flight", "upstream", "upstream_errors"},
    "profiles": {
        *("choices", "config_check", "configuration_error", "errors", "issuing", "placeholders", "profile_access"),
        *("model_prices", "quota", "sessions", "worst_bill"),
    },
    "profile_check": {"gemini_lock", "profiles"},
    "release": {"configuration_error"},
    "audit_log": {"errors", "issuing", "release", "request_id", "timestamps"},
    "callable_endpoint": {
        *("audit_log", "deadline", "errors", "issuing", "request_body", "request_id", "strict_json", "timestamps"),
    },
}
"""What each module that is no adapter may import of ours."""

TO_UPSTREAMS = {"bounded_transport", "upstream", "google_credentials", "public_keys"}
"""The one way out, which all adapters take."""

OF_ADAPTERS = {"errors", "issuing", *PURE, *TO_UPSTREAMS}

VENDORS = {
    "firebase_admin": "firebase_",
    "google.cloud.firestore": "firestore_",
    "google.cloud.firestore_v1": "firestore_",
    "grpc": "firestore_",
    "jwt": "firebase_",
    "cryptography": "firebase_",
    "google.auth.transport": "google_credentials",
    "h11": "bounded_transport",
    "httpcore2": "bounded_transport",
    "requests": "nobody",
    "google.cloud.secretmanager": "secret_manager_",
    "google.genai": "gemini_",
}
"""Package of a vendor → how the names of the files begin that may know it."""

WITHOUT_VENDORS = CORE.keys() - {"callable_endpoint", *TO_UPSTREAMS} | {"memory_quota"}
"""Modules that need nothing but Python."""

FROM_THE_ENVIRONMENT = {f"urllib.request.{name}" for name in ("getproxies", "proxy_bypass", "urlopen", "ProxyHandler")}
"""What else reads the environment: the variables of proxies."""

CALLED_AT_IMPORT = {
    *("TypeVar", "dataclass", "field", "frozenset", "timedelta", "re.compile"),
    *("Quota", "WireStatus", "datetime", "get_args", "set"),
    *("Model", "Path", "Rule", "Unreadable"),
    *("App", "Decimal", "ModelPrices"),
}
"""What may be called while a module is imported: values, no clients. Think before adding to it."""


def ours_in(tree: ast.AST) -> set[str]:
    return {name.split(".")[1] for name in imports(tree) if under(name, "live_tokens")}


def may_import(importer: str, imported: str) -> bool:
    if importer in CORE:
        return imported in CORE[importer]
    same_vendor = imported not in CORE and importer.split("_")[0] == imported.split("_")[0]
    return imported in OF_ADAPTERS or same_vendor


def evaluated_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: class bodies, decorators and defaults; no bodies of functions."""
    yield node
    parts: list[ast.AST]
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            parts = [*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)]
        case ast.Lambda():
            parts = []
        case _:
            parts = [*ast.iter_child_nodes(node)]
    for part in parts:
        yield from evaluated_at_import(part)


def breach_by_import(module: str, name: str) -> str | None:
    package, _, ours = name.partition(".")
    ours = ours.partition(".")[0]
    if package in ("", "functions", "main"):
        return f"imports {name}, which is no spelling of ours"
    if package == "live_tokens":
        return None if may_import(module, ours) else f"imports {ours}"
    if package == "os" or name in FROM_THE_ENVIRONMENT:
        return f"knows {package}, and so the environment"
    if package in ("flask", "werkzeug", "functions_framework"):
        return None if module == "callable_endpoint" else f"knows {package}"
    if module in WITHOUT_VENDORS and package not in sys.stdlib_module_names:
        return f"knows {package}"
    for vendor, prefix in VENDORS.items():
        if under(name, vendor) and not module.startswith(prefix):
            return f"knows {vendor}"
    return None


def breaches(module: str, source: str) -> list[str]:
    """Return the house rules that a module of `live_tokens` breaks, a phrase each."""
    tree = ast.parse(source)
    by_import = [breach for name in imports(tree) if (breach := breach_by_import(module, name))]
    by_call = [
        f"calls {ast.unparse(node.func)} at import"
        for node in evaluated_at_import(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in CALLED_AT_IMPORT
    ]
    return by_import + by_call


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_keeps_the_house_rules(module: str) -> None:
    assert breaches(module, SOURCES[module]) == []


def test_the_table_names_modules_that_exist() -> None:
    assert CORE.keys() <= SOURCES.keys()


def test_main_alone_reads_the_environment_and_names_every_adapter() -> None:
    main = ast.parse((FUNCTIONS / "main.py").read_text(encoding="utf-8"))
    imported = ours_in(main)
    reached = imported | {name for module in imported for name in ours_in(ast.parse(SOURCES[module]))}
    assert {module for module in SOURCES if module not in CORE} <= reached
    assert "os" in set(imports(main))
    assert [name for name in imports(main) if under(name, *VENDORS)] == []


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("gemini_minter", "from live_tokens.secret_manager_key import SecretManagerKey", "imports secret_manager_key"),
        ("gemini_minter", "import live_tokens.settings", "imports settings"),
        ("gemini_minter", "from live_tokens import callable_endpoint", "imports callable_endpoint"),
        ("firebase_identity", "def f():\n    from live_tokens.gemini_lock import x", "imports gemini_lock"),
        ("issuing", "from live_tokens.profiles import usable", "imports profiles"),
        ("errors", "from live_tokens.issuing import Caller", "imports issuing"),
        ("settings", "from live_tokens.errors import TokenNotIssued", "imports errors"),
        ("issuing", "from .errors import x", "imports .errors.x, which is no spelling of ours"),
        (
            "issuing",
            "from functions.live_tokens.errors import x",
            "imports functions.live_tokens.errors.x, which is no spelling of ours",
        ),
        ("audit_log", "import flask", "knows flask"),
        ("firebase_identity", "from flask import Request", "knows flask"),
        ("gemini_minter", "import os", "knows os, and so the environment"),
        ("gemini_minter", "from os import environ", "knows os, and so the environment"),
        ("bounded_transport", "from urllib.request import proxy_bypass", "knows urllib, and so the environment"),
        ("profiles", "from google import genai", "knows google"),
        ("callable_endpoint", "from google import genai", "knows google.genai"),
        ("secret_manager_key", "from google.genai.types import Tool", "knows google.genai"),
        ("gemini_minter", "import google.cloud.secretmanager", "knows google.cloud.secretmanager"),
        ("gemini_minter", "from firebase_admin import auth", "knows firebase_admin"),
        ("gemini_minter", "import jwt", "knows jwt"),
        ("firebase_identity", "import requests", "knows requests"),
        ("firebase_identity", "from google.auth.transport import requests", "knows google.auth.transport"),
        ("upstream", "import httpcore2", "knows httpcore2"),
        ("upstream", "from live_tokens.errors import Unavailable", "imports errors"),
        ("request_body", "from flask import Request", "knows flask"),
        ("single_flight", "import httpx2", "knows httpx2"),
        ("circuit_breaker", "from live_tokens.upstream import Upstream", "imports upstream"),
        ("gemini_minter", "from google.cloud.firestore import Client", "knows google.cloud.firestore"),
        ("firebase_app_check", "from google.cloud.firestore_v1 import Client", "knows google.cloud.firestore_v1"),
        ("secret_manager_key", "import grpc", "knows grpc"),
        ("memory_quota", "from google.cloud.firestore import Client", "knows google"),
        ("quota", "import google.cloud.firestore", "knows google"),
        ("quota", "from live_tokens.settings import Settings", "imports settings"),
        ("timestamps", "from live_tokens.issuing import Record", "imports issuing"),
        ("stop_switches", "from live_tokens.quota import spend", "imports quota"),
        ("placeholders", "from live_tokens.profiles import usable", "imports profiles"),
        ("model_rules", "from live_tokens.gemini_lock import find_config_faults", "imports gemini_lock"),
        ("config_check", "from live_tokens.profiles import check_profile", "imports profiles"),
        ("worst_bill", "from live_tokens.profiles import check_profile", "imports profiles"),
        ("profile_check", "from google.genai import types", "knows google"),
        ("profile_access", "from live_tokens.quota import spend", "imports quota"),
        ("firestore_quota", "from live_tokens.memory_quota import MemoryQuotaStore", "imports memory_quota"),
        ("memory_quota", "from live_tokens.profiles import LoadedProfiles", "imports profiles"),
        ("deadline", "from live_tokens.errors import Unavailable", "imports errors"),
        ("issuing", "import requests", "knows requests"),
        ("gemini_minter", "CLIENT = genai.Client()", "calls genai.Client at import"),
        ("gemini_minter", "class A:\n    client = genai.Client()", "calls genai.Client at import"),
        ("gemini_minter", "def f(client=genai.Client()): ...", "calls genai.Client at import"),
        ("gemini_minter", "try:\n    open('x')\nfinally:\n    ...", "calls open at import"),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str, breach: str) -> None:
    assert breaches(module, source) == [breach]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("gemini_minter", "from live_tokens.gemini_lock import refuse_incomplete_lock\nfrom google import genai"),
        ("firebase_app_check", "from live_tokens.issuing import Caller\nimport firebase_admin, jwt"),
        ("firebase_app_check", "from live_tokens.deadline import Deadline\nimport jwt"),
        ("firestore_quota", "from live_tokens.quota import spend\nfrom google.cloud.firestore import Client"),
        (
            "firestore_admin",
            "from live_tokens.firestore_quota import QUOTAS\nfrom live_tokens.quota import full_again_at",
        ),
        ("memory_quota", "from live_tokens.stop_switches import StopSwitches\nimport json, threading"),
        ("firebase_identity", "from google.auth import credentials"),
        ("firestore_quota", "from live_tokens.google_credentials import GoogleCredentials"),
        ("secret_manager_key", "from live_tokens.upstream import Upstream"),
        ("secret_manager_key", "from google.cloud.secretmanager import X\nfrom google.auth.exceptions import Y"),
        ("callable_endpoint", "from flask import Request\nfrom werkzeug.exceptions import HTTPException"),
        ("gemini_minter", "def f():\n    return genai.Client()\nnow = lambda: datetime.now()"),
        ("gemini_minter", "def f(now=lambda: datetime.now(UTC)): ..."),
    ],
)
def test_what_the_rules_allow_is_no_breach(module: str, source: str) -> None:
    assert breaches(module, source) == []
