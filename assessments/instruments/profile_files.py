"""Reads a profile's file: the lowest level that a body asks for, question by question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from cirt.assessments.instruments.model import LEVELS
from cirt.datafiles import DataMap, read_map
from cirt.errors import N_
from cirt.localtext import Sentence, sentence_of

_KEYS = (
    "id", "version", "name", "owner", "citation", "verified", "verified_by", "verified_on",
    "description", "instrument", "instrument_version", "minimums",
)  # fmt: skip
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_ID = 100  # as long as the column that holds a profile's id


@dataclass(frozen=True, slots=True)
class Minimum:
    """The lowest level that is enough for one question.

    level: 1 and more; None where the owner's number is not known here. reason: why this level;
    None where the level is. line: in the profile's file, for errors.
    """

    question_id: str
    level: int | None
    reason: Sentence | None
    line: int = 0


@dataclass(frozen=True)
class Profile:
    """A named set of minimums for one instrument; a question without a minimum asks for nothing.

    instrument_version: what it was written against. verified: somebody compared the minimums
    with the owner's publication; by whom and on which day (ISO date). source: its file.
    """

    id: str
    version: str
    name: Sentence
    owner: str
    citation: str
    verified: bool
    verified_by: str | None
    verified_on: str | None
    description: Sentence
    instrument_id: str
    instrument_version: str
    minimums: tuple[Minimum, ...]
    source: Path = Path()

    @cached_property
    def targets(self) -> Mapping[str, int]:
        """The minimums that are known: question id -> level."""
        return MappingProxyType(
            {each.question_id: each.level for each in self.minimums if each.level is not None}
        )

    @property
    def complete(self) -> bool:
        """Whether every minimum is known; otherwise no conclusion can be drawn from it."""
        return all(each.level is not None for each in self.minimums)

    @cached_property
    def _by_question(self) -> Mapping[str, Minimum]:
        return {each.question_id: each for each in self.minimums}

    def minimum(self, question_id: str) -> Minimum | None:
        """Return what it says about a question; None where it asks for nothing."""
        return self._by_question.get(question_id)


def read_profile(path: Path) -> Profile:
    """Return the profile that a file holds, not yet compared with an instrument.

    Raises DataFileError, naming file, line and question, for whatever is missing, unknown or
    there twice.
    """
    file = read_map(path)
    file.only(_KEYS)
    if not _ID.fullmatch(file.text("id")) or len(file.text("id")) > MAX_ID:
        raise file.fault("id", N_("The id must be lower-case words joined by hyphens."))
    for key in ("version", "instrument_version"):
        if not _VERSION.fullmatch(file.text(key)):
            raise file.fault(key, N_("The version must be three numbers, such as 1.0.0."))
    if path.stem not in (file.text("id"), f"{file.text('id')}@{file.text('version')}"):
        raise file.fault("id", N_("The id in the file differs from the name of the file."))
    verified = file.boolean("verified")
    for key in ("verified_by", "verified_on"):
        if verified != (file.optional_text(key) is not None):
            raise file.fault(
                key, N_("%(key)s goes with verified: true, and only with it."), key=key
            )
    if verified and not _DAY.fullmatch(file.text("verified_on")):
        raise file.fault("verified_on", N_("Write the day as year-month-day, such as 2026-03-01."))
    profile_id = file.text("id")
    return Profile(
        id=profile_id,
        version=file.text("version"),
        name=sentence_of(file, "name", f"profile.{profile_id}.name"),
        owner=file.text("owner"),
        citation=file.text("citation"),
        verified=verified,
        verified_by=file.optional_text("verified_by"),
        verified_on=file.optional_text("verified_on"),
        description=sentence_of(file, "description", f"profile.{profile_id}.description"),
        instrument_id=file.text("instrument"),
        instrument_version=file.text("instrument_version"),
        minimums=_minimums(file, profile_id),
        source=path,
    )


def _minimums(file: DataMap, profile_id: str) -> tuple[Minimum, ...]:
    found: dict[str, Minimum] = {}
    for row in file.sections("minimums"):
        row.only(("question", "level", "reason"))
        question_id = row.text("question")
        if question_id in found:
            raise row.fault("question", N_("%(question)s has two minimums."), question=question_id)
        level = None
        if "level" not in row:
            raise row.fault(
                None,
                N_("%(question)s: give the level; null where it is not known."),
                question=question_id,
            )
        if row["level"] is not None:
            level = _level(row, question_id)
        reason = None
        if (row.get("reason") is None) != (level is None):
            raise row.fault(
                "reason",
                N_("%(question)s: give a reason with a level, and only with one."),
                question=question_id,
            )
        if level is not None:
            reason = sentence_of(row, "reason", f"profile.{profile_id}.{question_id}")
        found[question_id] = Minimum(question_id, level, reason, row.line)
    return tuple(found.values())


def _level(row: DataMap, question_id: str) -> int:
    level = row["level"]
    if isinstance(level, bool) or not isinstance(level, int) or level not in LEVELS[1:]:
        raise row.fault(
            "level",
            N_(
                "%(question)s: a minimum is a whole number from 1 to %(top)s. Leave the question out"
                " where nothing is asked of it."
            ),
            question=question_id,
            top=LEVELS[-1],
        )
    return level
