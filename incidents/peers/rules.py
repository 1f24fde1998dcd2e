"""What holds for peers: how their addresses are written, how often they are asked, whose objects."""

import uuid
from datetime import timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cirt.errors import N_, InvalidInputError

MIN_MINUTES: Final = 5
MAX_MINUTES: Final = 7 * 24 * 60
LONGEST_PAUSE: Final = timedelta(hours=6)
MAX_URL: Final = 500

_NAMESPACE: Final = uuid.UUID("3c0d0f3e-6b0a-5d1c-9f59-6a4b8f1a2c77")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")

ADDRESS: Final = N_(
    "Write the address of the collection as its operator gives it: https://, the host, the path"
    " that ends with the collection's identifier; nothing after it."
)
NOT_HTTPS: Final = N_(
    "The address must begin with https://, so that nobody on the way reads along."
)
OTHER_ORIGIN: Final = N_(
    "Receipts go to the same host and port as the collection: the password is for that host alone."
)


def owner_of(peer_id: uuid.UUID, remote_administration_id: uuid.UUID | None) -> uuid.UUID:
    """Return in whose name the store keeps what a peer gives out.

    An administration that it speaks for; else nobody but this peer, so that it changes nothing
    that came another way.
    """
    return remote_administration_id or uuid.uuid5(_NAMESPACE, str(peer_id))


def read_url(text: str, *, field: str, loopback: bool) -> str:
    """Return the address of a collection in one spelling, with a slash at its end.

    loopback: whether http is allowed to this machine. Raises InvalidInputError, naming the field.
    """
    parts = split_url(text, field=field, loopback=loopback, sentence=ADDRESS)
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    path = path.removesuffix("objects/")  # some give the address of the objects
    return parts._replace(path=path).geturl()


def split_url(
    text: str, *, field: str, loopback: bool, sentence: str, query: bool = False
) -> SplitResult:
    """Return the parts of an address to which requests are sent, in one spelling.

    sentence: how to write it. query: whether it may have one. Raises InvalidInputError.
    """
    text = text.strip()
    wrong = InvalidInputError(sentence, field=field)
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
    except ValueError as error:  # UnicodeError is one
        raise wrong from error
    plain = text.isprintable() and " " not in text and "\\" not in text and "%" not in host
    extra = parts.fragment or parts.username is not None or "@" in parts.netloc
    if (parts.query and not query) or not parts.query.isascii():
        raise wrong
    if not plain or not host or extra or len(text) > MAX_URL or port == 0:
        raise wrong
    if parts.scheme != "https" and not (loopback and parts.scheme == "http" and host in _LOOPBACK):
        raise InvalidInputError(NOT_HTTPS, field=field)
    if not parts.path.isascii() or ".." in parts.path.split("/"):
        raise wrong
    shown = f"[{host}]" if ":" in host else host
    standard = {"https": 443, "http": 80}[parts.scheme]
    netloc = shown if port in (None, standard) else f"{shown}:{port}"
    return SplitResult(parts.scheme, netloc, parts.path, parts.query, "")


def origin_of(url: str) -> str:
    """Return scheme, host and port of an address: whom a password is for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def pause(minutes: int, failures: int, draw: float) -> timedelta:
    """Return how long to wait: twice as long after each failure, up to six hours, never in step.

    failures: one after the other, 0 after a success. draw: 0 to 1, so that many installations do
    not return to a peer at the same moment.
    """
    usual = timedelta(minutes=minutes)
    if failures == 0:
        return usual
    longer = min(usual * 2 ** min(failures - 1, 12), max(LONGEST_PAUSE, usual))
    return longer * (0.5 + draw / 2)
