"""Which part of the repository may import which: the function, the operator's program, the local stack, the scorecard,
the benchmarks, the tests.
"""

import ast
from pathlib import Path

import pytest

from house_rules.imports import imports, under

ROOT = Path(__file__).parents[2]
PROGRAM = "live_tokens_operations"
SCORECARD = "scorecard"
STAND_IN = "gemini_live_stand_in"

PARTS = {"admin", "bill", "deploy", "doctor", "package", "profiles", "release", "rollback", "smoke", "status"}
"""What the command line puts together. None of them knows another."""
HTTP = {"aiohttp", "http.client", "httpx", "requests", "urllib.request", "urllib3", "websockets"}
STARTS_PROGRAMS = {"subprocess", "pty", "multiprocessing"}
TEST_FOLDERS = {folder.name for folder in (ROOT / "tests").iterdir() if folder.is_dir()} - {"support", "__pycache__"}


def sources() -> dict[str, str]:
    """Return path below the root → text, of all Python code."""
    folders = ("benchmarks", "conformance", "functions", "operations", "local", "tests")
    files = (file for folder in folders for file in (ROOT / folder).rglob("*.py"))
    return {
        file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
        for file in files
        if "node_modules" not in file.parts
    }


def local_packages() -> set[str]:
    folders = (ROOT / "benchmarks", ROOT / "local", *(ROOT / "local" / "stand_ins").iterdir())
    paths = (path for folder in folders for path in folder.iterdir())
    return {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}


def place_in_program(path: str) -> str:
    """Return where a file of the program is, as `deploy.deployment`; nothing for files elsewhere."""
    prefix = f"operations/{PROGRAM}/"
    return path.removeprefix(prefix).removesuffix(".py").replace("/", ".") if path.startswith(prefix) else ""


def folder_of_test(path: str) -> str:
    """Return the folder of a test: `operations/deploy` or `stand_ins`. `operations` has one for each part."""
    parts = path.split("/")[1:-1]
    return "/".join(parts[:2] if parts[:1] in (["operations"], ["integration"]) else parts[:1])


def breach(path: str, name: str) -> str | None:
    """Return which rule it breaks that a file imports something, or None."""
    if under(name, "tests") or (not path.startswith("tests/") and under(name, "support", *TEST_FOLDERS)):
        return f"imports {name}, which is of the tests"
    if path.startswith("tests/"):
        return breach_of_a_test(path, name)
    if under(name, SCORECARD) and not path.startswith("conformance/"):
        return f"imports {name} of conformance/"
    if path.startswith("conformance/"):
        return breach_of_the_scorecard(path, name)
    here = place_in_program(path)
    if path.startswith("functions/"):
        is_ours = under(name, PROGRAM, *local_packages())
        return f"imports {name}, which is not deployed" if is_ours else None
    if not here:
        of_operations = under(name, PROGRAM) and not under(name, f"{PROGRAM}.client")
        return f"imports {name} of operations/, which local/ and benchmarks/ may not" if of_operations else None
    if under(name, *local_packages()):
        return f"imports {name} of local/ or benchmarks/"
    if under(name, *HTTP) and not under(here, "google", "client"):
        return f"knows {name}, which is for google/ and client/"
    if under(name, *STARTS_PROGRAMS) and here != "programs":
        return f"starts programs ({name}), which is for programs.py"
    mine, its = here.split(".")[0], name.removeprefix(f"{PROGRAM}.").split(".")[0]
    if under(name, *(f"{PROGRAM}.{part}" for part in PARTS)) and mine not in (its, "cli"):
        return f"knows {its}, which is for the command line"
    return None


def breach_of_the_scorecard(path: str, name: str) -> str | None:
    """The scorecard knows the stand-in alone, and the apps with the clients do not even know the scorecard."""
    is_app = path.startswith("conformance/clients/")
    ours = (PROGRAM, "live_tokens", *(local_packages() - {STAND_IN}), *((STAND_IN, SCORECARD) if is_app else ()))
    return f"imports {name}, which is not the scorecard's to know" if under(name, *ours) else None


def breach_of_a_test(path: str, name: str) -> str | None:
    if not under(name, *TEST_FOLDERS):
        return None
    folder = folder_of_test(path)
    its = "/".join(name.split(".")[: folder.count("/") + 1])
    return None if folder and its == folder else f"imports {name} of another folder of tests"


def breaches(path: str, source: str) -> list[str]:
    return [found for name in imports(ast.parse(source)) if (found := breach(path, name))]


def test_every_file_keeps_the_house_rules() -> None:
    found = {path: broken for path, source in sources().items() if (broken := breaches(path, source))}
    assert found == {}


@pytest.mark.parametrize(
    ("path", "source", "broken"),
    [
        (
            "tests/operations/doctor/test_x.py",
            "from operations.deploy.checkout import Checkout",
            "imports operations.deploy.checkout.Checkout of another folder of tests",
        ),
        ("tests/stand_ins/test_x.py", "import function.made_up", "imports function.made_up of another folder of tests"),
        ("tests/support/gcloud.py", "import release.gcloud", "imports release.gcloud of another folder of tests"),
        ("tests/test_x.py", "from docs.reasons import x", "imports docs.reasons.x of another folder of tests"),
        (
            f"operations/{PROGRAM}/smoke/checks.py",
            "from gemini_live_stand_in.serving import serve",
            "imports gemini_live_stand_in.serving.serve of local/ or benchmarks/",
        ),
        (
            "local/demo/tokens_and_sessions.py",
            f"from {PROGRAM}.google.rest import send",
            f"imports {PROGRAM}.google.rest.send of operations/, which local/ and benchmarks/ may not",
        ),
        (
            f"operations/{PROGRAM}/checks/clock.py",
            "import requests",
            "knows requests, which is for google/ and client/",
        ),
        (
            f"operations/{PROGRAM}/smoke/temporary_user.py",
            "def f():\n    from urllib.request import urlopen",
            "knows urllib.request.urlopen, which is for google/ and client/",
        ),
        (
            f"operations/{PROGRAM}/release.py",
            "import subprocess",
            "starts programs (subprocess), which is for programs.py",
        ),
        (
            f"operations/{PROGRAM}/deploy/deployment.py",
            f"from {PROGRAM}.smoke.command import run",
            "knows smoke, which is for the command line",
        ),
        (
            f"operations/{PROGRAM}/google/rest.py",
            f"from {PROGRAM} import doctor",
            "knows doctor, which is for the command line",
        ),
        (
            "operations/live_tokens_operations/cli.py",
            "import tests.support",
            "imports tests.support, which is of the tests",
        ),
        (
            "local/firebase_sign_in.py",
            "from support.gcloud import x",
            "imports support.gcloud.x, which is of the tests",
        ),
        ("functions/main.py", "from support.gcloud import x", "imports support.gcloud.x, which is of the tests"),
        ("functions/main.py", "import stack", "imports stack, which is not deployed"),
        ("functions/main.py", "import cutoff", "imports cutoff, which is not deployed"),
        (
            "benchmarks/cutoff.py",
            "from support.documents import x",
            "imports support.documents.x, which is of the tests",
        ),
        ("local/stack/urls.py", "import scorecard.cases", "imports scorecard.cases of conformance/"),
        ("conformance/scorecard/stage.py", "import stack", "imports stack, which is not the scorecard's to know"),
        (
            "conformance/clients/pipecat/app.py",
            "import gemini_live_stand_in",
            "imports gemini_live_stand_in, which is not the scorecard's to know",
        ),
        (
            "functions/live_tokens/firestore_quota.py",
            f"from {PROGRAM}.google import rest",
            f"imports {PROGRAM}.google.rest, which is not deployed",
        ),
    ],
)
def test_a_broken_rule_is_found(path: str, source: str, broken: str) -> None:
    assert breaches(path, source) == [broken]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("tests/operations/doctor/test_x.py", "from operations.doctor.sample_project import Sample"),
        ("tests/operations/doctor/test_x.py", f"from {PROGRAM}.cli import main\nfrom support.google import access"),
        ("conformance/scorecard/stage.py", "from gemini_live_stand_in import create_app\nimport scorecard.user"),
        ("tests/conformance/test_x.py", "from scorecard.cases import CASES"),
        ("tests/integration/firestore/test_x.py", "from integration.firestore.people import x"),
        ("local/demo/tokens_and_sessions.py", f"from {PROGRAM}.client.live_session import live_session"),
        (f"operations/{PROGRAM}/google/rest.py", "import requests"),
        (f"operations/{PROGRAM}/client/mint_client.py", "import requests"),
        (f"operations/{PROGRAM}/programs.py", "import subprocess"),
        (f"operations/{PROGRAM}/cli.py", f"from {PROGRAM} import doctor\nfrom {PROGRAM}.smoke import command"),
        (f"operations/{PROGRAM}/deploy/deployment.py", f"from {PROGRAM}.deploy.traffic import Service"),
        (f"operations/{PROGRAM}/deploy/deployment.py", f"from {PROGRAM}.checks.billing import check_billing"),
    ],
)
def test_what_the_rules_allow_is_no_breach(path: str, source: str) -> None:
    assert breaches(path, source) == []
