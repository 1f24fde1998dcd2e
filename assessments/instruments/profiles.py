"""Profiles: the lowest level that a body asks for, question by question.

One file a profile, config/profiles/<id>.yml or <id>@<version>.yml; a file of the same id and
version under profiles/ in the data folder takes its place, which is how the empty profiles of
other bodies are filled in from their official tables. A profile that is not checked against an
instrument is still listed, since its instrument may not be installed here.
"""

import os
from functools import lru_cache
from pathlib import Path

from cirt.assessments.instruments import instruments, load_instrument
from cirt.assessments.instruments.model import Instrument
from cirt.assessments.instruments.places import folders
from cirt.assessments.instruments.profile_files import Minimum, Profile, read_profile
from cirt.errors import N_, DataFileError, DomainError, NotFoundError

__all__ = [
    "Minimum",
    "Profile",
    "problem_of",
    "problem_with",
    "profile_faults",
    "profile_for",
    "profile_or_problem",
    "profiles",
    "profiles_for",
    "read_profile",
]


def profiles() -> tuple[Profile, ...]:
    """Return every profile that can be read, by id and then from the oldest version on.

    Files with faults are left out; profile_faults has them.
    """
    return _installed()[0]


def profile_faults() -> tuple[DataFileError, ...]:
    """Return what is wrong with the profile files that cannot be read."""
    return _installed()[1]


def profiles_for(instrument: Instrument) -> tuple[Profile, ...]:
    """Return the profiles that fit this version of an instrument, the newest of each id."""
    found: dict[str, Profile] = {}
    for profile in profiles():  # a newer version of an id comes later
        if problem_with(profile, instrument) is None:
            found[profile.id] = profile
    return tuple(found.values())


def profile_for(instrument: Instrument, profile_id: str) -> Profile | None:
    """Return the chosen profile as it applies to this version of an instrument; None for "".

    Of several versions the one written against this very version counts, else the newest that
    fits. Raises NotFoundError where there is none, DataFileError (with file and line) where the
    profile's questions or levels are not those of the instrument.
    """
    if not profile_id:
        return None
    found = [each for each in profiles() if each.id == profile_id]
    if not found:
        broken = next((e for e in profile_faults() if _id_of(e.path) == profile_id), None)
        raise broken or NotFoundError(
            N_("The profile %(id)s is not installed here."), id=profile_id
        )
    fitting = [each for each in found if problem_with(each, instrument) is None]
    if not fitting:
        problem = problem_with(found[-1], instrument)
        assert problem is not None  # noqa: S101 - it is in `found` and not in `fitting`
        raise problem
    exact = [each for each in fitting if each.instrument_version == instrument.version]
    return (exact or fitting)[-1]


def profile_or_problem(
    instrument: Instrument, profile_id: str
) -> tuple[Profile | None, DomainError | None]:
    """Return what profile_for does, or why there is none, for pages that go on without."""
    try:
        return profile_for(instrument, profile_id), None
    except DomainError as problem:
        return None, problem


def problem_of(profile: Profile) -> DomainError | None:
    """Return why a profile cannot be used with what is installed here; None where it can."""
    versions = [each.version for each in instruments() if each.id == profile.instrument_id]
    if profile.instrument_version not in versions:
        return NotFoundError(
            N_(
                "The profile %(profile)s is made for the instrument %(id)s %(version)s, which is not"
                " installed here."
            ),
            profile=profile.id,
            id=profile.instrument_id,
            version=profile.instrument_version,
        )
    try:
        instrument = load_instrument(profile.instrument_id, profile.instrument_version)
    except DomainError as error:
        return error
    return problem_with(profile, instrument)


def problem_with(profile: Profile, instrument: Instrument) -> DomainError | None:
    """Return why a profile does not fit an instrument; None where it does.

    It fits the versions with the same first number: a new first number says that levels mean
    something else.
    """
    if profile.instrument_id != instrument.id or (
        profile.instrument_version.split(".")[0] != instrument.version.split(".")[0]
    ):
        return NotFoundError(
            N_(
                "The profile %(profile)s is made for %(id)s %(version)s and cannot be used with"
                " %(other)s %(other_version)s. Choose another profile."
            ),
            profile=profile.id,
            id=profile.instrument_id,
            version=profile.instrument_version,
            other=instrument.id,
            other_version=instrument.version,
        )
    for each in profile.minimums:
        if not instrument.has_question(each.question_id):
            return DataFileError(
                N_("%(question)s: the instrument %(id)s %(version)s has no such question."),
                path=profile.source, line=each.line, question=each.question_id,
                id=instrument.id, version=instrument.version,
            )  # fmt: skip
        top = instrument.question(each.question_id).top
        if each.level is not None and each.level > top:
            return DataFileError(
                N_("%(question)s: the minimum %(level)s is above the highest level, %(top)s."),
                path=profile.source, line=each.line, question=each.question_id,
                level=each.level, top=top,
            )  # fmt: skip
    return None


def _installed() -> tuple[tuple[Profile, ...], tuple[DataFileError, ...]]:
    found: dict[tuple[str, str], Profile] = {}
    faults: list[DataFileError] = []
    for folder in folders("profiles"):
        for path in sorted(folder.glob("*.yml")):
            state = os.stat(path)  # noqa: PTH116 - one call for both figures
            read = _read(path, state.st_mtime_ns, state.st_size)
            if isinstance(read, DataFileError):
                faults.append(read)
            else:
                found[(read.id, read.version)] = read
    ordered = sorted(found.values(), key=lambda each: (each.id, _numbers(each.version)))
    return tuple(ordered), tuple(faults)


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int, _size: int) -> Profile | DataFileError:
    """Read a file once for as long as it stays as it is."""
    try:
        return read_profile(path)
    except DataFileError as fault:
        return fault


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _id_of(path: Path) -> str:
    return path.stem.partition("@")[0]
