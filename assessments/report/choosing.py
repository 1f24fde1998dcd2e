"""What goes into the executive summary, by written rules. Plain values."""

from collections.abc import Collection, Mapping, Sequence

from cirt.assessments.report.model import Summary
from cirt.assessments.report.model_plan import ActionContent, FindingContent
from cirt.errors import N_

MOST_FINDINGS = 5
MOST_STRENGTHS = 3
MOST_RECOMMENDATIONS = 5

CHOICE_RULE = N_(
    "The findings shown here are those about questions below their minimum, then those about the"
    " questions with the most weight, risks before gaps; strengths in the order in which they were"
    " written down. The recommendations are the first that are still open, in the order of the plan."
)


def chosen(
    findings: Sequence[FindingContent],
    actions: Sequence[ActionContent],
    *,
    below: Collection[str],
    weights: Mapping[str, int],
) -> Summary:
    """Return what the summary shows, by CHOICE_RULE.

    below: codes of the questions below their minimum. weights: of the questions, by code.
    """

    def rank(place: int, finding: FindingContent) -> tuple[bool, int, bool, int]:
        weight = sum(weights.get(each, 0) for each in finding.questions)
        touches = any(each in below for each in finding.questions)
        return (not touches, -weight, finding.kind != "risk", place)

    concerns = [each for each in enumerate(findings) if each[1].kind != "strength"]
    ranked = sorted(concerns, key=lambda each: rank(*each))
    strengths = [each.code for each in findings if each.kind == "strength"]
    open_actions = sorted((each for each in actions if each.is_open), key=lambda each: each.place)
    return Summary(
        findings=tuple(each.code for _place, each in ranked[:MOST_FINDINGS]),
        strengths=tuple(strengths[:MOST_STRENGTHS]),
        recommendations=tuple(each.code for each in open_actions[:MOST_RECOMMENDATIONS]),
    )
