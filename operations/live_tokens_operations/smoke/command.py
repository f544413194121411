"""`live-tokens smoke`: its arguments, its run and its exit code."""

from __future__ import annotations

import json
import re
import signal
from argparse import ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

from live_tokens_operations.arguments import Parser, UsageError, project_id, variable
from live_tokens_operations.client.mint_client import FunctionUnreachableError, MintClient
from live_tokens_operations.defaults import KEY_VARIABLE
from live_tokens_operations.google.gemini_key import GeminiKey, NotAKeyError
from live_tokens_operations.outcome import Outcome
from live_tokens_operations.process import ExitCode, Process, Terminated
from live_tokens_operations.smoke.answers import doctor
from live_tokens_operations.smoke.app_check import (
    AppCheckError,
    AppCheckTokens,
    ExchangedAppCheckTokens,
    GivenAppCheckToken,
)
from live_tokens_operations.smoke.checks import Checks, ChecksAbortedError
from live_tokens_operations.smoke.id_tokens import IdToken, NoIdTokenError
from live_tokens_operations.smoke.identity_toolkit import IdentityToolkit, SignInError, web_api_key
from live_tokens_operations.smoke.leases import Leases
from live_tokens_operations.smoke.observations import Observations
from live_tokens_operations.smoke.report import Report
from live_tokens_operations.smoke.service import DEFAULT_PROFILE, Service
from live_tokens_operations.smoke.signers import EmulatorSigner, GoogleAccount, SigningError
from live_tokens_operations.smoke.temporary_user import CustomTokenUser, PasswordUser, temporary_user

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# A user can delete itself for five minutes after its sign-in. This leaves time for that.
_LONGEST_RUN = 240.0
# An ID token is good for an hour.
_LONGEST_RUN_OF_A_GIVEN_USER = 3500.0
_MOST_LEASES = 10
_MOST_MINTS = 100


class TimeIsUp(BaseException):
    """The run took too long. A BaseException, like KeyboardInterrupt: `except Exception` does not catch it."""


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """The smoke test with its arguments."""

    arguments: tuple[str, ...]
    typed: Namespace

    @classmethod
    def read(cls, arguments: Sequence[str]) -> SmokeTest:
        """Read a command line.

        Raises:
            UsageError: it is wrong.
        """
        parser = Parser(prog="live-tokens smoke")
        add_arguments(parser)
        return cls(tuple(arguments), parser.parse_args(arguments))

    @property
    def has_signer(self) -> bool:
        return self.typed.service_account is not None

    def run(self, process: Process) -> Outcome:
        run = _Run(self.typed, process.environment, Report(process.stdout))
        with _limits(self.typed.deadline):
            return run.to_its_end()


def run(typed: Namespace, process: Process) -> ExitCode:
    """Run the smoke test."""
    return ExitCode.DONE if SmokeTest((), typed).run(process).passed else ExitCode.FAILED


class _Run:
    """One run: it provides what the checks need, and reports why they cannot run."""

    def __init__(self, typed: Namespace, environment: Mapping[str, str], report: Report) -> None:
        self.typed = typed
        self._environment = environment
        self._report = report
        self._emulator = environment.get("FIREBASE_AUTH_EMULATOR_HOST") or None
        self._given = _given_id_token(environment, "ID_TOKEN")
        self._foreign = _given_id_token(environment, "FOREIGN_ID_TOKEN")
        self._named_project = typed.project or variable(environment, "FIREBASE_PROJECT_ID", project_id)
        self._gemini_key = _gemini_key(environment)
        self._account: GoogleAccount | None = None
        self._identity_toolkit: IdentityToolkit | None = None
        _refuse_plain_http(typed.url, self._emulator)
        if typed.app_id and environment.get("APP_CHECK_TOKEN"):
            raise UsageError("Use either APP_CHECK_TOKEN or --app-id, not both.")
        if self._given and typed.claims:
            raise UsageError("--claims applies to a user that the test creates. With ID_TOKEN, it creates none.")
        if typed.deadline > _LONGEST_RUN and not self._given:
            raise UsageError(
                f"--deadline of more than {_LONGEST_RUN:.0f} s needs ID_TOKEN: a user that the test creates can delete "
                f"itself for five minutes."
            )

    def to_its_end(self) -> Outcome:
        """Run all checks."""
        report = self._report
        for secret in ("ID_TOKEN", "FOREIGN_ID_TOKEN", "APP_CHECK_TOKEN", "FIREBASE_API_KEY", KEY_VARIABLE):
            report.hide(self._environment.get(secret, "").strip())
        try:
            self._check()
        except ChecksAbortedError:
            report.note("The other checks depend on this one and did not run.")
        except FunctionUnreachableError as error:
            report.bad(f"{self.typed.url} cannot be called: {error}. Check the URL. {doctor(self._named_project)}")
        except (SigningError, SignInError, AppCheckError) as error:
            report.bad(str(error))
        except TimeIsUp:
            report.bad(f"The run did not end within {self.typed.deadline:g} s. {doctor(self._named_project)}")
        outcome = report.outcome
        if outcome.passed:
            report.note(f"All {outcome.held} checks passed.")
        else:
            report.note(f"{outcome.failed} of {outcome.held + outcome.failed} checks failed.")
        return outcome

    def _check(self) -> None:
        client = MintClient(self.typed.url, self.typed.timeout)
        service = Service(client, self._app_check(), self.typed.profile, self._named_project, self._report)
        checks = Checks(service, self._report, self.typed.timeout, self._foreign)
        # First: if the function is missing, no user is created.
        checks.without_sign_in()
        with self._caller() as id_token:
            try:
                self._check_signed_in(checks, service, id_token)
            finally:
                self._end_session(service, id_token)
                self._report.note(f"The run took {service.tokens_taken} live tokens of the profile's quota.")
                if service.seconds_granted:
                    self._report.note(f"They granted {service.seconds_granted / 60:.1f} minutes.")
        if self._given is None:
            checks.user_deleted(id_token)

    def _check_signed_in(self, checks: Checks, service: Service, id_token: IdToken) -> None:
        held = checks.first_session(id_token)
        observations = self._observations(service, id_token)
        asked = held.live_token.at_google if self.typed.observations is None else self.typed.observations
        if asked:
            held = observations.handle_in_the_lock(held)
        checks.what_is_refused(id_token, held)
        if self.typed.leases:
            leases = Leases(service, self._report, self.typed.timeout, self.typed.leases)
            leases.hold(id_token, signal.getitimer(signal.ITIMER_REAL)[0])
        try:
            if asked:
                observations.observe_all(held)
            if self.typed.mints:
                observations.mints_in_a_row(self.typed.mints, held)
        except TimeIsUp:
            self._report.note("The time ended before all observations. This is not a failure.")

    def _end_session(self, service: Service, id_token: IdToken) -> None:
        """End what is open: the next run may be of the same user, who may have one session at a time."""
        try:
            service.end(id_token.text)
        except (FunctionUnreachableError, SigningError, AppCheckError) as error:
            self._report.note(f"The last session was not ended, and is open until its lease ends: {error}")

    def _observations(self, service: Service, id_token: IdToken) -> Observations:
        return Observations(
            service, id_token, self._report, self.typed.timeout, self._identity_toolkit, self._gemini_key
        )

    def _caller(self) -> AbstractContextManager[IdToken]:
        if self._given:
            self._report.note("The caller is the user of ID_TOKEN")
            return nullcontext(self._given)
        claims = self.typed.claims
        if self._emulator:
            toolkit = self._identity_toolkit = IdentityToolkit.in_emulator(self._emulator)
            return temporary_user(toolkit, CustomTokenUser(toolkit, EmulatorSigner(), claims), self._report)
        account = self._google_account()
        api_key = self._environment.get("FIREBASE_API_KEY", "").strip() or web_api_key(account.api, self._project())
        self._report.hide(api_key)
        toolkit = self._identity_toolkit = IdentityToolkit.at_google(api_key)
        # A person cannot sign tokens, but can sign up. Claims need a signer.
        by_password = account.service_account is None and not claims
        new_user = PasswordUser(toolkit) if by_password else CustomTokenUser(toolkit, account.signer(), claims)
        return temporary_user(toolkit, new_user, self._report)

    def _app_check(self) -> AppCheckTokens:
        if self.typed.app_id is None:
            return GivenAppCheckToken(self._environment.get("APP_CHECK_TOKEN", "").strip() or None)
        return ExchangedAppCheckTokens(self._google_account().signer(), self._project(), self.typed.app_id)

    def _google_account(self) -> GoogleAccount:
        if self._account is None:
            self._account = GoogleAccount.find(self._named_project, self.typed.service_account)
        return self._account

    def _project(self) -> str:
        project = self._named_project or self._google_account().project
        if project is None:
            raise SignInError("The project is not known. Use --project, or set FIREBASE_PROJECT_ID.")
        return project


def _given_id_token(environment: Mapping[str, str], name: str) -> IdToken | None:
    text = environment.get(name, "").strip()
    try:
        return IdToken.read(text) if text else None
    except NoIdTokenError as error:
        raise UsageError(f"{name} is set, but is not an ID token.") from error


def _gemini_key(environment: Mapping[str, str]) -> GeminiKey | None:
    """Return the key for an open question; none of those fails a run."""
    try:
        return GeminiKey.read(environment.get(KEY_VARIABLE, ""))
    except NotAKeyError:
        return None


@contextmanager
def _limits(seconds: float) -> Iterator[None]:
    """Raise TimeIsUp in the block after that many seconds, and Terminated on SIGTERM, so that it can clean up."""

    def time_is_up(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TimeIsUp

    def terminated(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGALRM, time_is_up), signal.signal(signal.SIGTERM, terminated)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGTERM, before[1])


def _refuse_plain_http(url: str, emulator: str | None) -> None:
    if urlsplit(url).scheme == "http" and emulator is None and urlsplit(url).hostname not in _LOOPBACK:
        raise UsageError(
            "Plain http would expose the ID token. It is allowed for this machine and with FIREBASE_AUTH_EMULATOR_HOST."
        )


def add_arguments(parser: Parser) -> None:
    parser.description = (
        "Takes a live token from a deployed mint_live_token, holds a short session with it, and checks what must be "
        "refused."
    )
    parser.epilog = (
        "Credentials come from the environment: ID_TOKEN of a user of yours, APP_CHECK_TOKEN, FIREBASE_API_KEY, and "
        "FOREIGN_ID_TOKEN of a user of another project, which must be refused. Without ID_TOKEN, the test creates a "
        "user, in the emulator if FIREBASE_AUTH_EMULATOR_HOST is set. With GEMINI_API_KEY, one more open question is "
        "asked: whether Gemini takes an interaction with the profile's model."
    )
    parser.add_argument("url", type=_url, metavar="URL", help="URL of the function")
    parser.add_argument(
        "--profile", default=DEFAULT_PROFILE, metavar="NAME", help="profile of the tokens (default: %(default)s)"
    )
    parser.add_argument(
        "--project", type=project_id, metavar="ID", help="id of the Firebase project (default: FIREBASE_PROJECT_ID)"
    )
    parser.add_argument(
        "--service-account",
        metavar="EMAIL",
        help="service account that signs the user's custom token (default: you; a person signs up with a password)",
    )
    parser.add_argument("--claims", type=_claims, default={}, metavar="JSON", help="custom claims of the user")
    parser.add_argument("--app-id", metavar="ID", help="id of the Firebase app for App Check tokens")
    parser.add_argument(
        "--observations",
        action=BooleanOptionalAction,
        help="also observe undocumented behaviour of Gemini's tokens; takes 6 tokens more (default: only at Google)",
    )
    parser.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="time limit of one answer (default: 30)"
    )
    parser.add_argument(
        "--deadline",
        type=lambda text: _seconds(text, _LONGEST_RUN_OF_A_GIVEN_USER),
        default=_LONGEST_RUN,
        metavar="SECONDS",
        help=(
            f"time limit of the run (default: {_LONGEST_RUN:.0f}). More needs ID_TOKEN: a user that the test creates "
            f"can delete itself for five minutes"
        ),
    )
    parser.add_argument(
        "--leases",
        type=lambda text: _count(text, 2, _MOST_LEASES),
        metavar="COUNT",
        help=(
            "also hold one session over so many leases. It takes almost as long as all but the last of them, so name a "
            "profile with short ones: three of 60 s take two minutes"
        ),
    )
    parser.add_argument(
        "--mints",
        type=lambda text: _count(text, 1, _MOST_MINTS),
        metavar="COUNT",
        help="also take so many tokens in a row, and report how the function and Gemini answer; it never fails the run",
    )


def _url(text: str) -> str:
    try:
        url = urlsplit(text)
        well_formed = url.scheme in ("http", "https") and bool(url.hostname) and not url.username
    except ValueError:
        well_formed = False
    if not well_formed:
        raise ArgumentTypeError(f"{text!r} is not the URL of a function, such as https://….cloudfunctions.net/…")
    return text


def _claims(text: str) -> Mapping[str, object]:
    try:
        claims = json.loads(text)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise ArgumentTypeError(f'{text!r} is not a JSON object, such as \'{{"plan": "school"}}\'')
    return claims


def _seconds(text: str, longest: float = _LONGEST_RUN) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", text) or not 0 < float(text) <= longest:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds up to {longest:.0f}")
    return float(text)


def _count(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not least <= int(text) <= most:
        raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)
