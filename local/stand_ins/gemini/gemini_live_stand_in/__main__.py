"""The command line: `gemini-live-stand-in`, or `python -m gemini_live_stand_in`."""

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import uvicorn

from gemini_live_stand_in.app import create_app
from gemini_live_stand_in.certificates import LOOPBACK, Certificate, TlsUnavailableError, make_certificate
from gemini_live_stand_in.control import is_loopback
from gemini_live_stand_in.endpoints import Endpoints
from gemini_live_stand_in.journal import LOGGER
from gemini_live_stand_in.scenario_file import load_scenario
from gemini_live_stand_in.stand_in import DEFAULT_MODELS, GeminiStandIn, StandInConfig
from gemini_live_stand_in.wire import WireProtocol

KEYS_VARIABLE = "GEMINI_STAND_IN_API_KEYS"

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # what listens there is reached as localhost

_EXAMPLES = f"""examples:
  gemini-live-stand-in --pace 0
  {KEYS_VARIABLE}=local-gemini-key gemini-live-stand-in --port 8090
  gemini-live-stand-in --port 8443 --tls

When it is ready, it prints one line of JSON on standard output: url, liveUrl, constrainedUrl, authTokensUrl,
controlUrl, apiKey, certificate. Its log is on standard error. SIGTERM or Ctrl-C ends it with exit code 0.

The official Python SDK speaks wss only and so needs TLS; JavaScript SDKs work with plain ws."""


class _AnnouncingServer(uvicorn.Server):
    """Says on standard output when it is ready, in one line of JSON."""

    def __init__(self, config: uvicorn.Config, endpoints: Endpoints) -> None:
        super().__init__(config)
        self._endpoints = endpoints

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        sys.stdout.write(f"{replace(self._endpoints, url=f'{self._endpoints.url}:{port}').ready_line()}\n")
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gemini-live-stand-in",
        description="A local stand-in for the Gemini Developer API: auth tokens and the Live WebSocket.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help=f"a key to accept; repeatable. To keep keys off the command line: {KEYS_VARIABLE}=key1,key2. Default: a "
        "key made up at the start",
    )
    parser.add_argument("--leaked-key", action="append", default=[], metavar="KEY", help="refuse as leaked; repeatable")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME",
        help=f"another model that exists; repeatable. Built in: {', '.join(sorted(DEFAULT_MODELS))}",
    )
    parser.add_argument(
        "--connection-seconds",
        type=float,
        default=600.0,
        help="age limit of a connection; default: %(default)s",
    )
    parser.add_argument(
        "--go-away-seconds",
        type=float,
        help="goAway so long before the limit; default: 60, or half of a shorter limit",
    )
    parser.add_argument(
        "--pace", type=float, default=1.0, help="1 speaks in real time, 0 does not wait; default: %(default)s"
    )
    parser.add_argument(
        "--model-turns",
        type=int,
        metavar="N",
        help="model turns per prompt, on models with an interactionStatus; default: as the model does",
    )
    parser.add_argument(
        "--scenario",
        metavar="FILE_OR_NAME",
        help="what the first connections and mint requests do: a TOML file, or the name of one of those in scenarios/",
    )
    parser.add_argument(
        "--control",
        action="store_true",
        help="serve /control to this machine: scenarios and the journal over HTTP; not with a public --host",
    )
    parser.add_argument(
        "--tls",
        action="store_true",
        help="serve https and wss, with a certificate made at the start for localhost, loopback and --host",
    )
    parser.add_argument("--tls-folder", type=Path, help="with --tls: put the certificate there and leave it there")
    parser.add_argument("--tls-cert", type=Path, help="PEM certificate of your own; with --tls-key, instead of --tls")
    parser.add_argument("--tls-key", type=Path, help="PEM key")
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input ends: with the program that started it",
    )
    parser.add_argument("--version", action="version", version=_version())
    return parser


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run until interrupted or terminated, and return 0."""
    parser = _parser()
    options = parser.parse_args(arguments)
    listed = environ.get(KEYS_VARIABLE, "").split(",")
    keys = [*options.api_key, *(key.strip() for key in listed if key.strip())] or [secrets.token_urlsafe(16)]
    _refuse_contradictions(parser, options)
    try:
        scenario = load_scenario(options.scenario) if options.scenario else None
        config = StandInConfig(
            api_keys=frozenset(keys),
            leaked_keys=frozenset(options.leaked_key),
            models=DEFAULT_MODELS | frozenset(options.model),
            connection_seconds=options.connection_seconds,
            go_away_seconds=_go_away_seconds(options),
            pace=options.pace,
            model_turns=options.model_turns,
        )
    except ValueError as error:
        parser.error(str(error))
    LOGGER.setLevel(logging.INFO)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    # uvicorn raises the signal again when it has stopped. With its default handler, SIGTERM would then end the process
    # before the certificate is removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory(prefix="gemini-live-stand-in-") as made:
        try:
            certificate = _certificate(options, Path(made))
        except TlsUnavailableError as error:
            parser.error(str(error))
        endpoints = Endpoints(
            f"http{'s' if certificate else ''}://{_in_url(options.host)}",
            keys[0],
            certificate.authority if certificate else None,
            has_control=options.control,
        )
        _serve(GeminiStandIn(config, scenario=scenario), options, endpoints, certificate)
    return 0


def _refuse_contradictions(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key belong together")
    if options.tls and options.tls_cert:
        parser.error("--tls makes a certificate, --tls-cert names one: give one of the two")
    if options.tls_folder and not options.tls:
        parser.error("--tls-folder needs --tls")
    if options.control and not is_loopback(options.host):
        parser.error(f"--control is for this machine only, so it cannot go together with --host {options.host}")


def _serve(
    stand_in: GeminiStandIn, options: argparse.Namespace, endpoints: Endpoints, certificate: Certificate | None
) -> None:
    server = _AnnouncingServer(
        uvicorn.Config(
            create_app(stand_in, control=options.control),
            host=options.host,
            port=options.port,
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
            ws=WireProtocol,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            lifespan="off",
            # uvicorn's own lines would show the query string, and with it the token.
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        ),
        endpoints,
    )
    asyncio.run(server.serve())


def _certificate(options: argparse.Namespace, folder: Path) -> Certificate | None:
    if options.tls_cert:
        return Certificate(options.tls_cert.absolute(), options.tls_cert, options.tls_key, fingerprint="")
    if options.tls:
        return make_certificate((options.tls_folder or folder).absolute(), [*LOOPBACK, options.host])
    return None


def _go_away_seconds(options: argparse.Namespace) -> float:
    given: float | None = options.go_away_seconds
    return min(60.0, options.connection_seconds / 2) if given is None else given


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _in_url(host: str) -> str:
    if host in _EVERYWHERE:
        return LOOPBACK[0]
    return f"[{host}]" if ":" in host else host


def _version() -> str:
    try:
        return metadata.version("gemini-live-stand-in")
    except metadata.PackageNotFoundError:
        return "not installed, run from its source"


def run() -> None:
    """Be the console command."""
    sys.exit(main(sys.argv[1:], os.environ))


if __name__ == "__main__":
    run()
