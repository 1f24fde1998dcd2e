"""STIX patterns: which are safe to parse, and the pattern that looks for an observable.

A partner's pattern is parsed and kept, never run: MATCHES may hold a regular expression that
takes for ever.
"""

import re
from typing import Any, Final

from cirt.errors import N_, InvalidInputError
from cirt.stix.observables import Observable

MAX_LENGTH: Final = 10_000
MAX_DEPTH: Final = 64
MAX_COMPARISONS: Final = 300
"""The parser's own recursion ends at some hundreds of terms in one chain; this is below it."""

_SCAN = re.compile(
    r"(?P<string>'(?:[^'\\]++|\\.)*+'?)|(?P<open>[\[(])|(?P<close>[\])])"
    r"|(?P<comparison>!=|<>|[<>]=?|==?|\b(?:IN|LIKE|MATCHES|ISSUBSET|ISSUPERSET|EXISTS)\b)",
    re.DOTALL | re.IGNORECASE,
)


# The plain patterns that make up nearly all of what is exchanged: comparisons of one type with a
# text or a whole number, in brackets without parentheses or qualifiers. What these expressions
# match is a pattern by the grammar; whatever they do not match, the parser of the grammar judges.
_NAME = (
    r"(?!(?:and|or|not|in|like|matches|issubset|issuperset|exists|true|false|last|within|start|stop"
    r"|repeats|times|seconds|followedby|hashes)\b)[a-z][a-z0-9_]*+"
)
_PROPERTY = rf"(?:{_NAME}|MD5|SSDEEP|TLSH|'(?!hashes')[A-Za-z0-9-]++')"
_TEXT = r"'(?:[^'\\]|\\['\\])*+'"
_DIGEST = "|".join(
    rf"{name} ?= ?'[0-9a-fA-F]{{{length}}}'"
    for name, length in (
        ("(?:MD5|'MD5')", 32), ("'SHA-1'", 40), ("'SHA-256'", 64), ("'SHA-512'", 128),
    )
)  # fmt: skip
_TEST = (
    rf"(?::hashes\.(?:{_DIGEST})"
    rf"|:{_PROPERTY}(?:\.{_PROPERTY}|\[(?:0|[1-9][0-9]{{0,5}}|\*)\])*+"
    rf"(?: ?!?= ?(?:{_TEXT}|0|[1-9][0-9]{{0,8}})| (?:ISSUBSET|LIKE) {_TEXT}))"
)
_PLAIN = re.compile(
    rf"\[ ?(?P<type>{_NAME}(?:-[a-z0-9]++)*+){_TEST}(?: (?:AND|OR) (?P=type){_TEST})*+ ?\]"
)
_BETWEEN = re.compile(r" (?:AND|OR|FOLLOWEDBY) ")
_PLAIN_LENGTH: Final = 2_000  # too short for more comparisons than the limit


_PARSER_SAYS = re.compile(
    r"Error found at line (?P<line>[0-9]+):(?P<column>[0-9]+)\. (?P<what>.*)", re.DOTALL
)
_DIGEST_SAYS = re.compile(r"'(?P<value>.*)' is not a valid (?P<kind>.+) hash", re.DOTALL)
_TWICE_SAYS = re.compile(r"Duplicate qualifier type encountered: (?P<word>WITHIN|REPEATS|START)\w*")


class PatternError(InvalidInputError):
    """The pattern is over a limit or is no STIX pattern."""


def check_pattern(pattern: str) -> None:
    """Raise PatternError unless the text is a STIX 2.1 pattern (section 9) within the limits.

    Limits: 10,000 characters, 64 open brackets at once, 300 comparisons; counted before the
    parser sees the text, which would run out of stack.
    """
    if len(pattern) > MAX_LENGTH:
        raise PatternError(
            N_("The pattern is longer than %(limit)s characters."),
            field="pattern",
            limit=MAX_LENGTH,
        )
    if len(pattern) <= _PLAIN_LENGTH and _is_plain(pattern):
        return
    depth = comparisons = 0
    for token in _SCAN.finditer(pattern):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "comparison":
            comparisons += 1
        if depth > MAX_DEPTH:
            raise PatternError(
                N_("The pattern is nested deeper than %(limit)s brackets."),
                field="pattern",
                limit=MAX_DEPTH,
            )
    if comparisons > MAX_COMPARISONS:
        raise PatternError(
            N_(
                "The pattern has more than %(limit)s comparisons; split it into several indicators."
            ),
            field="pattern",
            limit=MAX_COMPARISONS,
        )
    # loaded with the first pattern, so that the start stays short
    from stix2patterns.validator import run_validator

    try:
        errors = run_validator(pattern, stix_version="2.1")
    except Exception as error:  # RecursionError and others: the pattern is at fault, not we
        raise PatternError(
            N_("This pattern is empty, or too intricate to be read; write it more simply."),
            field="pattern",
        ) from error
    if errors:
        raise _refusal(str(errors[0]).removeprefix("FAIL: "))


def _refusal(said: str) -> PatternError:
    """Return, in words, what the parser said: its own speak of the tokens of its grammar."""
    if digest := _DIGEST_SAYS.fullmatch(said):
        return PatternError(
            N_("This is no STIX pattern: “%(value)s” is no digest of the kind %(kind)s."),
            field="pattern",
            value=digest["value"][:100],
            kind=digest["kind"].strip("'"),
        )
    if twice := _TWICE_SAYS.fullmatch(said):
        return PatternError(
            N_("This is no STIX pattern: %(word)s stands twice after the same observation."),
            field="pattern",
            word=twice["word"],
        )
    found = _PARSER_SAYS.fullmatch(said)
    if found is None:
        return PatternError(
            N_("This is no STIX pattern: %(reason)s"), field="pattern", reason=said[:300]
        )
    if found["what"] == "input is missing square brackets":
        return PatternError(
            N_("This is no STIX pattern: put each comparison between square brackets."),
            field="pattern",
        )
    # in quotes what it met, without them what it would take
    ends = "'<EOF>'" in found["what"].partition(" expecting ")[0]
    return PatternError(
        N_("This is no STIX pattern: it ends at line %(line)s, column %(column)s; complete it.")
        if ends
        else N_("This is no STIX pattern: correct it from line %(line)s, column %(column)s on."),
        field="pattern",
        line=found["line"],
        column=int(found["column"]) + 1,  # the parser counts them from 0
    )


def _is_plain(pattern: str) -> bool:
    position = 0
    while (found := _PLAIN.match(pattern, position)) is not None:
        position = found.end()
        if position == len(pattern):
            return True
        between = _BETWEEN.match(pattern, position)
        if between is None:
            return False
        position = between.end()
    return False


_HASH_PATHS: Final = {"MD5": "MD5", "SSDEEP": "SSDEEP", "TLSH": "TLSH"}


def pattern_for(observable: Observable) -> str:
    """Return the STIX pattern that finds an observable.

    Any one hash of a file is enough; its name counts only when there is no hash. A network is
    found by the addresses within it. Raises PatternError for a kind that has no pattern.
    """
    properties = observable.canonical().properties
    kind = observable.type
    if kind == "vulnerability":
        raise PatternError(N_("A vulnerability cannot be looked for by a pattern."), field="type")
    if properties.get("hashes"):
        terms = [
            _comparison(f"{kind}:hashes.{_HASH_PATHS.get(name, _quoted(name))}", "=", digest)
            for name, digest in properties["hashes"].items()
        ]
        return f"[{' OR '.join(terms)}]"
    operator = "="
    if kind in ("ipv4-addr", "ipv6-addr") and "/" in properties["value"]:
        operator = "ISSUBSET"
    terms = [
        _comparison(f"{kind}:{name}", operator, properties[name])
        for name in _SEARCHED[kind]
        if name in properties
    ]
    return f"[{' AND '.join(terms)}]"


_SEARCHED: Final = {
    "ipv4-addr": ("value",),
    "ipv6-addr": ("value",),
    "domain-name": ("value",),
    "url": ("value",),
    "email-addr": ("value",),
    "mac-addr": ("value",),
    "file": ("name", "size"),
    "autonomous-system": ("number",),
    "windows-registry-key": ("key",),
    "mutex": ("name",),
    "user-account": ("account_login", "user_id", "display_name"),
    "process": ("command_line",),
    "x509-certificate": ("serial_number", "subject"),
    "email-message": ("subject", "message_id"),
}


def _comparison(path: str, operator: str, value: Any) -> str:
    return f"{path} {operator} {value if isinstance(value, int) else _quoted(str(value))}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
