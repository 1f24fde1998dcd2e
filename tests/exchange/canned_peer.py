"""A peer that answers what a test tells it to, over http or https on loopback."""

import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TAXII = "application/taxii+json;version=2.1"
LAST = "X-TAXII-Date-Added-Last"

Send = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the script of its server."""

    def do_GET(self) -> None:
        """Answer by the script."""
        self.server.log.append((self.path, dict(self.headers.items())))  # type: ignore[attr-defined]
        self.server.script(self)  # type: ignore[attr-defined]

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def answer(self, body: Any, *, status: int = 200, type_: str = TAXII, **headers: str) -> None:
        """Send one whole answer: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", type_)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


@dataclass
class CannedPeer:
    """Its address, and the requests that it got."""

    url: str
    log: list[tuple[str, dict[str, str]]] = field(default_factory=list)


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """The client hangs up where it should; that is no news."""


@contextmanager
def answering(script: Send, context: ssl.SSLContext | None = None) -> Iterator[CannedPeer]:
    """Serve the script on loopback."""
    server = _Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scheme = "http"
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        scheme = "https"
    peer = CannedPeer(f"{scheme}://127.0.0.1:{server.server_port}/api/collections/c/")
    server.script, server.log = script, peer.log  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(
    folder: Path, *, host: str = "127.0.0.1", days: int = 30, issuer: str = "self"
) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS with a fresh certificate, and the file of the authority that made it.

    issuer: "self" for a self-signed one, "authority" for an authority of the test's own. days: how
    long it is still valid, negative for one that has expired.
    """
    at = datetime.now(UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    own_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test peer")])

    def made(
        name: x509.Name, by: x509.Name, key: Any, signer: Any, *, ca: bool, until: int
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=60))
            .not_valid_after(at + timedelta(days=until))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca or issuer == "self":
            names = [_name(host)]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256())

    if issuer == "self":
        own = made(own_name, own_name, own_key, own_key, ca=False, until=days)
        authority = made(
            authority_name, authority_name, authority_key, authority_key, ca=True, until=30
        )
    else:
        own = made(own_name, authority_name, own_key, authority_key, ca=False, until=days)
        authority = made(
            authority_name, authority_name, authority_key, authority_key, ca=True, until=30
        )
    pem = serialization.Encoding.PEM
    chain, trusted = folder / "peer.pem", folder / "authority.pem"
    chain.write_bytes(
        own_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + own.public_bytes(pem)
    )
    trusted.write_bytes(authority.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, trusted


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
