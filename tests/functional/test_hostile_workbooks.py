"""Workbooks that would cost much, run something, or lead elsewhere: refused before they are read."""

import io
import time
import zipfile
from collections.abc import Callable

import pytest

from cirt.sheets import NewSheet, write_sheets
from tests.functional.assessment_steps import page, started
from tests.functional.attack_steps import Attacker, digest

Change = Callable[[str, bytes], tuple[str, bytes]]

SHEET = "xl/worksheets/sheet1.xml"
ODD = "xl/worksheets/sheet1.dat"  # a sheet is what the workbook calls one, whatever its name
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'


def altered(change: Change, *more: tuple[str, bytes]) -> bytes:
    """A plain workbook with its parts changed; more: (name, content) of other parts."""
    plain = write_sheets([NewSheet("Answers", [["a", "b"], ["1", "2"]], [10, 10])], title="x")
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(plain)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            new.writestr(*change(part.filename, old.read(part)))
        for name, content in more:
            new.writestr(name, content)
    return out.getvalue()


def as_it_was(name: str, body: bytes) -> tuple[str, bytes]:
    return name, body


def in_the_sheet(old: bytes, new: bytes) -> Change:
    """Replace something in the sheet."""
    return lambda name, body: (name, body.replace(old, new) if name == SHEET else body)


def behind(extra: bytes) -> Change:
    """Put something behind the cells of the sheet."""
    return in_the_sheet(b"</sheetData>", b"</sheetData>" + extra)


def merged(ref: bytes) -> Change:
    return behind(b"<mergeCells><mergeCell " + ref + b"/></mergeCells>")


def renamed(change: Callable[[bytes], bytes]) -> Change:
    """The sheet as a part that is not called XML, with its content changed."""
    return lambda name, body: (
        (ODD, change(body)) if name == SHEET else (name, body.replace(b"sheet1.xml", b"sheet1.dat"))
    )


LINK = b'<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'
HOSTILE: dict[str, Callable[[], bytes]] = {
    "merged": lambda: altered(merged(b'ref="A1:XFD1048576"')),
    "merged, other quotes": lambda: altered(merged(b"x='>' ref='A1:XFD1048576'")),
    "merged, escaped": lambda: altered(merged(b'ref="&#65;1:XFD1048576"')),
    "merged columns": lambda: altered(merged(b'ref="A:XFD"')),
    "linked": lambda: altered(behind(LINK)),
    "empty cells": lambda: altered(
        in_the_sheet(b"<sheetData>", b"<sheetData><row>" + b"<c/>" * 300_000 + b"</row>")
    ),
    "document type": lambda: altered(renamed(lambda b: LAUGHS + b.split(b"?>", 1)[-1])),
    "encoding": lambda: altered(renamed(lambda b: b.decode().encode("utf-16"))),
    "bomb": lambda: altered(as_it_was, ("xl/bomb.xml", b"<a>" + b" " * 70_000_000)),
    "external": lambda: altered(as_it_was, ("xl/externalLinks/externalLink1.xml", b"<a/>")),
    "macros": lambda: altered(as_it_was, ("xl/vbaProject.bin", b"x")),
    "twice": lambda: altered(as_it_was, ("../../evil.xml", b"<a/>"), ("XL/Workbook.xml", b"<a/>")),
    "torn": lambda: b"PK\x03\x04" + b"\x00" * 1000,
    "old": lambda: b"\xd0\xcf\x11\xe0" + b"\x00" * 1000,
}


TOO_MUCH = "unpacks to more than is read"
SAID = {
    "merged": TOO_MUCH, "merged, other quotes": TOO_MUCH, "linked": TOO_MUCH,
    "empty cells": TOO_MUCH, "bomb": TOO_MUCH, "document type": "not written by a spreadsheet",
    "encoding": "not written by a spreadsheet", "external": "linked to another file",
    "macros": "holds macros", "old": "protected by a password",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbook_is_refused_quickly(browser, cast, database, name):
    assessment_id = started(database, cast)
    farid, data, before = Attacker(browser("farid")), HOSTILE[name](), digest(database)
    begun = time.monotonic()
    answer = farid.post(
        f"/assessments/{assessment_id}/workbook", {"file": (io.BytesIO(data), "answers.xlsx")}
    )
    answer.request.environ["wsgi.input"].close()
    assert answer.status_code == 422
    assert SAID.get(name, "spreadsheet program") in page(answer)
    assert time.monotonic() - begun < 6  # 8 to 13 seconds and 700 MB before ranges were counted
    assert digest(database) == before
