"""The command line: `python -m gemini_live_stand_in --port 8090`."""

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn

from gemini_live_stand_in.app import create_app
from gemini_live_stand_in.control import is_loopback
from gemini_live_stand_in.journal import LOGGER
from gemini_live_stand_in.scenario_file import load_scenario
from gemini_live_stand_in.stand_in import DEFAULT_MODELS, GeminiStandIn, StandInConfig
from gemini_live_stand_in.wire import WireProtocol

KEYS_VARIABLE = "GEMINI_STAND_IN_API_KEYS"

_EXAMPLES = f"""examples:
  {KEYS_VARIABLE}=local-gemini-key python -m gemini_live_stand_in --port 8090
  python -m gemini_live_stand_in --port 8090 --api-key local-gemini-key --pace 0
  python -m gemini_live_stand_in --port 8443 --api-key local-gemini-key --tls-cert cert.pem --tls-key key.pem

The official Python SDK speaks wss only and so needs TLS; JavaScript SDKs work with plain ws."""


class _AnnouncingServer(uvicorn.Server):
    """Says on standard output when it is ready, in one line."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        secure = "s" if self.config.is_ssl else ""
        sys.stdout.write(f"Gemini stand-in ready at http{secure}://{host}:{port} (ws{secure} as well)\n")
        sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m gemini_live_stand_in",
        description="A local stand-in for the Gemini Developer API: auth tokens and the Live WebSocket.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="0 takes any free port")
    parser.add_argument("--host", default="127.0.0.1", help="default: %(default)s")
    parser.add_argument(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help=f"a key to accept; repeatable. To keep keys off the command line: {KEYS_VARIABLE}=key1,key2",
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
        default=60.0,
        help="goAway so long before the limit; default: %(default)s",
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
    parser.add_argument("--tls-cert", type=Path, help="PEM certificate; with --tls-key, serve https and wss")
    parser.add_argument("--tls-key", type=Path, help="PEM key")
    return parser


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run until interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    listed = environ.get(KEYS_VARIABLE, "").split(",")
    keys = frozenset(options.api_key) | {key.strip() for key in listed if key.strip()}
    if not keys:
        parser.error(f"no API key: give --api-key or set {KEYS_VARIABLE}")
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key belong together")
    if options.control and not is_loopback(options.host):
        parser.error(f"--control is for this machine only, so it cannot go together with --host {options.host}")
    try:
        scenario = load_scenario(options.scenario) if options.scenario else None
        config = StandInConfig(
            api_keys=keys,
            leaked_keys=frozenset(options.leaked_key),
            models=DEFAULT_MODELS | frozenset(options.model),
            connection_seconds=options.connection_seconds,
            go_away_seconds=options.go_away_seconds,
            pace=options.pace,
            model_turns=options.model_turns,
        )
    except ValueError as error:
        parser.error(str(error))
    LOGGER.setLevel(logging.INFO)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    server = _AnnouncingServer(
        uvicorn.Config(
            create_app(GeminiStandIn(config, scenario=scenario), control=options.control),
            host=options.host,
            port=options.port,
            ssl_certfile=options.tls_cert,
            ssl_keyfile=options.tls_key,
            ws=WireProtocol,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            lifespan="off",
            # uvicorn's own lines would show the query string, and with it the token.
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(server.serve())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
