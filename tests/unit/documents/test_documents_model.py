"""cirt.documents.model and its JSON."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from cirt.documents.json_form import from_json, to_json
from cirt.documents.model import (
    Document,
    Heading,
    Paragraph,
    Span,
    Table,
    emphasise,
    ltr,
    plain,
)
from cirt.errors import InvalidInputError
from tests.unit.documents.samples import MOMENT, document, everything


def test_emphasis_and_values_become_spans():
    spans = emphasise("Reached **%(score)s of 5** in `a.b`, 100%%.", {"score": ltr("3")})
    assert spans == (
        Span("Reached "),
        Span("3", bold=True, ltr=True),
        Span(" of 5", bold=True),
        Span(" in "),
        Span("a.b", code=True, ltr=True),
        Span(", 100"),
        Span("%"),
        Span("."),
    )


def test_values_are_never_read_for_markers():
    (before, value) = emphasise("Said: %(text)s", {"text": "**not bold** %(text)s `x`"})
    assert value == Span("**not bold** %(text)s `x`")
    assert before == Span("Said: ")


@pytest.mark.parametrize("template", ["a ** b", "a `b", "%(missing)s", "50%", "**", ""])
def test_unfinished_markers_print_as_they_are(template):
    assert "".join(span.text for span in emphasise(template)) == template


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "//x.org", "https://", "https://a b", "x"]
)
def test_links_to_anything_but_the_web_are_refused(link):
    with pytest.raises(InvalidInputError):
        Span("x", link=link)


def test_wrong_shapes_are_refused():
    with pytest.raises(InvalidInputError):
        Heading(5, plain("x"))
    with pytest.raises(InvalidInputError):
        Table((), (plain("a"),), ((plain("1"), plain("2")),))
    with pytest.raises(InvalidInputError):
        Table((), (plain("a"),), (), (0.0,))
    with pytest.raises(InvalidInputError):
        document(language="not a tag")
    with pytest.raises(InvalidInputError):
        replace(document(), generated_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_time_is_kept_in_utc():
    local = MOMENT.astimezone(timezone(timedelta(hours=3)))
    assert to_json(replace(document(), generated_at=local)) == to_json(document())


def test_json_brings_every_block_back():
    original = everything()
    assert from_json(to_json(original)) == original
    assert isinstance(from_json(to_json(original).decode()), Document)


def test_json_survives_half_pairs_and_nul():
    back = from_json(to_json(document(Paragraph(plain("a\ud800b\0c")))))
    assert back.blocks == (Paragraph(plain("a\ufffdbc")),)


def _changed(path: list[str | int], value: object) -> bytes:
    data = json.loads(to_json(everything()))
    place = data
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["type"], "Span"),
        (["extra"], 1),
        (["title"], None),
        (["title"], 5),
        (["direction"], "up"),
        (["generated_at"], "yesterday"),
        (["blocks"], {}),
        (["blocks", 1, "type"], "Paragraph"),
        (["blocks", 1, "type"], "os.system"),
        (["blocks", 1, "level"], True),
        (["blocks", 1, "level"], 9),
        (["blocks", 1, "spans", 0, "bold"], 1),
        (["blocks", 1, "spans", 0, "link"], "file:///etc/passwd"),
        (["blocks", 8, "chart", "axes", 0, "value"], 99),
        (["blocks", 11, "widths", 0], "1"),
    ],
)
def test_json_of_any_other_shape_is_refused(path, value):
    with pytest.raises(InvalidInputError):
        from_json(_changed(path, value))
