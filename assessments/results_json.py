"""What stands on the pages of results and answers, as JSON for programs.

The same record gives the same bytes. docs/json/results.schema.json and answers.schema.json
describe it; keys and codes are never translated, texts are in one language.
"""

import json
from typing import Any

from cirt.assessments.heat import Cell as HeatCell
from cirt.assessments.results import ShownFigure, ShownQuestion
from cirt.assessments.results_csv import level_text, lines_by_question, reason_of, state_of
from cirt.assessments.results_reading import Reading
from cirt.assessments.scoring import Coverage, rounded
from cirt.assessments.verdict import Line

RESULTS_FORMAT, ANSWERS_FORMAT = "cirt-results", "cirt-answers"
FORMAT_VERSION = "1.0"


def results_json(reading: Reading, language: str, *, marking: str) -> bytes:
    """Return verdict and figures as JSON; the shape is docs/json/results.schema.json."""
    results = reading.results
    return _bytes(
        _head(reading, language, RESULTS_FORMAT, marking)
        | {
            "verdict": _verdict(reading, language),
            "overall": _figure(results.overall),
            "dimensions": [
                {
                    "id": dimension.id,
                    "title": dimension.title.in_language(language).text,
                    "target": _number(reading, dimension.id),
                    **_figure(shown),
                    "questions": [line.question.id for line in shown.questions],
                }
                for dimension, shown in results.dimensions
            ],
            "pillars": [
                {
                    "id": pillar.id,
                    "title": pillar.title.in_language(language).text,
                    "value": _value(cell),
                    "questions": cell.asked,
                }
                for pillar, cell in zip(reading.heat.pillars, reading.heat.totals, strict=True)
            ],
        }
    )


def answers_json(reading: Reading, language: str, *, marking: str) -> bytes:
    """Return every question asked with its answer as JSON; see docs/json/answers.schema.json."""
    lines = lines_by_question(reading)
    return _bytes(
        _head(reading, language, ANSWERS_FORMAT, marking)
        | {
            "answers": [
                _answer(reading, shown, lines.get(shown.question.id), language)
                for shown in reading.results.overall.questions
            ]
        }
    )


def _head(reading: Reading, language: str, name: str, marking: str) -> dict[str, Any]:
    assessment, instrument, profile = reading.assessment, reading.instrument, reading.profile
    return {
        "format": name,
        "format_version": FORMAT_VERSION,
        "marking": marking,
        "language": language,
        "assessment": {
            "id": str(assessment.id),
            "title": assessment.title,
            "country": assessment.administration.code,
            "round": assessment.round,
            "state": assessment.state,
            "cirt_exists": assessment.cirt_exists,
        },
        "instrument": {
            "id": instrument.id,
            "version": instrument.version,
            "title": instrument.title.in_language(language).text,
            "notice": instrument.notice.in_language(language).text if instrument.notice else None,
            "top": instrument.top,
            "scale": [sentence.in_language(language).text for sentence in instrument.scale],
        },
        "profile": profile
        and {
            "id": profile.id,
            "version": profile.version,
            "name": profile.name.in_language(language).text,
            "owner": profile.owner,
            "citation": profile.citation,
            "verified": profile.verified,
            "complete": profile.complete,
        },
    }


def _verdict(reading: Reading, language: str) -> dict[str, Any] | None:
    found, profile = reading.verdict, reading.profile
    if found is None or profile is None:
        return None
    reasons = {each.question_id: each.reason for each in profile.minimums}
    return {
        "outcome": found.outcome.value,
        "confidence": found.confidence.value,
        "coverage": _coverage(found.coverage),
        "lines": [
            {
                "question": line.question_id,
                "minimum": line.minimum,
                "reason": reason.in_language(language).text
                if (reason := reasons[line.question_id])
                else None,
                "level": line.level,
                "standing": line.standing.value,
            }
            for line in found.lines
        ],
    }


def _figure(shown: ShownFigure) -> dict[str, Any]:
    exact = shown.figure.value
    return {
        "value": None if shown.figure.rounded is None else float(shown.figure.rounded),
        "exact": None if exact is None else f"{exact.numerator}/{exact.denominator}",
        "confidence": shown.confidence.value,
        "coverage": _coverage(shown.figure.coverage),
    }


def _coverage(coverage: Coverage) -> dict[str, int]:
    names = ("answered", "not_answered", "not_known", "not_applicable", "not_asked")
    return {name: getattr(coverage, name) for name in names}


def _answer(
    reading: Reading, shown: ShownQuestion, line: Line | None, language: str
) -> dict[str, Any]:
    question = shown.question
    row = reading.answers.get(question.id)
    return {
        "question": question.id,
        "dimension": question.dimension_id,
        "text": question.text.in_language(language).text,
        "weight": question.weight,
        "state": state_of(row).value,
        "level": row.level if row else None,
        "level_text": level_text(question, row.level if row else None, language) or None,
        "reason": reason_of(row) or None,
        "comment": row.comment if row else "",
        "confidence": shown.stated or None,
        "for_review": bool(row and row.for_review),
        "disputed": bool(row and row.disputed),
        "functions": [each.id for each in shown.functions],
        "carried_from": row.carried_from.split() if row else [],
        "evidence": [
            {"kind": piece.kind, "reference": piece.reference, "seen_on": piece.seen_on or None}
            for piece in reading.evidence.get(question.id, ())
        ],
        "evidence_strength": shown.strength.value,
        "minimum": line.minimum if line else None,
        "standing": line.standing.value if line else None,
        "revision": row.revision if row else 0,
        "changed_at": row.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if row else None,
    }


def _value(cell: HeatCell) -> float | None:
    return None if cell.value is None else float(cell.value)


def _number(reading: Reading, dimension_id: str) -> float | None:
    target = reading.targets.get(dimension_id)
    return None if target is None else float(rounded(target))


def _bytes(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8")
