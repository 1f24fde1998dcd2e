"""STIX patterns: limits before the parser, and patterns made of observables."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.errors import InvalidInputError
from cirt.stix import patterns
from cirt.stix.observables import TYPES, Observable, observable
from cirt.stix.patterns import PatternError, check_pattern, pattern_for

ONE = "[a-b:c = 'x']"


@pytest.mark.parametrize(
    ("kind", "typed", "pattern"),
    [
        ("ipv4-addr", "198.51.100.7", "[ipv4-addr:value = '198.51.100.7']"),
        ("ipv4-addr", "198.51.100.0/24", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
        ("url", "http://a.example/'b", "[url:value = 'http://a.example/\\'b']"),
        ("file", "a\\b.exe", "[file:name = 'a\\\\b.exe']"),
        ("file", "a" * 32, f"[file:hashes.MD5 = '{'a' * 32}']"),
        ("x509-certificate", "a" * 40, f"[x509-certificate:hashes.'SHA-1' = '{'a' * 40}']"),
        ("autonomous-system", "AS64500", "[autonomous-system:number = 64500]"),
        ("email-message", "'] OR [x", "[email-message:subject = '\\'] OR [x']"),
    ],
)
def test_pattern_of_an_observable(kind: str, typed: str, pattern: str) -> None:
    """STIX 2.1, section 9: object paths and escapes."""
    assert pattern_for(observable(kind, typed)) == pattern
    check_pattern(pattern)


def test_any_hash_of_a_file_is_enough_and_its_name_is_not_needed() -> None:
    file = Observable("file", {"hashes": {"SHA-256": "a" * 64, "MD5": "b" * 32}, "name": "x"})
    pattern = pattern_for(file)
    assert pattern == f"[file:hashes.MD5 = '{'b' * 32}' OR file:hashes.'SHA-256' = '{'a' * 64}']"
    check_pattern(pattern)


def test_vulnerability_has_no_pattern() -> None:
    with pytest.raises(PatternError):
        pattern_for(observable("vulnerability", "CVE-2021-44228"))


@pytest.mark.parametrize(
    "pattern",
    [
        ONE,
        f"({ONE} AND {ONE}) FOLLOWEDBY {ONE} WITHIN 300 SECONDS",
        "[a-b:c = '" + "[(" * 500 + "']",
        "[" + " OR ".join(["a-b:c = 'x'"] * 300) + "]",
        " FOLLOWEDBY ".join([ONE] * 300),
        "[url:value MATCHES '(a+)+$']",
    ],
)
def test_pattern_within_the_limits_is_accepted(pattern: str) -> None:
    """T-66: a partner's expression is parsed, never run."""
    check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "[a-b:c = '" + "x" * 10_000 + "']",
        "(" * 65 + ONE + ")" * 65,
        "[" * 400 + "]" * 400,
        " OR ".join([ONE] * 301),
        "[a-b:c" + ".x" * 4_000 + " = 1]",
        "NOT " * 2_000,
        "",
        "x",
        "[a-b:c = 'x'",
        "[a-b:c = 'x\\']",
        "[f:c = 1] REPEATS -1 TIMES",
        "\0",
    ],
)
def test_pattern_over_the_limits_or_wrong_is_refused_with_a_sentence(pattern: str) -> None:
    """T-66: counted before the parser, whose stack would run out."""
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value)
    assert len(str(caught.value)) < 500


@given(
    st.sampled_from([t for t in TYPES if t != "vulnerability"]), st.text(min_size=1, max_size=50)
)
def test_pattern_of_any_observable_is_valid(kind: str, typed: str) -> None:
    try:
        item = observable(kind, typed)
    except InvalidInputError:
        return
    check_pattern(pattern_for(item))


@given(st.text(alphabet="[]()'\\ =ORNDa-b:c1", max_size=60))
def test_any_text_is_accepted_or_refused_with_a_sentence(pattern: str) -> None:
    try:
        check_pattern(pattern)
    except PatternError as error:
        assert str(error)


KINDS = ("ipv4-addr", "file", "x-foo", "domain-name", "in", "true", "like", "start", "x-true", "a1")
NAMES = ("value", "hashes", "MD5", "'SHA-256'", "'hashes'", "a_b", "true", "and", "TLSH", "e", "_x")
STEPS = ("", "", "", ".b", "[0]", "[*]", "[007]", ".hashes", ".MD5")
OPERATORS = (" = ", "=", " != ", " ISSUBSET ", " LIKE ", "LIKE", " < ")
VALUES = ("'a'", "'it\\'s'", "'\\\\'", "'\\x'", "''", "1", "007", "'\n'", "'ب'", f"'{'a' * 32}'")


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_what_the_quick_reading_takes_is_taken_by_the_grammar(chance: random.Random) -> None:
    """STIX 2.1, section 9: plain patterns are not given to the parser, so it must agree with them."""
    from stix2patterns.validator import run_validator

    def test_of(kind: str) -> str:
        path = chance.choice(NAMES) + chance.choice(STEPS) + chance.choice(STEPS)
        return f"{kind}:{path}{chance.choice(OPERATORS)}{chance.choice(VALUES)}"

    def observation() -> str:
        kinds = chance.choices(KINDS, k=2)
        tests = [test_of(chance.choice(kinds)) for _ in range(chance.randint(1, 3))]
        return f"[{chance.choice((' AND ', ' OR ')).join(tests)}]"

    pattern = chance.choice((" AND ", " OR ", " FOLLOWEDBY ")).join(
        observation() for _ in range(chance.randint(1, 2))
    )
    if patterns._is_plain(pattern):
        assert run_validator(pattern, stix_version="2.1") == []


@pytest.mark.parametrize(
    "pattern",
    [
        "[ipv4-addr:value = '192.0.2.7']",
        "[file:hashes.'SHA-256' = '" + "0a" * 32 + "']",
        "[file:name = 'a' AND file:size = 7] FOLLOWEDBY [url:value = 'http://x.example/']",
    ],
)
def test_usual_patterns_are_read_quickly(pattern: str) -> None:
    assert patterns._is_plain(pattern)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("[ipv4-addr:value = ", "it ends at line 1, column 20; complete it."),
        (f"{ONE[:-1]} AND", "it ends at line 1, column 17; complete it."),
        (ONE[:-1], "it ends at line 1, column 13; complete it."),
        ("[a-b:c == = 'x']", "correct it from line 1, column 11 on."),
        (f"{ONE} FOLLOWED {ONE}", "correct it from line 1, column 15 on."),
        ("[a-b:c\n = 'x' AND ]", "correct it from line 2, column 12 on."),
        ("a-b:c = 'x'", "put each comparison between square brackets."),
        ("[file:hashes.MD5 = 'x']", "“x” is no digest of the kind MD5."),
        ("[file:hashes.'SHA-256' = 'ab']", "“ab” is no digest of the kind SHA-256."),
        (
            f"{ONE} WITHIN 5 SECONDS WITHIN 6 SECONDS",
            "WITHIN stands twice after the same observation.",
        ),
        (
            f"{ONE} START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'"
            + " START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
            "START stands twice after the same observation.",
        ),
    ],
)
def test_a_refusal_says_where_and_what_to_do(pattern: str, words: str) -> None:
    """In words, without the tokens of the parser's grammar."""
    with pytest.raises(PatternError) as refused:
        check_pattern(pattern)
    assert str(refused.value) == f"This is no STIX pattern: {words}"
    assert refused.value.field == "pattern"


def test_an_empty_pattern_is_refused_in_words() -> None:
    with pytest.raises(PatternError) as refused:
        check_pattern("")
    assert str(refused.value).startswith("This pattern is empty, or too intricate")
    assert refused.value.field == "pattern"
