"""The strict YAML loader: what it refuses, and that it names the line."""

from pathlib import Path

import pytest

from cirt.datafiles import DataMap, data_path, line_of, read_map, read_yaml
from cirt.errors import DataFileError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("a:\n  b: 1\n  b: 2\n", 3),
        ("a: &one 1\n", 1),
        ("a: 1\nb: *one\n", 2),
        ("a: 1\nb: !!str 2\n", 2),
        ("a: !thing {}\n", 1),
        ("a: 1\n2: b\n", 2),
        ("true: b\n", 1),
        ("~: b\n", 1),
        ("? [a]\n: b\n", 1),
        ("? {a: b}\n: c\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\n  b: 2\n", 2),
        ("a: [1, 2\n", 2),
        (b"a: 1\nb: \xff\n", 2),
        ("[" * 40 + "]" * 40, 1),
        ("<<: {a: 1}\na: 1\nb: *c\n", 3),
    ],
)
def test_ambiguous_or_wrong_yaml_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, line: int
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DataFileError) as refusal:
        read_yaml(path)
    assert refusal.value.line == line
    assert str(refusal.value).startswith(f"{path}:{line}: ")


def test_file_over_two_megabytes_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a: " + "x" * 2_000_000)
    with pytest.raises(DataFileError, match="2000000"):
        read_yaml(path)


def test_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"none\.yml"):
        read_yaml(tmp_path / "none.yml")


def test_control_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError):
        read_yaml(write(tmp_path, "a: \x01\n"))


def test_scalars_follow_the_core_schema_and_dates_stay_text(tmp_path: Path) -> None:
    """YAML 1.2.2, section 10.3; no "Norway problem", no times, no octal numbers."""
    text = (
        "country: no\nday: 2026-11-22\nversion: 1.0.0\ncount: 12\nshare: 0.5\nyes_: true\n"
        'none:\nquoted: "12"\noctal: 0o17\nclock: 12:30:45\nlong: ' + "9" * 40 + "\n"
    )
    assert read_yaml(write(tmp_path, text)) == {
        "country": "no",
        "day": "2026-11-22",
        "version": "1.0.0",
        "count": 12,
        "share": 0.5,
        "yes_": True,
        "none": None,
        "quoted": "12",
        "octal": "0o17",
        "clock": "12:30:45",
        "long": "9" * 40,
    }


def test_merge_key_is_an_ordinary_key(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, "a: 1\n<<: {a: 2}\n")) == {"a": 1, "<<": {"a": 2}}


def test_lines_of_keys_and_entries_are_known(tmp_path: Path) -> None:
    data = read_yaml(write(tmp_path, "# a comment\na:\n  b: 1\n\n  c:\n    - x\n    - y\n"))
    assert line_of(data, "a") == 2
    assert line_of(data["a"], "c") == 5
    assert line_of(data["a"]["c"], 1) == 7
    assert line_of(data["a"], "absent") == data["a"].line


def test_empty_file_is_none_and_is_no_mapping(tmp_path: Path) -> None:
    path = write(tmp_path, "# nothing\n")
    assert read_yaml(path) is None
    with pytest.raises(DataFileError):
        read_map(path)


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert read_yaml(write(tmp_path, b"\xef\xbb\xbfa: 1\n")) == {"a": 1}


@pytest.fixture
def row(tmp_path: Path) -> DataMap:
    return read_map(
        write(tmp_path, "text: t\nnumber: 3\nflag: false\nlist: [a, 1]\nmap: {}\nblank: ' '\n")
    )


def test_typed_access_returns_what_is_there(row: DataMap) -> None:
    assert row.text("text") == "t"
    assert row.integer("number", 0, 3) == 3
    assert row.boolean("flag") is False
    assert row.optional_text("absent") is None
    assert row.texts("absent") == ()


@pytest.mark.parametrize(
    "read",
    [
        lambda row: row.text("absent"),
        lambda row: row.text("number"),
        lambda row: row.text("blank"),
        lambda row: row.integer("number", 0, 2),
        lambda row: row.integer("flag", 0, 2),
        lambda row: row.boolean("number"),
        lambda row: row.texts("list"),
        lambda row: row.texts("text"),
        lambda row: row.section("text"),
        lambda row: list(row.sections("list")),
        lambda row: list(row.sections("absent")),
        lambda row: row.only(["text"]),
    ],
)
def test_typed_access_refuses_the_wrong_kind(row: DataMap, read: object) -> None:
    assert callable(read)
    with pytest.raises(DataFileError):
        read(row)


def test_data_path_leads_to_the_installed_data() -> None:
    assert data_path("taxonomies", "rsit.yml").is_file()
    assert data_path().is_dir()
    assert not data_path("absent", "file.yml").exists()


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a\\b", "/etc", "c:", "a\0b"])
def test_data_path_does_not_leave_the_data_folder(part: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        data_path("taxonomies", part)


def test_every_data_file_of_the_product_is_readable() -> None:
    files = sorted(data_path().rglob("*.yml"))
    assert len(files) >= 8
    for file in files:
        read_yaml(file)
