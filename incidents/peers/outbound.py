"""Requests to peers and to receivers of webhooks: to the host that was named and nowhere else.

They are checked, limited, never led on.

The name is resolved once, every address it has is looked at, and the connection goes to an address
that was looked at while the certificate is checked for the name. Nothing follows a redirect, reads
a proxy out of the environment, or goes on for longer, or reads more, than it may.
"""

import base64
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cirt.errors import N_, DomainError, InvalidInputError
from cirt.incidents.peers.rules import origin_of
from cirt.settings import Settings
from cirt.stix.taxii_client import Answer

CONNECT_SECONDS: Final = 10.0
WHOLE_SECONDS: Final = 60.0
"""Longest time of one request with its answer; two of them fit into the lease of a job."""

_CHUNK: Final = 65_536
_ADDRESSES_TRIED: Final = 3

# where machines in clouds learn their own secrets: no list of networks opens these
_NEVER: Final = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fd00:ec2::254/128",
        "ff00::/8",
    )
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_SITE_LOCAL: Final = ipaddress.IPv6Network("fec0::/10")

FORBIDDEN: Final = N_(
    "%(host)s has the address %(address)s, to which no request goes from here. If it is in a network"
    " of your own, the operator names that network in CIRT_PEER_NETWORKS."
)
FORBIDDEN_AS_WRITTEN: Final = N_(
    "No request goes from here to %(address)s. If it is in a network of your own, the operator names"
    " that network in CIRT_PEER_NETWORKS."
)

Resolve = Callable[[str, int], Sequence[str]]


class NoAnswerError(DomainError):
    """No whole answer came from the other side, or it is not who it should be."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where requests may go. networks: of one's own. authorities: besides the system's."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    loopback: bool = False
    authorities: Path | None = None


def reach_of(settings: Settings) -> Reach:
    """Return where this installation's requests may go."""
    return Reach(settings.peer_networks, settings.peer_loopback, settings.peer_authorities)


def may_reach(text: str, reach: Reach) -> bool:
    """Return whether a request may go to an IP address, however it is spelled."""
    try:
        address = _unwrapped(ipaddress.ip_address(text))
    except ValueError:
        return False
    if any(address in network for network in _NEVER):
        return False
    if address.is_loopback:
        return reach.loopback
    if any(address in network for network in reach.networks):
        return True
    if isinstance(address, IPv6Address) and address in _SITE_LOCAL:
        return False
    return address.is_global and not address.is_reserved


def check_written(url: str, reach: Reach, field: str) -> None:
    """Raise InvalidInputError, naming the field, for an address that is never reached as written.

    What a name stands for is looked at when a request goes there.
    """
    host = urlsplit(url).hostname or ""
    address = "127.0.0.1" if host == "localhost" else host
    if _is_address(address) and not may_reach(address, reach):
        raise InvalidInputError(FORBIDDEN_AS_WRITTEN, field=field, address=address)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id:
        raise ValueError("an address of one wire")
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True)
class Line:
    """Requests to one origin, with its password; usable as `taxii_client.Ask`.

    origin: as `rules.origin_of` writes it. secret: a password, or a token if there is no user name.
    """

    origin: str
    reach: Reach
    username: str = ""
    secret: str = field(default="", repr=False)
    seconds: float = WHOLE_SECONDS
    resolve: Resolve = resolve

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer:
        """Send one request. Raises NoAnswerError."""
        if origin_of(url) != self.origin:
            raise NoAnswerError(N_("This password is for another host."))
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        context = _context(self.reach) if parts.scheme == "https" else None
        connection = _Pinned(host, port, self._addresses(host, port), context, self.seconds)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            sent = {**headers, **self._headers(host), "Accept-Encoding": "identity"}
            connection.request(method, target, body=body, headers=sent)
            with connection.getresponse() as response:
                answer = _read(response, most)
            if connection.is_late:  # a cut may look like the end of the answer
                raise TimeoutError
            return answer
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _sentence(error, host, connection.is_late, self.seconds) from error
        finally:
            connection.end()

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NoAnswerError(N_("No address is known for %(host)s."), host=host) from error
        # one that may not be reached is reason enough: nobody chooses among them
        for address in found:
            if not may_reach(address, self.reach):
                raise NoAnswerError(FORBIDDEN, host=host, address=address)
        if not found:
            raise NoAnswerError(N_("No address is known for %(host)s."), host=host)
        return list(found[:_ADDRESSES_TRIED])

    def _headers(self, host: str) -> dict[str, str]:
        given = {"User-Agent": "cirt"}
        if self.username:
            pair = f"{self.username}:{self.secret}".encode()
            given["Authorization"] = f"Basic {base64.b64encode(pair).decode('ascii')}"
        elif self.secret:
            given["Authorization"] = f"Bearer {self.secret}"
        return given


class _Pinned(http.client.HTTPConnection):
    """A connection to addresses that were looked at, cut off when its time is over."""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: Sequence[str],
        context: ssl.SSLContext | None,
        seconds: float,
    ) -> None:
        super().__init__(host, port, timeout=min(CONNECT_SECONDS, seconds))
        # the standard port is not named in the Host header
        self.default_port = 80 if context is None else 443  # as HTTPSConnection does
        self.is_late = False
        self._wire: socket.socket | None = None
        self._addresses = addresses
        self._context = context
        self._watch = threading.Timer(seconds, self._cut)
        self._watch.daemon = True

    def connect(self) -> None:
        """Connect, and check the certificate for the name."""
        self._watch.start()
        self.sock = self._wire = self._first()
        if self._context is not None:
            self.sock = self._wire = self._context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def _first(self) -> socket.socket:
        error: OSError = OSError("no address")
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as found:
                error = found
        raise error

    def _cut(self) -> None:
        self.is_late = True
        if self._wire is not None:
            with suppress(OSError):  # it may be closed already; the plain shutdown leaves TLS alone
                socket.socket.shutdown(self._wire, socket.SHUT_RDWR)

    def end(self) -> None:
        """Close, and stop the watch; `close` is called while an answer is still being read."""
        self._watch.cancel()
        self.close()


def _context(reach: Reach) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if reach.authorities is not None:
        context.load_verify_locations(cafile=str(reach.authorities))
    return context


def _read(response: http.client.HTTPResponse, most: int) -> Answer:
    """Return the whole answer; a part of one is none."""
    too_much = NoAnswerError(N_("The answer is longer than %(most)s bytes."), most=most)
    expected = response.length  # None when the answer does not say it
    if expected is not None and expected > most:
        raise too_much
    parts: list[bytes] = []
    size = 0
    while part := response.read(_CHUNK):
        size += len(part)
        if size > most:
            raise too_much
        parts.append(part)
    if expected is not None and size != expected:
        raise http.client.IncompleteRead(b"".join(parts))
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, b"".join(parts))


def _sentence(error: Exception, host: str, is_late: bool, seconds: float) -> NoAnswerError:
    if is_late or isinstance(error, TimeoutError):
        return NoAnswerError(
            N_("%(host)s gave no whole answer within %(seconds)s seconds."),
            host=host,
            seconds=int(seconds),
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return NoAnswerError(
            N_(
                "The certificate of %(host)s does not count here (%(reason)s). It was not asked for"
                " anything. Its operator renews it, or yours names its authority in"
                " CIRT_PEER_AUTHORITIES."
            ),
            host=host,
            reason=error.verify_message,
        )
    return NoAnswerError(
        N_("%(host)s gave no whole answer (%(reason)s)."), host=host, reason=_reason(error)
    )


def _reason(error: Any) -> str:
    text = getattr(error, "strerror", None) or type(error).__name__
    return "".join(one for one in str(text) if one.isprintable())[:200]
