"""The ledger of erasures: a file beside the database that says what must not come back.

A backup brings back what was erased after it was made; whoever restores one applies this file
again. It holds identifiers and digests, never content. Pure but for the file.
"""

import enum
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cirt import strictjson
from cirt.errors import InvalidInputError

FILE: Final = "erasures.jsonl"


class What(enum.StrEnum):
    """What was taken away."""

    ENTRY = "entry"  # one collection does not show a version any more
    BODY = "body"  # the bytes of a version, for everybody
    BUNDLE = "bundle"  # the frozen bytes of a release


@dataclass(frozen=True, slots=True)
class Line:
    """One erasure. act: which transaction it belongs to.

    id: row of the object version, or of the release. collection: of an entry, else "". stix: SHA-256
    of the object's id. sha256: of the bytes. cause: withdrawn, honoured, retention.
    """

    at: datetime
    act: str
    what: What
    id: uuid.UUID
    collection: str
    stix: str
    sha256: str
    cause: str

    def written(self) -> bytes:
        """Return the line as the file holds it."""
        values = {
            "at": self.at.isoformat(timespec="microseconds"),
            "act": self.act,
            "what": self.what.value,
            "id": str(self.id),
            "collection": self.collection,
            "stix": self.stix,
            "sha256": self.sha256,
            "cause": self.cause,
        }
        return json.dumps(values, sort_keys=True).encode() + b"\n"


def hashed(stix_id: str) -> str:
    """Return what the ledger says of an object's id."""
    return hashlib.sha256(stix_id.encode()).hexdigest()


class Ledger:
    """The ledger of one installation. Lines are only ever added."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE

    def note(self, lines: Iterable[Line]) -> None:
        """Add lines, on the disk before this returns."""
        self._add(b"".join(line.written() for line in lines))

    def undo(self, act: str) -> None:
        """Note that the transaction of an act did not come about."""
        self._add(json.dumps({"undone": act}).encode() + b"\n")

    def lines(self) -> list[Line]:
        """Return what was erased, oldest first, without what did not come about."""
        if not self.path.exists():
            return []
        return read_lines(self.path.read_bytes())

    def _add(self, content: bytes) -> None:
        if not content:
            return
        is_new = not self.path.exists()
        descriptor = os.open(
            self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600
        )
        try:
            size = os.fstat(descriptor).st_size
            if size:
                os.lseek(descriptor, size - 1, os.SEEK_SET)
                if os.read(descriptor, 1) != b"\n":
                    content = b"\n" + content  # a line that a power cut tore stays torn, alone
            while content:
                content = content[os.write(descriptor, content) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)


def read_lines(content: bytes) -> list[Line]:
    """Return the erasures that a ledger's text notes; a torn line is left out."""
    found: list[Line] = []
    undone: set[str] = set()
    for text in content.splitlines():
        try:
            values = strictjson.loads(text)
            if "undone" in values:
                undone.add(values["undone"])
                continue
            found.append(
                Line(
                    at=datetime.fromisoformat(values["at"]),
                    act=values["act"],
                    what=What(values["what"]),
                    id=uuid.UUID(values["id"]),
                    collection=values["collection"],
                    stix=values["stix"],
                    sha256=values["sha256"],
                    cause=values["cause"],
                )
            )
        except (InvalidInputError, ValueError, KeyError, TypeError):
            continue
    return [line for line in found if line.act not in undone]


def united(first: bytes, second: bytes) -> bytes:
    """Return a ledger's text with the lines of both, each once, in the order of first meeting."""
    lines: dict[bytes, None] = {}
    for line in [*first.splitlines(), *second.splitlines()]:
        if line:
            lines.setdefault(line)
    return b"".join(line + b"\n" for line in lines)


def of_version(lines: Sequence[Line]) -> dict[uuid.UUID, datetime]:
    """Return by row of object_version when its body was erased last."""
    found: dict[uuid.UUID, datetime] = {}
    for line in lines:
        if line.what is What.BODY:
            found[line.id] = max(line.at, found.get(line.id, line.at))
    return found


def _sync_folder(folder: Path) -> None:
    """Let the name of a new file survive a power cut, where the system knows how."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
