"""Read the folder of a MISP feed from a ZIP file: which files in it are events. Pure.

Limits hold before and while a file is unpacked, and no name in the archive ever becomes a path.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from cirt import strictjson
from cirt.errors import N_, DomainError, InvalidInputError, TooLargeError

MAX_FILES: Final = 1_002  # a thousand events, manifest and digests
MAX_EVENT: Final = 20_000_000
MAX_UNPACKED: Final = 100_000_000
MAX_RATIO: Final = 100
SMALL: Final = 64_000
"""A file below this may be packed as tightly as it likes."""

BEGINNINGS: Final = (b"PK\x03\x04",)
_NAME: Final = re.compile(
    r"(?:\w[\w .-]{0,99}/)?(?P<uuid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json", re.ASCII
)
_BESIDE: Final = re.compile(r"(?:\w[\w .-]{0,99}/)?(?P<name>manifest\.json|hashes\.csv)", re.ASCII)

_NO_FOLDER = N_(
    "This is not the folder of a MISP feed: a ZIP file with manifest.json and one "
    "<UUID>.json for each event."
)
_PROTECTED = N_("The ZIP file is protected with a password. Save it without one.")
_TOO_MANY = N_("The ZIP file holds %(count)s files; at most %(limit)s are read. Split it.")
_TOO_LARGE = N_("Unpacked, it is larger than %(megabytes)s megabytes; it was not read.")
_TOO_TIGHT = N_("It is packed more tightly than any event is; it was not unpacked.")
_BROKEN = N_("It cannot be unpacked; the ZIP file is damaged there.")
_OTHER_NAME = N_("It is no part of a MISP feed; the name of an event is its UUID.")
_TWICE = N_("The name stands twice in the ZIP file; the first was taken.")
_ABSENT = N_("The manifest names this event, and the folder does not hold it.")


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of the folder that was not taken, and why."""

    name: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folder:
    """The event files of a feed by UUID, in the order of their names, and what was not taken."""

    events: Mapping[UUID, bytes]
    refused: tuple[Refused, ...]


def is_folder(data: bytes) -> bool:
    """Whether an upload is a ZIP file."""
    return data.startswith(BEGINNINGS)


def read_folder(data: bytes) -> Folder:
    """Return the event files of a feed.

    Raises InvalidInputError or TooLargeError when nothing of the whole can be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zipfile.LargeZipFile) as error:
        raise InvalidInputError(_NO_FOLDER, field="file") from error


def _read(archive: zipfile.ZipFile) -> Folder:
    parts = [part for part in archive.infolist() if not part.is_dir()]
    if len(parts) > MAX_FILES:
        raise TooLargeError(_TOO_MANY, count=len(parts), limit=MAX_FILES, field="file")
    if any(part.flag_bits & 1 for part in parts):
        raise InvalidInputError(_PROTECTED, field="file")
    events: dict[UUID, bytes] = {}
    refused: list[Refused] = []
    listed: frozenset[str] = frozenset()
    room, is_feed = MAX_UNPACKED, False
    for part in sorted(parts, key=lambda each: each.filename):
        # in the form in which it is shown: whatever it says, nothing is written under it
        shown = "".join(c if c.isprintable() else "?" for c in part.filename)[:200]
        event = _NAME.fullmatch(part.filename)
        beside = _BESIDE.fullmatch(part.filename)
        if event is None and beside is None:
            refused.append(Refused(shown, _OTHER_NAME))
            continue
        is_feed = True
        if beside is not None and beside["name"] == "hashes.csv":
            continue  # made from the events, so it says nothing more
        try:
            if event is not None and UUID(event["uuid"]) in events:
                raise InvalidInputError(_TWICE)
            body = _unpacked(archive, part, room)
            room -= len(body)
            if event is not None:
                events[UUID(event["uuid"])] = body
            else:
                listed = _listed(body)
        except DomainError as error:
            refused.append(Refused(shown, error.message, dict(error.params)))
    if not is_feed:
        raise InvalidInputError(_NO_FOLDER, field="file")
    held = {str(key) for key in events} | {one.name.rsplit("/", 1)[-1][:-5] for one in refused}
    refused += [Refused(f"{key[:100]}.json", _ABSENT) for key in sorted(listed - held)[:MAX_FILES]]
    return Folder(events, tuple(refused))


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> bytes:
    """Return the content of a file; what its header says of its size is not believed."""
    limit = min(MAX_EVENT, room)
    if part.file_size > SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1):
        raise TooLargeError(_TOO_TIGHT)
    if part.file_size > limit:
        raise TooLargeError(_TOO_LARGE, megabytes=limit // 1_000_000)
    try:
        with archive.open(part) as stream:
            body = stream.read(limit + 1)
    except MemoryError:
        raise
    except Exception as error:  # zipfile, zlib, lzma and bz2 each have errors of their own
        raise InvalidInputError(_BROKEN) from error
    if len(body) > limit:
        raise TooLargeError(_TOO_LARGE, megabytes=limit // 1_000_000)
    return body


def _listed(body: bytes) -> frozenset[str]:
    found = strictjson.loads(body)
    if not isinstance(found, dict):
        raise InvalidInputError(_NO_FOLDER)
    return frozenset(found)
