"""What the API says of an assessment, as JSON Schemas; figures as in docs/json/results.schema.json."""

from typing import Final

from cirt.api.schemas import (
    ID,
    TEXT,
    TIME,
    Schema,
    described,
    nullable,
    one_of,
    page_of,
    record,
)
from cirt.assessments.instruments.model import Cost, Effort, Phase
from cirt.assessments.lifecycle import State
from cirt.assessments.plan.models import ActionState
from cirt.assessments.verdict import Outcome, Standing

_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_LEVEL: Final[Schema] = {"type": ["integer", "null"], "minimum": 0, "maximum": 4}
_MEAN: Final[Schema] = {"type": ["number", "null"], "minimum": 0, "maximum": 4}
_DAY: Final[Schema] = {"type": "string", "format": "date"}

ASSESSMENT: Final = record(
    "Assessment",
    "One round of assessing the own country.",
    {
        "id": ID,
        "title": TEXT,
        "instrument": described(TEXT, "Id of the questionnaire."),
        "instrument_version": TEXT,
        "round": {"type": "integer", "minimum": 1},
        "previous_id": nullable(ID),
        "state": one_of(*State),
        "cirt_exists": {"type": ["boolean", "null"]},
        "language": described(TEXT, "Of the workshop (BCP 47)."),
        "profile": described(TEXT, "Id of the profile of minimums; empty for none."),
        "created_at": TIME,
        "answered_at": described(nullable(TIME), "When an answer changed last."),
        "agreed_at": described(nullable(TIME), "Since when the answers are locked."),
        "closed_at": nullable(TIME),
    },
    example={
        "id": "5b0de6f1-9f0f-4a5e-8f64-7c2f0e6a2d10",
        "title": "Second round",
        "instrument": "cirt-readiness",
        "instrument_version": "1.0.0",
        "round": 2,
        "previous_id": None,
        "state": "review",
        "cirt_exists": True,
        "language": "en",
        "profile": "",
        "created_at": "2026-01-31T12:00:00.000000Z",
        "answered_at": "2026-02-02T09:30:00.000000Z",
        "agreed_at": None,
        "closed_at": None,
    },
)
ASSESSMENTS: Final = page_of("AssessmentPage", ASSESSMENT)

COVERAGE: Final = record(
    "Coverage",
    "How many questions stand behind a figure, by what became of them.",
    dict.fromkeys(("answered", "not_answered", "not_known", "not_applicable", "not_asked"), _COUNT),
)
_FIGURE: Final[dict[str, Schema]] = {
    "value": {**_MEAN, "description": "Weighted mean, one decimal; null: nothing is answered."},
    "exact": {"type": ["string", "null"], "description": "The same, as a fraction."},
    "confidence": described(
        one_of("none", "low", "medium", "high"), "How far the figure can be relied on."
    ),
    "coverage": COVERAGE,
}
_VERDICT: Final = record(
    "Verdict",
    "How the answers stand against a profile of minimums.",
    {
        "outcome": one_of(*Outcome),
        "confidence": _FIGURE["confidence"],
        "coverage": COVERAGE,
        "lines": {
            "type": "array",
            "items": record(
                "VerdictLine",
                "One question that the profile asks a minimum of.",
                {
                    "question": TEXT,
                    "minimum": _LEVEL,
                    "reason": nullable(TEXT),
                    "level": _LEVEL,
                    "standing": one_of(*Standing),
                },
            ),
        },
    },
)
RESULTS: Final = record(
    "Results",
    "Verdict and figures of one assessment: the same numbers as on its pages.",
    {
        "format": {"const": "cirt-results"},
        "format_version": {"const": "1.0"},
        "marking": described(TEXT, "TLP 2.0 label of the whole."),
        "language": described(TEXT, "Of the texts of instrument and profile."),
        "assessment": record(
            "AssessedRound",
            "Which assessment.",
            {
                "id": ID,
                "title": TEXT,
                "country": described(TEXT, "Code of the administration."),
                "round": {"type": "integer", "minimum": 1},
                "state": one_of(*State),
                "cirt_exists": {"type": ["boolean", "null"]},
            },
        ),
        "instrument": record(
            "Instrument",
            "The questionnaire.",
            {
                "id": TEXT,
                "version": TEXT,
                "title": TEXT,
                "notice": nullable(TEXT),
                "top": described({"type": "integer"}, "The highest level."),
                "scale": {"type": "array", "items": TEXT},
            },
        ),
        "profile": nullable(
            record(
                "Profile",
                "The profile of minimums.",
                {
                    **dict.fromkeys(("id", "version", "name", "owner", "citation"), TEXT),
                    "verified": {"type": "boolean"},
                    "complete": {"type": "boolean"},
                },
            )
        ),
        "verdict": nullable(_VERDICT),
        "overall": record("Figure", "One figure.", _FIGURE),
        "dimensions": {
            "type": "array",
            "items": record(
                "DimensionFigure",
                "The figure of one dimension.",
                {
                    "id": TEXT,
                    "title": TEXT,
                    "target": _MEAN,
                    **_FIGURE,
                    "questions": {"type": "array", "items": TEXT},
                },
            ),
        },
        "pillars": {
            "type": "array",
            "items": record(
                "PillarFigure",
                "The figure of one pillar.",
                {"id": TEXT, "title": TEXT, "value": _MEAN, "questions": _COUNT},
            ),
        },
    },
)

ACTION: Final = record(
    "PlanAction",
    "One action of the plan.",
    {
        "id": ID,
        "code": TEXT,
        "phase": one_of(*Phase),
        "place": described(_COUNT, "In its phase, from 1."),
        "question": nullable(TEXT),
        "from_level": _LEVEL,
        "to_level": _LEVEL,
        "text": TEXT,
        "indicator": TEXT,
        "state": one_of(*ActionState),
        "starts_on": nullable(_DAY),
        "target_date": nullable(_DAY),
        "overdue": {"type": "boolean"},
        "effort": nullable(one_of(*Effort)),
        "cost": nullable(one_of(*Cost)),
        "needs": {"type": "array", "items": TEXT, "description": "Codes of other actions."},
    },
)
PLAN: Final = record(
    "Plan",
    "What to do, phase by phase. Who does it is not told to machines: it may be a person.",
    {
        "assessment_id": ID,
        "starts_on": described(nullable(_DAY), "Null while there is no plan."),
        "proposed_at": nullable(TIME),
        "actions": {"type": "array", "items": ACTION, "description": "In their order."},
    },
)
