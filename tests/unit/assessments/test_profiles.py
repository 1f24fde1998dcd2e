"""Profile files: the shipped ones, those of the installation, and what is refused where."""

from pathlib import Path

import pytest

from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.places import use_data_folder
from cirt.assessments.instruments.profiles import (
    problem_of,
    problem_with,
    profile_faults,
    profile_for,
    profile_or_problem,
    profiles,
    profiles_for,
    read_profile,
)
from cirt.assessments.instruments.references import reference_models
from cirt.datafiles import data_path
from cirt.errors import DataFileError, NotFoundError
from tests.unit.assessments.generated import instrument_with, question

SHELLS = {
    "enisa-basic",
    "enisa-intermediate",
    "enisa-advanced",
    "ti-certification",
    "first-membership",
}
INSTRUMENT = load_instrument("cirt-readiness", "1.0.0")

GOOD = """\
id: test-target
version: 1.0.0
name: {en: "Target", ar: "هدف"}
owner: "Somebody"
citation: "example.org"
verified: false
description: {en: "What is aimed at."}
instrument: cirt-readiness
instrument_version: 1.0.0
minimums:
  - question: D1-Q1
    level: 3
    reason: {en: "Partners ask for it."}
  - {question: D1-Q2, level: null, reason: null}
"""


@pytest.fixture
def data_folder(tmp_path: Path):
    """A data folder with an empty folder of profiles, in use during the test."""
    (tmp_path / "profiles").mkdir()
    use_data_folder(tmp_path)
    yield tmp_path / "profiles"
    use_data_folder(None)


def written(folder: Path, text: str = GOOD, name: str = "test-target.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_profile_can_be_read_and_fits_where_its_instrument_is_installed():
    assert profile_faults() == ()
    for profile in profiles():
        problem = problem_of(profile)
        assert problem is None or isinstance(problem, NotFoundError), str(problem)
        for sentence in (profile.name, profile.description):
            assert sentence.in_language("ar").translated


def test_profiles_of_other_bodies_are_named_shells_of_all_45_parameters():
    shells = [profile for profile in profiles() if profile.instrument_id == "sim3"]
    assert {profile.id for profile in shells} == SHELLS
    for profile in shells:
        assert tuple(m.question_id for m in profile.minimums) == tuple(
            reference_models()["sim3"].items
        )
        assert profile.targets == {} and not profile.complete and not profile.verified
        assert profile.citation and "2.4" not in profile.citation


def test_good_file_says_what_it_holds(tmp_path):
    profile = read_profile(written(tmp_path))
    assert profile.targets == {"D1-Q1": 3}
    assert not profile.complete
    assert profile.minimum("D1-Q1").reason.english == "Partners ask for it."
    assert profile.minimum("D1-Q2").level is None and profile.minimum("D9-Q9") is None
    assert problem_with(profile, INSTRUMENT) is None


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("level: 3\n", "level: 5\n", 12, "D1-Q1: a minimum is a whole number from 1 to 4"),
        ("level: 3\n", "level: 0\n", 12, "Leave the question out"),
        ("level: 3\n", "level: true\n", 12, "D1-Q1"),
        ("    level: 3\n", "", 11, "D1-Q1: give the level"),
        ('    reason: {en: "Partners ask for it."}\n', "", 11, "D1-Q1: give a reason"),
        ("null, reason: null", 'null, reason: {en: "x"}', 14, "D1-Q2: give a reason"),
        ("question: D1-Q2", "question: D1-Q1", 14, "D1-Q1 has two minimums"),
        ("id: test-target", "id: other-target", 1, "differs from the name"),
        ("id: test-target", "id: Test", 1, "lower-case"),
        ("version: 1.0.0\nname", "version: 1\nname", 2, "version must be"),
        ("verified: false", "verified: true", 1, "verified_by goes with"),
        ("verified: false", "verified: false\nverified_on: 2026-01-01", 7, "verified_on goes with"),
        ("owner:", "ownr:", 4, "unknown here"),
        ("minimums:\n", "minimums: []\nx:\n", 11, "unknown here"),
        ("en: \"Target\", ", "", 3, "needs its English"),
    ],
)  # fmt: skip
def test_faulty_file_is_refused_with_line_and_question(tmp_path, old, new, line, sentence):
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(DataFileError) as found:
        read_profile(path)
    assert sentence in str(found.value)
    assert (found.value.path, found.value.line) == (path, line)


def test_unknown_question_and_level_above_the_top_are_refused_with_their_line(tmp_path):
    path = written(tmp_path, GOOD.replace("D1-Q2", "D99-Q1"))
    problem = problem_with(read_profile(path), INSTRUMENT)
    assert isinstance(problem, DataFileError) and problem.line == 14 and "D99-Q1" in str(problem)
    short = instrument_with(
        question("D1-Q1", levels=3), question("D1-Q2", levels=3),
        instrument_id="cirt-readiness", levels=3,
    )  # fmt: skip
    problem = problem_with(read_profile(written(tmp_path)), short)
    assert isinstance(problem, DataFileError) and problem.line == 11
    assert "the minimum 3 is above the highest level, 2" in str(problem)


def test_file_of_the_installation_takes_the_place_of_a_shell(data_folder):
    shell = data_path("profiles", "first-membership.yml").read_text(encoding="utf-8")
    filled = shell.replace("level: null, reason: null", 'level: 2, reason: {en: "As published"}')
    written(data_folder, filled, "first-membership.yml")
    (found,) = [each for each in profiles() if each.id == "first-membership"]
    assert found.complete and len(found.targets) == 45
    written(data_folder, filled.replace("level: 2", "level: 3"), "first-membership.yml")
    (found,) = [each for each in profiles() if each.id == "first-membership"]
    assert set(found.targets.values()) == {3}  # read again, because the file has changed


def test_broken_file_of_the_installation_is_named_and_the_others_stay(data_folder):
    path = written(data_folder, GOOD.replace("level: 3", "level: three"))
    assert {profile.id for profile in profiles()} >= SHELLS
    (fault,) = profile_faults()
    assert fault.path == path and fault.line == 12
    with pytest.raises(DataFileError, match="D1-Q1"):
        profile_for(INSTRUMENT, "test-target")


def test_profile_for_says_why_there_is_none(data_folder):
    written(data_folder)
    assert profile_for(INSTRUMENT, "") is None
    assert profile_for(INSTRUMENT, "test-target").id == "test-target"
    with pytest.raises(NotFoundError, match="not installed"):
        profile_for(INSTRUMENT, "no-such")
    with pytest.raises(NotFoundError, match=r"made for sim3 1\.0\.0 and cannot be used"):
        profile_for(INSTRUMENT, "enisa-basic")
    assert profile_or_problem(INSTRUMENT, "test-target")[1] is None
    assert isinstance(profile_or_problem(INSTRUMENT, "no-such")[1], NotFoundError)


def test_version_written_for_this_instrument_version_counts_before_a_newer_one(data_folder):
    written(data_folder, name="test-target@1.0.0.yml")
    newer = GOOD.replace("version: 1.0.0", "version: 1.1.0")
    written(data_folder, newer, name="test-target@1.1.0.yml")
    assert profile_for(INSTRUMENT, "test-target").version == "1.0.0"
    assert [each.version for each in profiles_for(INSTRUMENT) if each.id == "test-target"] == [
        "1.1.0"
    ]
    other = instrument_with(
        question("D1-Q1"), question("D1-Q2"), instrument_id="cirt-readiness", version="1.2.0"
    )
    assert profile_for(other, "test-target").version == "1.1.0"
    changed = instrument_with(
        question("D1-Q1"), question("D1-Q2"), instrument_id="cirt-readiness", version="2.0.0"
    )
    with pytest.raises(NotFoundError):
        profile_for(changed, "test-target")


def test_profile_of_an_instrument_that_is_not_installed_is_listed_and_says_so(data_folder):
    written(data_folder, GOOD.replace("cirt-readiness", "no-such-instrument"))
    (profile,) = [each for each in profiles() if each.id == "test-target"]
    assert "no-such-instrument 1.0.0, which is not installed" in str(problem_of(profile))
