"""Every file of the public data behaves as its manifest says, by the product's own doors.

`shared_data.csv`: path; door (stix: the inbox's intake, misp: the import of events, empty: nothing
that these doors are for); expectation (imports; imports-unreleasable: kept, and what of it may not
be passed on; refused; not-ours); how many objects or attributes are kept and lost; why lost, or what
the file is instead (word*number); why what is kept stays (word*number).
"""

import csv
import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from cirt.accounts import directory
from cirt.clock import now
from cirt.db import Database
from cirt.errors import DomainError, ForbiddenError
from cirt.incidents.exits import Exit, require_exit
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import import_events
from cirt.stix.validation import check_object
from tests.conftest import ROOT
from tests.exchange.shared_walk import (
    Outcome,
    bytes_of,
    compare,
    take_in_misp,
    take_in_stix,
    word_for,
)

MANIFEST: Final = ROOT / "tests" / "exchange" / "shared_data.csv"
SEED: Final = 20261122
Row = Mapping[str, str]


def _manifest() -> dict[str, Row]:
    with MANIFEST.open(encoding="utf-8", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


ROWS: Final = _manifest()


def test_every_file_of_the_data_stands_in_the_manifest(real_data: Path) -> None:
    there = {str(one.relative_to(real_data)) for one in real_data.rglob("*") if one.is_file()}
    there.discard("MANIFEST.md")
    known = ROWS.keys() - {"MANIFEST.md"}
    assert sorted(there ^ known) == []


def _walk(database: Database, folder: Path, paths: list[str]) -> dict[str, Outcome]:
    with database.writing() as session:
        owner = directory.add_administration(session, None, code="XA", names={"en": "A"}).id
    found: dict[str, Outcome] = {}
    for start in range(0, len(paths), 40):
        part = paths[start : start + 40]
        with database.writing() as session:
            for path in part:
                found[path] = take_in_stix(session, owner, folder / path, path)
        with database.reading() as session:
            for path in part:
                compare(session, folder / path, found[path])
    return found


def _differences(found: Mapping[str, Outcome]) -> Iterator[str]:
    for path, outcome in found.items():
        row = ROWS[path]
        told = (outcome.expectation, str(outcome.kept), str(outcome.lost))
        said = (row["expectation"], row["kept"], row["lost"])
        words = (_counted(outcome.why), _counted(outcome.stays))
        if told != said or words != (row["why"], row["stays"]) or outcome.faults:
            yield f"{path}: {told} {words}, not {said}; {outcome.faults[:3]}"


def _counted(words: Mapping[str, int]) -> str:
    return " ".join(f"{word}*{number}" for word, number in sorted(words.items()))


def _paths(door: str) -> list[str]:
    return [path for path, row in ROWS.items() if row["door"] == door]


@pytest.fixture(scope="module")
def stix_walk(
    real_data: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    """All of it, once, on SQLite."""
    path = tmp_path_factory.mktemp("shared") / "cirt.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    found = _walk(database, real_data, _paths("stix"))
    database.dispose()
    return found


def test_every_stix_file_is_kept_or_refused_as_the_manifest_says_T53(
    stix_walk: Mapping[str, Outcome],
) -> None:
    """T-53: in = kept + refused, by place; what is kept is what the file holds, as strict or stricter."""
    assert list(_differences(stix_walk)) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgresql
def test_a_sample_of_the_files_fares_alike_on_the_other_database(
    database_url: str, real_data: Path
) -> None:
    database = Database(database_url)
    paths = random.Random(SEED).sample(_paths("stix"), 60)
    assert list(_differences(_walk(database, real_data, paths))) == []
    database.dispose()


def test_every_misp_file_is_taken_over_or_refused_as_the_manifest_says_T53(real_data: Path) -> None:
    """T-53: attributes in = carried + lost, each place once."""
    paths = _paths("misp")
    assert list(_differences(take_in_misp({path: real_data / path for path in paths}))) == []


def test_a_misp_file_by_itself_fares_as_together_with_others(real_data: Path) -> None:
    """T-50: a sample by the very function that the import job calls."""
    chosen = random.Random(SEED).sample(_paths("misp"), 4)
    for path in chosen:
        row = ROWS[path]
        try:
            events = import_events(bytes_of(real_data / path))
        except DomainError:
            assert row["expectation"] == "refused", path
        else:
            assert row["expectation"] != "refused", path
            assert sum(len(one.carried) for one in events) == int(row["kept"])
            assert sum(len(one.lost_attributes) for one in events) == int(row["lost"])


# the cases of the published validator

EXPECTED: Final[Mapping[str, set[str]]] = {
    r"not a valid timestamp|does not match the timestamp format": {"time", "schema"},
    r"must be later than": {"order"},
    r"Pattern failed": {"pattern"},
    r"RFC 5646": {"language"},
    r"CVE": {"cve", "schema"},
    r"id format|_refs' must refer|does not match '\^marking-definition": {"reference", "schema"},
    r"object_refs\[": {"reference", "schema"},
    r"TLP marking definitions must match|marking definitions must use": {"other-marking", "schema"},
    r"'id' and 'type' properties": {"bundle-id"},
    r"must be a valid property name|valid property name": {"property", "schema"},
    r"IANA registered character set": {"property"},
    r"Expecting value": {"json"},
    r"the 'type' field format": {"id", "schema"},
    r"objects: ": {"property"},
    r"": {"schema", "id"},
}
"""What the published validator says of a broken case, and the words for it here; the first that fits."""

OTHERWISE: Final[Mapping[str, set[str]]] = {
    # "foo" is a well-formed tag, and the registry of 8,000 languages is not here; what is found
    # instead is that its author is no identity
    "must/indicator/invalid-lang.json": {"reference"},
}


def _cases(folder: Path) -> list[dict[str, object]]:
    cases: list[dict[str, object]] = json.loads(
        (folder / "stix/validator-cases/index.json").read_text(encoding="utf-8")
    )
    return cases


def _all_reasons(outcome: Outcome) -> set[str]:
    return {
        word_for(str(problem))
        for one in outcome.sent
        for problem in check_object(one, now=now())
        if problem.severity == "error"
    }


def test_what_breaks_a_must_is_refused_for_the_reason_given_there(
    stix_walk: Mapping[str, Outcome], real_data: Path
) -> None:
    """STIX 2.1: every case at the level "must", and malformed text."""
    cases = [one for one in _cases(real_data) if one["level"] in ("must", "malformed")]
    assert len(cases) > 80
    wrong = []
    for case in cases:
        name, errors = str(case["file"]), case["errors"]
        assert isinstance(errors, list)
        outcome = stix_walk[f"stix/validator-cases/{name}"]
        words = {
            word
            for error in errors or [""]
            for word in next(found for says, found in EXPECTED.items() if re.search(says, error))
        }
        # the door names the first reason, a check names all
        said = set(outcome.why) | _all_reasons(outcome)
        if outcome.kept or not said & OTHERWISE.get(name, words):
            wrong.append(f"{name}: {sorted(said)} for {sorted(words)}")
    assert wrong == []


def test_what_is_valid_comes_in_unless_its_author_is_no_identity(
    stix_walk: Mapping[str, Outcome], real_data: Path
) -> None:
    """STIX 2.1, section 3.2: some of the published cases name a "source" as author, or a short id."""
    out = set()
    for case in _cases(real_data):
        name = f"stix/validator-cases/{case['file']}"
        if case["level"] in ("valid", "should") and not stix_walk[name].kept:
            out.add((name, tuple(stix_walk[name].why)))
    refused_for = {why for _name, why in out}
    assert refused_for <= {("reference",), ("other-marking",), ("no-bundle",)}
    text = {name: (real_data / name).read_text(encoding="utf-8") for name, why in out}
    assert all(
        '"created_by_ref": "source--' in text[name]
        or '"src_ref": "ipv4-addr--e42c19c8' in text[name]
        for name, why in out
        if why == ("reference",)
    )


@pytest.mark.parametrize("way", [Exit.COLLECTION, Exit.STIX_FILE, Exit.MISP_FEED, Exit.DETECTION])
def test_what_stays_because_of_its_marking_takes_no_exit(way: Exit) -> None:
    """TLP-2.0: RED and what nobody can read; the walk counts them, the exits refuse them."""
    held = {word.split("*")[0] for row in ROWS.values() for word in row["stays"].split()}
    assert {"tlp-red", "unknown-marking", "unmarked"} <= held
    for tlp in (TLP.RED, None):
        with pytest.raises(ForbiddenError):
            require_exit(tlp, way)
