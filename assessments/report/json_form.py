"""A report as JSON for programs: the same content as on screen and on paper.

The same content gives the same bytes. docs/json/report.schema.json describes the shape; keys and
codes are never translated, texts are in one language.
"""

import dataclasses
import json
from typing import Any

from cirt.assessments.report import model_plan, model_results
from cirt.assessments.report.document import WrittenChapter
from cirt.assessments.report.model import FactContent, ReportContent

FORMAT = "cirt-report"
FORMAT_VERSION = "1.0"


def report_json(content: ReportContent, chapters: tuple[WrittenChapter, ...]) -> bytes:
    """Return the report as JSON. chapters: as document.written_chapters gives them."""
    frame = content.frame
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "marking": frame.marking,
        "language": frame.language,
        "generated_at": f"{frame.generated_at:%Y-%m-%dT%H:%M:%SZ}",
        "status": "draft" if frame.is_draft else "agreed",
        "assessment": {
            "title": frame.title,
            "country": frame.country_code,
            "country_name": frame.country,
            "round": frame.round,
            "state": frame.state,
            "agreed_on": frame.agreed_on or None,
            "closed_on": frame.closed_on or None,
            "cirt_exists": frame.cirt_exists,
            "scope": frame.scope,
            "workshop_on": frame.workshop_on or None,
            "workshop_place": frame.workshop_place,
            "prepared_by": list(frame.prepared_by),
        },
        "instrument": _plain(content.instrument) | {"top": content.instrument.top},
        "notices": _plain(content.notices),
        "chapters": [_chapter(content, each) for each in chapters],
        "summary": _plain(content.summary),
        "verdict": content.verdict and _verdict(content.verdict),
        "profile_problem": content.profile_problem or None,
        "overall": _figure(content.overall),
        "dimensions": [_dimension(each) for each in content.dimensions],
        "pillars": content.heat and _heat(content.heat),
        "questions": [_plain(each) for each in content.questions],
        "comparison": content.comparison and _comparison(content.comparison),
        "facts": [_fact(each) for each in content.facts],
        "incidents": content.tally
        and {
            "since": content.tally.since,
            "until": content.tally.until,
            "capabilities": [
                {"name": name, "failed": failed, "held": held}
                for name, failed, held in content.tally.rows
            ],
        },
        "sim3": {"from": content.sim3_from or None, "parameters": _plain(content.parameters)},
        "services": [_plain(each) for each in content.services],
        "staff": _plain(content.design.periods),
        "budget": {
            "currency": content.design.currency,
            "lines": [
                {"id": each.id, "years": [_range(year) for year in each.years]}
                for each in content.design.budget
            ],
            "total": [_range(year) for year in content.design.total],
        },
        "findings": _plain(content.findings),
        "recommendations": _plain(content.actions),
        "plan": content.plan and _plan(content.plan),
        "groups": _plain(content.groups),
        "participants": _plain(content.participants),
        "names": content.names,
        "agenda": _plain(content.agenda),
        "documents": _plain(content.documents),
        "provisions": [_plain(each) | {"place": each.place or None} for each in content.provisions],
        "glossary": _plain(content.terms),
    }
    text = json.dumps(document, ensure_ascii=False, indent=2)
    # half surrogate pairs are no text that UTF-8 could hold
    return (text + "\n").encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _plain(value: Any) -> Any:
    """Dataclasses as objects with the names of their fields, tuples as arrays."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _fact(each: FactContent) -> dict[str, Any]:
    # its label is a word of ours that no translator has seen here; the id stands for it
    return {key: value for key, value in _plain(each).items() if key != "label"}


def _chapter(content: ReportContent, each: WrittenChapter) -> dict[str, Any]:
    text = content.texts.get(each.chapter.id)
    return {
        "id": each.chapter.id,
        "number": each.chapter.number,
        "empty": each.is_empty,
        "text": text.text if text else "",
        "text_elsewhere": list(text.elsewhere) if text else [],
        "questions": list(content.themes.get(each.chapter.id, ())),
    }


def _figure(figure: model_results.FigureContent) -> dict[str, Any]:
    return _plain(figure) | {"value": _number(figure.value)}


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _dimension(each: model_results.DimensionContent) -> dict[str, Any]:
    return {
        "code": each.code,
        "title": each.title,
        "figure": _figure(each.figure),
        "target": _number(each.target),
        "questions": [question.code for question in each.questions],
    }


def _heat(heat: model_results.HeatContent) -> dict[str, Any]:
    return {
        "names": list(heat.pillars),
        "rows": [
            {"dimension": code, "values": [_number(cell.value) for cell in cells]}
            for code, _title, cells, _whole in heat.rows
        ],
        "totals": [_number(cell.value) for cell in heat.totals],
    }


def _verdict(verdict: model_results.VerdictContent) -> dict[str, Any]:
    return {
        "profile": {
            "id": verdict.profile_id,
            "name": verdict.profile,
            "owner": verdict.owner,
            "citation": verdict.citation,
            "verified": verdict.verified,
        },
        "outcome": verdict.outcome,
        "coverage": _figure(verdict.coverage),
        "lines": _plain(verdict.lines),
    }


def _comparison(comparison: model_results.ComparisonContent) -> dict[str, Any]:
    return {
        "before": comparison.before,
        "after": comparison.after,
        "overall": _compared(comparison.overall),
        "shared": _compared(comparison.shared),
        "dimensions": [{"code": each.code} | _compared(each) for each in comparison.dimensions],
        "outcome_before": comparison.outcome_before or None,
        "outcome_after": comparison.outcome_after or None,
        "higher": _plain(comparison.higher),
        "lower": _plain(comparison.lower),
        "counts": comparison.counts,
    }


def _compared(each: model_results.ComparedContent) -> dict[str, Any]:
    return {"before": _number(each.before), "after": _number(each.after)}


def _plan(plan: model_plan.PlanSummary) -> dict[str, Any]:
    return {
        "starts_on": plan.starts_on or None,
        "phases": [
            _plain(each) | {"days": _range(each.days), "dollars": _range(each.dollars)}
            for each in plan.phases
        ],
        "days": _range(plan.days),
        "dollars": _range(plan.dollars),
        "unsaid": plan.unsaid,
        "without_owner": plan.without_owner,
        "states": plan.states,
    }


def _range(found: tuple[int, int | None] | None) -> dict[str, int | None] | None:
    return None if found is None else {"least": found[0], "most": found[1]}
