"""A profile drawn small: where its minimums stand on average, for pictures only.

The verdict never uses these means; see cirt.assessments.verdict.
"""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from cirt.assessments.instruments.model import Instrument
from cirt.assessments.instruments.profiles import Profile

NONE: Mapping[str, Fraction] = MappingProxyType({})


def targets_of(
    instrument: Instrument, profile: Profile | None, *, cirt_exists: bool | None
) -> Mapping[str, Fraction]:
    """Return, by dimension id, the mean of the minimums, weighted by question.

    Over the questions asked that have a minimum; a dimension without one is absent. Empty without
    a profile, and for one with unknown minimums: half a line would look like a low target.
    """
    if profile is None or not profile.complete:
        return NONE
    found = {}
    for dimension in instrument.dimensions:
        terms = [
            (question.weight, profile.targets[question.id])
            for question in dimension.questions
            if question.id in profile.targets and question.applies.asked(cirt_exists)
        ]
        if terms:
            weights = sum(weight for weight, _level in terms)
            found[dimension.id] = Fraction(sum(w * level for w, level in terms), weights)
    return MappingProxyType(found)
