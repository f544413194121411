"""Google's host names, answered on this machine: any program that honours a proxy and a CA bundle is led here."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme
from starlette.types import ASGIApp

from gemini_live_stand_in.serving import serve
from support.google_hosts.tls_proxy import TlsProxy
from support.google_hosts.upstream import Upstream


@dataclass(frozen=True, slots=True)
class GoogleHosts:
    """Servers that are running, and the proxy that leads to them.

    Attributes:
        proxy: leads to them, and nowhere else.
        upstreams: host name → what answers for it.
        bundle: PEM file with the certificate authority that certified them.
        environment: environment variables that lead a process here, and make it trust what it finds.
    """

    proxy: TlsProxy
    upstreams: Mapping[str, Upstream]
    bundle: Path
    environment: Mapping[str, str]


@contextmanager
def run_google_hosts(folder: Path, apps: Mapping[str, ASGIApp]) -> Iterator[GoogleHosts]:
    """Serve all of it until the end of the `with` block.

    Args:
        folder: takes the certificate of their authority.
        apps: host name → what answers for it.
    """
    authority = trustme.CA()
    bundle = folder / "ca.pem"
    authority.cert_pem.write_to_path(bundle)
    proxy = TlsProxy(authority)
    upstreams = {host: Upstream(host, app) for host, app in apps.items()}
    with ExitStack() as stack:
        for upstream in upstreams.values():
            proxy.route(upstream.host, stack.enter_context(serve(upstream)))
        address = stack.enter_context(proxy.running())
        environment = {
            "HTTPS_PROXY": f"http://{address}",
            "NO_PROXY": "127.0.0.1,localhost",
            "REQUESTS_CA_BUNDLE": str(bundle),
            "SSL_CERT_FILE": str(bundle),
        }
        yield GoogleHosts(proxy, upstreams, bundle, environment)
