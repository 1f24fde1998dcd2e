"""The client's side of TAXII 2.1: what is asked of a collection, and what counts as its answer.

It knows no network: whoever uses it brings `Ask`. Whatever is not the answer that the standard
names (status, media type, JSON, form) is refused whole; nothing is read out of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from cirt import strict_lists, strictjson
from cirt.errors import N_, DomainError
from cirt.stix.taxii_protocol import (
    MAX_CONTENT_LENGTH,
    MEDIA_TYPE,
    envelope,
    is_taxii,
    read_timestamp,
)

PAGE: Final = 500
"""Objects asked for at a time; a server may give fewer."""

MAX_OBJECTS: Final = 10_000
MAX_CURSOR: Final = 2_000
MAX_STATUS: Final = 2_000_000

# one long text is for the check of each object to refuse; it must not hold back a whole page
PAGE_LIMITS: Final = strictjson.Limits(max_bytes=MAX_CONTENT_LENGTH, max_string=MAX_CONTENT_LENGTH)
STATUS_LIMITS: Final = strictjson.Limits(max_bytes=MAX_STATUS, max_depth=8)

LAST: Final = "x-taxii-date-added-last"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent. headers: by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Ask(Protocol):
    """Sends one request and returns the whole answer, of at most so many bytes."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Answer:
        """Raise DomainError when no whole answer came."""


class PeerAnswerError(DomainError):
    """The other side did not answer as TAXII 2.1 says. params["status"]: the status it gave."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of objects in the order in which they were added.

    next: where the following one begins, "" if the server names no place. added_last: the date of
    the last object as the server wrote it, "" if it did not.
    """

    objects: Sequence[Any]
    more: bool
    next: str
    added_last: str


@dataclass(frozen=True, slots=True)
class Status:
    """What became of objects that were sent. failures: id -> the server's sentence."""

    successes: frozenset[str]
    failures: Mapping[str, str] = field(default_factory=dict)


def get_page(ask: Ask, collection_url: str, *, added_after: str = "", cursor: str = "") -> Page:
    """Return the next page of a collection, every version of its objects (sections 3.4, 5.4).

    collection_url: with its slash at the end. Raises PeerAnswerError, DomainError from `ask`.
    """
    query = {"limit": str(PAGE), "match[version]": "all"}
    if added_after:
        query["added_after"] = added_after
    if cursor:
        query["next"] = cursor
    url = f"{collection_url}objects/?{urlencode(query)}"
    answer = ask("GET", url, {"Accept": MEDIA_TYPE}, None, MAX_CONTENT_LENGTH)
    found = _resource(answer, 200, _page_read)
    objects, more, following = found.get("objects", []), found.get("more", False), found.get("next")
    if not isinstance(objects, list) or not isinstance(more, bool):
        raise PeerAnswerError(N_("The answer is no TAXII envelope."), status=answer.status)
    if len(objects) > MAX_OBJECTS:
        raise PeerAnswerError(
            N_("The answer holds %(count)s objects; at most %(most)s are read at a time."),
            status=answer.status,
            count=len(objects),
            most=MAX_OBJECTS,
        )
    if following is not None and not _is_cursor(following):
        raise PeerAnswerError(N_("The answer is no TAXII envelope."), status=answer.status)
    last = answer.headers.get(LAST, "")
    page = Page(
        objects=objects,
        more=more,
        next=following or "" if more else "",
        added_last=last if read_timestamp(last) is not None else "",
    )
    if more and (page.next or page.added_last) in ("", cursor or added_after):
        raise PeerAnswerError(
            N_("The peer says that more follows, and does not say where it begins."),
            status=answer.status,
        )
    return page


def post_objects(ask: Ask, collection_url: str, bodies: Sequence[bytes]) -> Status:
    """Send objects into a collection and return what became of each (section 5.5)."""
    headers = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
    body = envelope(bodies, next_page=None)
    answer = ask("POST", f"{collection_url}objects/", headers, body, MAX_STATUS)
    found = _resource(answer, 202, _status_read)
    return Status(
        successes=frozenset(one["id"] for one in _details(found, "successes")),
        failures={
            one["id"]: str(one.get("message", ""))[:500] for one in _details(found, "failures")
        },
    )


def _page_read(body: bytes) -> Any:
    return strict_lists.loads(body, PAGE_LIMITS, "objects", MAX_OBJECTS)


def _status_read(body: bytes) -> Any:
    return strictjson.loads(body, STATUS_LIMITS)


def _resource(answer: Answer, wanted: int, read: Callable[[bytes], Any]) -> dict[str, Any]:
    """Return the JSON object of an answer; every other answer is refused."""
    if answer.status == 401:
        raise PeerAnswerError(
            N_("The peer does not take this user name and password (status %(status)s)."),
            status=answer.status,
        )
    if answer.status != wanted:
        raise PeerAnswerError(
            N_("The peer answered with status %(status)s instead of %(wanted)s."),
            status=answer.status,
            wanted=wanted,
        )
    if not is_taxii(answer.headers.get("content-type")):
        raise PeerAnswerError(
            N_("The peer's answer is not TAXII 2.1: its media type is “%(type)s”."),
            status=answer.status,
            type=answer.headers.get("content-type", "")[:100],
        )
    if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise PeerAnswerError(
            N_("The peer's answer is compressed, which nobody asked for."), status=answer.status
        )
    found = read(answer.body)
    if not isinstance(found, dict):
        raise PeerAnswerError(N_("The answer is no TAXII envelope."), status=answer.status)
    return found


def _is_cursor(following: Any) -> bool:
    return isinstance(following, str) and 0 < len(following) <= MAX_CURSOR


def _details(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    details = found.get(name, [])
    if not isinstance(details, list):
        return []
    return [one for one in details if isinstance(one, dict) and isinstance(one.get("id"), str)]
