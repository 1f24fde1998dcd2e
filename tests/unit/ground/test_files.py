"""Attachments: what is accepted, what is refused, and that nothing refused is kept."""

import io
import uuid

import pytest
import sqlalchemy as sa

from cirt import files
from cirt.db import Database
from cirt.errors import DomainError, InvalidInputError, TooLargeError, UnsupportedError
from cirt.files import FileStore, StoredFile
from cirt.web import Installation
from tests.conftest import Cast


def _keep(database: Database, store: FileStore, cast: Cast, name: str, content: bytes) -> uuid.UUID:
    with database.writing() as session:
        row = files.keep_file(
            session, store, cast.actors["nadia"], io.BytesIO(content), name=name, tlp="amber+strict"
        )
        return row.id


def test_file_is_kept_with_hash_and_type(
    database: Database, installation: Installation, cast: Cast
) -> None:
    content = b"%PDF-1.7\n" + b"x" * 20_000
    file_id = _keep(database, installation.files, cast, "تقرير.pdf", content)
    with database.reading() as session:
        row = session.get_one(StoredFile, file_id)
    assert (row.name, row.media_type, row.size) == ("تقرير.pdf", "application/pdf", len(content))
    assert files.content_of(installation.files, row).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("report.pdf", b"MZ\x90\x00", InvalidInputError),  # a program that says it is a document
        ("picture.png", b"%PDF-1.7", InvalidInputError),
        ("notes.txt", b"a\x00b", InvalidInputError),
        ("notes.txt", b"\xff\xfe\xfa", InvalidInputError),
        ("page.html", b"<script>", UnsupportedError),
        ("drawing.svg", b"<svg>", UnsupportedError),
        ("noending", b"text", UnsupportedError),
        ("empty.txt", b"", InvalidInputError),
        ("", b"text", InvalidInputError),
        ("big.txt", b"x" * 2_000_000, TooLargeError),
    ],
)
def test_lying_and_oversized_uploads_are_refused_and_leave_nothing(
    database: Database,
    installation: Installation,
    cast: Cast,
    name: str,
    content: bytes,
    error: type[DomainError],
) -> None:
    store = FileStore(installation.files.folder, 1_000_000)
    with pytest.raises(error):
        _keep(database, store, cast, name, content)
    with database.reading() as session:
        assert session.scalars(sa.select(StoredFile)).all() == []
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\a.pdf", "a.pdf"),
        ("invoice\u202egpj.pdf", "invoicegpj.pdf"),
        ("a\nb.txt", "ab.txt"),
    ],
)
def test_names_are_only_names_T36(given: str, shown: str) -> None:
    """T-36: no path of a stored file comes from outside."""
    assert files.clean_name(given) == shown
