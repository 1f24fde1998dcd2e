"""The tool's own profiles: foundation, operational and advanced, each including the one before."""

import re
from collections import Counter
from itertools import pairwise

import pytest

from cirt.assessments.instruments import load_instrument
from cirt.assessments.instruments.model import Applies
from cirt.assessments.instruments.profiles import problem_of, profile_for, profiles_for
from cirt.assessments.verdict import Outcome, Standing, verdict
from tests.unit.assessments.generated import level

INSTRUMENT = load_instrument("cirt-readiness", "2.0.0")
IDS = ("foundation", "operational", "advanced")
PROFILES = {one: profile_for(INSTRUMENT, one) for one in IDS}
STAGES = {question.id: question.applies for question in INSTRUMENT.questions}

each_profile = pytest.mark.parametrize("profile", PROFILES.values(), ids=IDS)


def outcome(profile, targets, *, cirt_exists):
    """Return the verdict on a country that answers at these levels what it is asked."""
    answers = {
        key: level(number) for key, number in targets.items() if STAGES[key].asked(cirt_exists)
    }
    return verdict(INSTRUMENT, profile, answers, cirt_exists=cirt_exists)


@each_profile
def test_profile_is_complete_and_says_that_it_is_a_proposal(profile):
    assert profile in profiles_for(INSTRUMENT)
    assert problem_of(profile) is None and profile.complete
    assert (profile.owner, profile.verified) == ("This tool", False)
    assert profile.name.in_language("ar").translated
    assert "the tool's own proposal" in profile.description.english
    assert "can be copied and changed" in profile.description.english
    assert "اقتراح الأداة نفسها" in profile.description.in_language("ar").text


@pytest.mark.parametrize(
    ("profile_id", "fewest", "most", "usual"),
    [
        ("foundation", 35, 45, {1, 2}),
        ("operational", 75, 85, {2, 3}),
        ("advanced", 95, 102, {3, 4}),
    ],
)
def test_profile_asks_for_its_share_of_the_questions(profile_id, fewest, most, usual):
    targets = PROFILES[profile_id].targets
    assert fewest <= len(targets) <= most
    assert sum(number in usual for number in targets.values()) / len(targets) >= 0.8
    order = [question.id for question in INSTRUMENT.questions]
    assert sorted(targets, key=order.index) == list(targets)


def test_levels_rise_from_profile_to_profile():
    shares = {one: Counter(PROFILES[one].targets.values()) for one in IDS}
    assert shares["foundation"][3] < 10 and not shares["foundation"][4]
    assert shares["operational"].keys() <= {2, 3, 4}
    assert shares["operational"][4] <= 2  # what is checked from outside belongs to advanced
    assert shares["advanced"].most_common(1)[0][0] == 3 and not shares["advanced"][1]
    for lower, higher in pairwise(IDS):
        above = PROFILES[higher].targets
        for key, number in PROFILES[lower].targets.items():
            assert above.get(key, 0) >= number, (higher, key)


def test_foundation_says_what_to_do_before_there_is_a_team():
    before = {key for key, applies in STAGES.items() if applies is Applies.BEFORE}
    assert before <= PROFILES["foundation"].targets.keys()


@each_profile
def test_whatever_a_step_needs_is_a_minimum_too(profile):
    missing = [
        f"{key}={step.level} needs {need.question_id}={need.level}"
        for key, number in profile.targets.items()
        for step in INSTRUMENT.question(key).steps
        if step.level <= number
        for need in step.needs
        if profile.targets.get(need.question_id, 0) < need.level
    ]
    assert missing == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_reasons_are_one_sentence_and_their_own(language):
    everywhere = Counter()
    for profile in PROFILES.values():
        for minimum in profile.minimums:
            found = minimum.reason.in_language(language)
            assert found.translated, (profile.id, minimum.question_id)
            assert found.text.endswith(".") and found.text.count(".") == 1, found.text
            assert 30 <= len(found.text) <= 150, (profile.id, minimum.question_id, found.text)
            assert bool(re.search("[\u0600-\u06ff]", found.text)) == (language == "ar")
            assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", found.text)  # western digits
            everywhere[found.text] += 1
    assert [text for text, times in everywhere.items() if times > 1] == []


@each_profile
def test_reason_is_not_the_text_of_a_level(profile):
    for minimum in profile.minimums:
        question = INSTRUMENT.question(minimum.question_id)
        for language in ("en", "ar"):
            reason = minimum.reason.in_language(language).text
            assert reason not in {each.in_language(language).text for each in question.levels}


@each_profile
def test_nothing_is_claimed_in_the_name_of_another_body(profile):
    texts = [profile.name, profile.description, *(each.reason for each in profile.minimums)]
    for sentence in texts:
        for language in ("en", "ar"):
            text = sentence.in_language(language).text
            assert not re.search(r"\b(ITU|ENISA|FIRST|SIM3)\b|(?i:compl(y|ian))|إنيسا|امتثال", text)
            assert "الاتحاد الدولي للاتصالات" not in text


@each_profile
def test_country_exactly_at_the_minimums_meets_the_profile(profile):
    for exists in (True, None):
        found = outcome(profile, profile.targets, cirt_exists=exists)
        assert found.outcome is Outcome.MET
    assert found.count(Standing.MET) == len(profile.minimums)


@each_profile
def test_country_without_a_team_has_only_the_team_before_it(profile):
    found = outcome(profile, profile.targets, cirt_exists=False)
    open_lines = {line.question_id for line in found.lines if line.holds_open}
    assert all(STAGES[key] is Applies.AFTER for key in open_lines)
    # only the foundation can be reached before there is a team
    assert found.outcome is (Outcome.OPEN if open_lines else Outcome.MET)
    assert (profile.id == "foundation") is (not open_lines)
    assert found.count(Standing.BELOW) == found.count(Standing.OPEN) == 0


@each_profile
def test_country_one_below_anywhere_does_not_meet_the_profile(profile):
    for key, number in profile.targets.items():
        for exists in (True, False, None):
            if not STAGES[key].asked(exists):
                continue
            lowered = {**profile.targets, key: number - 1}
            found = outcome(profile, lowered, cirt_exists=exists)
            assert found.outcome is Outcome.NOT_MET, (key, exists)
            assert found.count(Standing.BELOW) == 1


def test_country_that_meets_a_profile_meets_those_before_it():
    for lower, higher in pairwise(IDS):
        found = outcome(PROFILES[lower], PROFILES[higher].targets, cirt_exists=True)
        assert found.outcome is Outcome.MET
