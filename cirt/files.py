"""Attachments: content under a random name, with hash, size, type and marking.

No column holds a path, and the name a person gave is only ever shown or sent as a header.
"""

import hashlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from cirt import audit, jobs
from cirt.access import Actor
from cirt.clock import now
from cirt.db import Base, Database, after_commit, new_id
from cirt.errors import (
    N_,
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)

MAX_NAME = 200
SAMPLE_BYTES = 8192

# type -> (file endings, how such content begins); content decides, the ending must agree
Types = Mapping[str, tuple[tuple[str, ...], tuple[bytes, ...]]]
TYPES: Types = {
    "application/pdf": ((".pdf",), (b"%PDF-",)),
    "image/png": ((".png",), (b"\x89PNG\r\n\x1a\n",)),
    "image/jpeg": ((".jpg", ".jpeg"), (b"\xff\xd8\xff",)),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        (".docx",),
        (b"PK\x03\x04",),
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (
        (".xlsx",),
        (b"PK\x03\x04",),
    ),
    "application/vnd.oasis.opendocument.text": ((".odt",), (b"PK\x03\x04",)),
    "application/vnd.oasis.opendocument.spreadsheet": ((".ods",), (b"PK\x03\x04",)),
    "text/plain": ((".txt", ".md"), ()),
    "text/csv": ((".csv",), ()),
    "application/json": ((".json",), ()),
}
ENDINGS = tuple(ending for endings, _ in TYPES.values() for ending in endings)


class StoredFile(Base):
    """An attachment. `tlp` is its own marking; whoever may see its parent may see it."""

    __tablename__ = "stored_file"

    id: Mapped[uuid.UUID] = new_id()
    administration_id: Mapped[uuid.UUID] = mapped_column(
        sa.ForeignKey("administration.id"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    tlp: Mapped[str] = mapped_column(sa.String(16))
    added_by: Mapped[uuid.UUID | None]
    added_at: Mapped[datetime] = mapped_column(default=now)


@dataclass(frozen=True)
class FileStore:
    """The folder of attachments and its size limit in bytes."""

    folder: Path
    max_bytes: int

    def path_of(self, file_id: uuid.UUID) -> Path:
        """Return where the content of a file lies."""
        return self.folder / file_id.hex[:2] / file_id.hex


def clean_name(name: str) -> str:
    """Return a name that is safe to show: no folders, no control or direction characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(
        character
        for character in last
        if character.isprintable()
        and character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ).strip()
    stem, dot, ending = kept.rpartition(".")
    room = MAX_NAME - len(ending) - 1
    return f"{stem[:room]}{dot}{ending}" if dot and len(ending) < 12 else kept[:MAX_NAME]


def media_type_of(name: str, head: bytes, types: Types = TYPES) -> str:
    """Return the type of a file whose name and first bytes agree.

    types: those that are accepted. Raises UnsupportedError for another one, InvalidInputError for
    a name that says something else than the content.
    """
    ending = Path(name).suffix.lower()
    for media_type, (endings, beginnings) in types.items():
        if ending in endings:
            fits = head.startswith(beginnings) if beginnings else _is_text(head)
            if not fits:
                raise InvalidInputError(
                    N_(
                        "The file is named %(ending)s, and its content is something else. Save it again in that format."
                    ),
                    field="file",
                    ending=ending,
                )
            return media_type
    raise UnsupportedError(
        N_("Files of this kind are not accepted. Accepted: %(endings)s."),
        field="file",
        endings=" ".join(sorted(ending for endings, _ in types.values() for ending in endings)),
    )


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # a letter of up to four bytes may be cut by the end of a full sample
        return len(head) == SAMPLE_BYTES and error.start > SAMPLE_BYTES - 4
    return True


def keep_file(
    session: Session,
    store: FileStore,
    actor: Actor,
    stream: IO[bytes],
    *,
    name: str,
    tlp: str,
    types: Types = TYPES,
) -> StoredFile:
    """Store an upload and return its row; the content is on the disk before the row is committed.

    types: those that are accepted. Raises InvalidInputError, UnsupportedError or TooLargeError; nothing is kept then.
    """
    name = clean_name(name)
    if not name:
        raise InvalidInputError(N_("Choose a file."), field="file")
    head = stream.read(SAMPLE_BYTES)
    if not head:
        raise InvalidInputError(N_("The file is empty. Choose another."), field="file")
    media_type = media_type_of(name, head, types)
    row = StoredFile(
        id=uuid.uuid4(),
        administration_id=actor.administration_id,
        name=name,
        media_type=media_type,
        tlp=tlp,
        added_by=actor.user_id,
    )
    row.size, row.sha256 = _write(store, store.path_of(row.id), head, stream)
    session.add(row)
    session.flush()
    audit.record(session, actor, "file.add", row, sha256=row.sha256, size=row.size)
    return row


def _write(store: FileStore, path: Path, head: bytes, stream: IO[bytes]) -> tuple[int, str]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size, chunk = hashlib.sha256(), 0, head
    partial = path.with_suffix(".part")
    try:
        with partial.open("xb") as file:
            while chunk:
                size += len(chunk)
                if size > store.max_bytes:
                    raise TooLargeError(
                        N_("This file is larger than %(most)s MB. Send a smaller one."),
                        field="file",
                        most=store.max_bytes // (1024 * 1024),
                    )
                digest.update(chunk)
                file.write(chunk)
                chunk = stream.read(1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _keep_name(path.parent)
    finally:
        partial.unlink(missing_ok=True)
    return size, digest.hexdigest()


def _keep_name(folder: Path) -> None:
    """Write the folder's entry to the disk too, so that a power cut does not leave a row alone."""
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def content_of(store: FileStore, row: StoredFile) -> Path:
    """Return the path of a file's content. Raises NotFoundError when it was erased."""
    path = store.path_of(row.id)
    if not path.is_file():
        raise NotFoundError
    return path


@dataclass(frozen=True)
class Upload:
    """What was uploaded for a job to work on."""

    administration_id: uuid.UUID
    name: str
    sha256: str
    data: bytes


def read_upload(database: Database, store: FileStore, file_id: uuid.UUID) -> Upload:
    """Return an upload. Raises InvalidInputError when it is not there any more."""
    with database.reading() as session:
        row = session.get(StoredFile, file_id)
        try:
            data = content_of(store, row).read_bytes() if row else None
        except NotFoundError:
            data = None
        if row is None or data is None:
            raise InvalidInputError(N_("The uploaded file was removed already; upload it again."))
        return Upload(row.administration_id, row.name, row.sha256, data)


@contextmanager
def erased_when_unfit(database: Database, store: FileStore, file_id: uuid.UUID) -> Iterator[None]:
    """Erase an upload when reading it raises a DomainError: what cannot be used is not kept."""
    try:
        yield
    except DomainError:
        with database.writing() as session:
            erase_upload(session, store, file_id)
        raise


def erase_upload(session: Session, store: FileStore, file_id: uuid.UUID) -> None:
    """Erase an upload and its content with this transaction: what was taken over is elsewhere."""
    row = session.get(StoredFile, file_id)
    if row is None:
        return
    path = store.path_of(file_id)
    audit.record(
        session, None, "file.erase", row, chain_id=row.administration_id, sha256=row.sha256
    )
    session.delete(row)
    after_commit(session, lambda: path.unlink(missing_ok=True))


def forget_upload(session: Session, task: jobs.Task) -> None:
    """Erase the upload of a job that was cancelled."""
    erase_upload(session, task.services.files, uuid.UUID(task.payload["file_id"]))


# A rolled-back request leaves its content behind; it is removed when no request can still keep it.
SWEPT_AFTER = timedelta(days=1)
_CONTENT_NAME = re.compile(r"([0-9a-f]{32})(\.part)?")
_FEW = 20
_BATCH = 500


@jobs.handles("files.sweep", name=N_("Removing files that belong to nothing"), daily=True)
def _sweep(task: jobs.Task) -> jobs.Effect:
    removed = sweep(task.services.database, task.services.files)

    def effect(_session: Session) -> dict[str, Any]:
        return {"removed": removed}

    return effect


def sweep(database: Database, store: FileStore) -> int:
    """Remove content without a row that is older than a day, and return how many files that were.

    Raises ConflictError, and removes nothing, when most content has no row: then folder and
    database do not belong together.
    """
    before = (now() - SWEPT_AFTER).timestamp()
    everything = list(_contents(store))
    old = [one for one in everything if one[1].stat().st_mtime < before]
    known = _known(database, [file_id for file_id, _path in old])
    orphans = [path for file_id, path in old if path.suffix or file_id not in known]
    if len(orphans) > max(_FEW, len(everything) // 2):
        raise ConflictError(
            N_(
                "%(orphans)s of %(files)s files belong to nothing in this database. Nothing was removed:"
                " check that CIRT_DATA_DIR and CIRT_DATABASE_URL belong together."
            ),
            orphans=len(orphans),
            files=len(everything),
        )
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _contents(store: FileStore) -> Iterator[tuple[uuid.UUID, Path]]:
    for path in sorted(store.folder.glob("[0-9a-f][0-9a-f]/*")):
        match = _CONTENT_NAME.fullmatch(path.name)
        if match and path.parent.name == match[1][:2] and path.is_file() and not path.is_symlink():
            yield uuid.UUID(match[1]), path


def _known(database: Database, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    with database.reading() as session:
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            found.update(session.scalars(sa.select(StoredFile.id).where(StoredFile.id.in_(part))))
    return found
