"""The quick way through data files says exactly what the strict reader says, or nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt import datafiles
from cirt.datafiles import DataList, DataMap, data_path
from cirt.datalines import read_plain
from cirt.errors import DataFileError

SOURCE = Path("some.yml")


def quick(text: str) -> Any:
    return read_plain(
        text,
        lambda line: DataMap(SOURCE, line),
        lambda line: DataList(SOURCE, line),
        datafiles._plain,
    )


def strict(text: str) -> Any:
    return datafiles._Builder(SOURCE).build(text)


def with_lines(value: Any) -> Any:
    """The value with its types and the line of everything in it."""
    if isinstance(value, DataMap):
        inner = {key: (value.lines[key], with_lines(one)) for key, one in value.items()}
        return ("map", value.line, list(inner.items()), dict(value.lines))
    if isinstance(value, DataList):
        return ("list", value.line, [with_lines(one) for one in value], dict(value.lines))
    return (type(value), value)


@pytest.mark.parametrize("path", sorted(data_path().rglob("*.yml")), ids=lambda path: path.name)
def test_data_files_of_the_product_read_alike_both_ways(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = quick(text)
    if found is not None:
        assert with_lines(found) == with_lines(strict(text))


def test_large_files_of_the_product_take_the_quick_way() -> None:
    large = list(data_path("instruments").rglob("*.yml"))
    assert large
    for path in large:
        assert quick(path.read_text(encoding="utf-8")) is not None, path


WORDS = st.sampled_from(
    [
        "a",
        "b",
        "D1-Q1",
        "true",
        "null",
        "no",
        "1",
        "1.5",
        "01",
        "1e3",
        "0x1F",
        "_",
        "x.y",
        "a=1",
        "~",
    ]
)
QUOTED = st.sampled_from(
    ['""', '"a: b"', '"# no comment"', r'"say \"so\""', r'"two\nlines"', r'"\\"', '"نص"', '" a "']
) | st.sampled_from(
    [r'"\t"', r'"\x41"', "'a'", "'it''s'", '"open', "&a b", "*a", "!!str a", "|", ">-", "@", "%a"]
)
FLOWS = st.recursive(
    WORDS | WORDS | QUOTED,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(WORDS, inner), max_size=3).map(
            lambda rows: "{" + ", ".join(f"{key}: {value}" for key, value in rows) + "}"
        ),
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["a", "b", "c", "D1-Q1.text", "x_y", '"0"', '"1"', '"e f"', "no", "true"])
TAILS = st.sampled_from(["", "", "", "", " # a comment", "  # why", " "])
PLAIN = WORDS | st.sampled_from(
    ['""', '"a: b"', '"# no"', r'"say \"so\""', '"نص"', "a b", "a, b c"]
)


@st.composite
def blocks(draw: st.DrawFn, indent: int = 0, depth: int = 0) -> list[str]:
    """The lines of a plainly written mapping, now and then with something unusual in it."""
    lines = []
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=draw(st.integers(0, 9)) > 0))
    for key in keys:
        pad = " " * indent
        if draw(st.integers(0, 5)) == 0:
            lines.append(draw(st.sampled_from(["", "# head", pad + "  # inside"])))
        kind = draw(st.integers(0, 5 if depth < 3 else 2))
        tail = draw(TAILS)
        if kind <= 1:
            lines.append(f"{pad}{key}: {draw(PLAIN)}{tail}")
        elif kind == 2:
            lines.append(f"{pad}{key}: {draw(FLOWS)}{tail}")
        elif kind == 3:
            lines.append(f"{pad}{key}:{tail}")
            if draw(st.booleans()):
                lines += draw(blocks(indent + draw(st.sampled_from([2, 2, 4, 1])), depth + 1))
        else:
            lines.append(f"{pad}{key}:{tail}")
            inner = indent + draw(st.sampled_from([2, 2, 4]))
            for _ in range(draw(st.integers(1, 3))):
                if kind == 4:
                    lines.append(" " * inner + "- " + draw(PLAIN | FLOWS))
                else:
                    rows = draw(blocks(inner + 2, depth + 1))
                    first = next(
                        n for n, row in enumerate(rows) if row.strip()[:1] not in ("", "#")
                    )
                    rows[first] = rows[first][:inner] + "- " + rows[first][inner + 2 :]
                    lines += rows
    return lines


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A mapping, whole or with a few characters or lines changed."""
    text = "\n".join(draw(blocks()))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        place = draw(st.integers(0, len(text)))
        new = draw(
            st.sampled_from([*list(" -:#[]{},\"'\n&*!|>a1\t\\"), "  ", "- ", ": ", "\n  ", ""])
        )
        text = text[:place] + new + text[place + draw(st.sampled_from([0, 0, 1])) :]
    return text


TEXTS = texts()


@given(TEXTS)
@settings(max_examples=1500, deadline=None)
def test_quick_way_says_what_the_strict_reader_says_or_nothing(text: str) -> None:
    found = quick(text)
    if found is not None:
        assert with_lines(found) == with_lines(strict(text))


@given(st.text(alphabet="ab:-#[]{},\"' \n\\&*!|>%@`?~01.\t\r\x85\u2028", max_size=30))
@settings(max_examples=3000, deadline=None)
def test_any_text_is_read_alike_or_left_to_the_strict_reader(text: str) -> None:
    found = quick(text)
    if found is not None:
        assert with_lines(found) == with_lines(strict(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2",
        "a: {b: 1, b: 2}",
        "a: &x 1",
        "a: *x",
        "a: !!str 1",
        "a: 'b'",
        "a: |\n  b",
        "a:\n- b",
        "a: b\n  c",
        "1: a",
        "true: a",
        "a: \t1",
        "a: 1\n---\nb: 2",
        "a: [b\n]",
        "a: '",
    ],
)
def test_what_is_not_plain_is_left_to_the_strict_reader(text: str) -> None:
    assert quick(text) is None


def test_error_in_a_plain_file_still_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "some.yml"
    path.write_text('a: "b"\nc:\n  d: "e"\n  d: "f"\n')
    with pytest.raises(DataFileError) as refusal:
        datafiles.read_yaml(path)
    assert refusal.value.line == 4


def test_plain_forms_are_read_quickly() -> None:
    text = (
        '# head\na: "b" # why\nc:\n  - {d: "e", f: [g, 1]}\n  - id: x\n    n: 2\n\n'
        "    none:\nwords: Rev. Kigali, 2022\nempty: []\n"
    )
    assert quick(text) == {
        "a": "b",
        "c": [{"d": "e", "f": ["g", 1]}, {"id": "x", "n": 2, "none": None}],
        "words": "Rev. Kigali, 2022",
        "empty": [],
    }
