"""One set of Google's hosts for the session, a fresh Google and a fresh checkout for each test."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest

from operations.deploy.checkout import TINY_MODULE, Checkout, check_out
from operations.deploy.google import (
    DEFAULT_TOKEN,
    KEY,
    KEY_OF_NOBODY,
    LOGIN_TOKEN,
    Google,
    SwitchableHost,
    command_lines_with,
    nobody,
)
from operations.deploy.runs import Deployed, FirstRun
from support.google_hosts.hosts import GoogleHosts, run_google_hosts
from support.missing_program import require_program, skip_or_fail
from support.offline_providers import (
    NO_OFFLINE_PROVIDERS,
    OfflineProvidersError,
    attached_providers,
    offline_folder,
    providers_config,
)


@pytest.fixture(scope="session")
def terraform_config() -> Path:
    """Terraform's configuration file that takes providers from the offline stand-ins."""
    require_program("terraform")
    require_program("gcloud")
    try:
        offline = offline_folder()
        if offline is None:
            skip_or_fail(NO_OFFLINE_PROVIDERS, "REQUIRE_TERRAFORM")
        return providers_config(offline)
    except OfflineProvidersError as wrong:
        skip_or_fail(str(wrong), "REQUIRE_TERRAFORM")


@pytest.fixture(scope="session")
def running_providers(terraform_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment in which terraform uses one running provider: every command would start one for each step."""
    offline = offline_folder()
    assert offline is not None, "`terraform_config` skips without one"
    with attached_providers(offline, tmp_path_factory.mktemp("providers")) as environment:
        yield environment


@pytest.fixture(scope="session")
def switchable_hosts() -> dict[str, SwitchableHost]:
    """Host name → the host behind which each test puts its own Google."""
    return {host: SwitchableHost(host) for host in Google().apps()}


@pytest.fixture(scope="session")
def hosts(
    tmp_path_factory: pytest.TempPathFactory, switchable_hosts: dict[str, SwitchableHost]
) -> Iterator[GoogleHosts]:
    """Google's host names, answered here."""
    with run_google_hosts(tmp_path_factory.mktemp("hosts"), dict(switchable_hosts)) as hosts:
        yield hosts


@pytest.fixture(scope="session")
def new_temporary() -> Iterator[Callable[[], Path]]:
    """Makes folders with paths as short as they can be: the system takes no long one for a socket."""
    with TemporaryDirectory(prefix="d") as folder:
        yield lambda: Path(mkdtemp(prefix="", dir=folder))


@pytest.fixture(scope="session")
def first_run(
    tmp_path_factory: pytest.TempPathFactory,
    new_temporary: Callable[[], Path],
    hosts: GoogleHosts,
    switchable_hosts: dict[str, SwitchableHost],
    terraform_config: Path,
) -> FirstRun:
    """A deployment at a terminal, from nothing to the end. Terraform installs and starts its provider by itself."""
    google, leaks = Google(), list[str]()
    folder = tmp_path_factory.mktemp("first-run")
    checkout = check_out(folder / "checkout", new_temporary(), hosts.environment, TINY_MODULE, terraform_config)
    _serve(google, switchable_hosts)

    def watch(request: str) -> None:
        for secret in (KEY, KEY_OF_NOBODY, LOGIN_TOKEN, DEFAULT_TOKEN):
            leaks.extend(f"{request}: {line}" for line in command_lines_with(secret))

    google.watch = watch
    with checkout.deploy() as terminal:
        terminal.expect("Region [europe-west1]: ")
        terminal.types("\n")
        terminal.expect("Apply this plan? [y/N] ")
        terminal.types("y\n")
        terminal.expect("Gemini API key (it is not shown): ")
        terminal.types(f"{LOGIN_TOKEN}\n")
        terminal.expect("Gemini API key (it is not shown): ")
        terminal.types(f"{KEY_OF_NOBODY}\n")
        terminal.expect("Gemini API key (it is not shown): ")
        terminal.types(f"{KEY}\n")
        ended = terminal.ends()
    google.watch = nobody
    return FirstRun(google, checkout, ended, leaks)


def _serve(google: Google, switchable_hosts: dict[str, SwitchableHost]) -> None:
    for host, app in google.apps().items():
        switchable_hosts[host].app = app


@pytest.fixture
def google(switchable_hosts: dict[str, SwitchableHost]) -> Google:
    """A Google with one project that has everything, and in which nothing is deployed."""
    google = Google()
    _serve(google, switchable_hosts)
    return google


@pytest.fixture
def check_out_module(
    tmp_path: Path, new_temporary: Callable[[], Path], hosts: GoogleHosts, terraform_config: Path
) -> Callable[[Path], Checkout]:
    """Makes a checkout with a root module of the test's choice."""
    return lambda module: check_out(tmp_path / "checkout", new_temporary(), hosts.environment, module, terraform_config)


@pytest.fixture
def checkout(
    google: Google, check_out_module: Callable[[Path], Checkout], running_providers: dict[str, str]
) -> Checkout:
    """A checkout with the tiny module, beside a Google in which nothing is deployed."""
    checkout = check_out_module(TINY_MODULE)
    checkout.environment.update(running_providers)
    return checkout


@pytest.fixture
def deployed(
    first_run: FirstRun,
    tmp_path: Path,
    new_temporary: Callable[[], Path],
    switchable_hosts: dict[str, SwitchableHost],
    running_providers: dict[str, str],
) -> Deployed:
    """A Google and a checkout as the first run has left them."""
    copied = first_run.checkout.copied_to(tmp_path / "checkout", new_temporary())
    copied.environment.update(running_providers)
    deployed = Deployed(deepcopy(first_run.google), copied)
    _serve(deployed.google, switchable_hosts)
    return deployed
