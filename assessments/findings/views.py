"""Pages of findings: the list, one finding, its form, and the question before it is removed."""

import uuid
from collections.abc import Sequence
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import allowed
from cirt.assessments.evidence import KIND_NAMES, evidence_of
from cirt.assessments.findings import findings as rules
from cirt.assessments.findings.findings import (
    FindingConflictError,
    FindingContent,
    finding_of,
)
from cirt.assessments.findings.forms import FindingForm
from cirt.assessments.findings.models import FINDING_KIND_NAMES, Finding, FindingKind
from cirt.assessments.findings.queries import (
    ShownFinding,
    findings_of,
    findings_of_question,
    natural,
)
from cirt.assessments.lifecycle import Act, possible
from cirt.assessments.models import Assessment, Evidence
from cirt.assessments.pages import (
    RelatedLink,
    RelatedPart,
    blueprint,
    check_possible,
    instrument_of,
    related_parts,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.plan.codes import codes_in
from cirt.assessments.plan.models import ACTION_STATE_NAMES
from cirt.assessments.plan.proposing import actions_in
from cirt.assessments.plan.sentences import ltr
from cirt.errors import InvalidInputError, NotFoundError
from cirt.routing import opens
from cirt.web import actor, db_session

KIND_STATUS = {FindingKind.STRENGTH: "done", FindingKind.GAP: "review", FindingKind.RISK: "failed"}


@blueprint.get("/<uuid:assessment_id>/findings")
@opens("assessment.read")
def findings(assessment_id: uuid.UUID) -> Any:
    """Every finding with what it is tied to."""
    assessment = the_assessment(assessment_id, "assessment.read")
    shown = findings_of(db_session(), assessment)
    kind = flask.request.args.get("kind", "")
    return _render(
        "list.html",
        assessment,
        findings=[one for one in shown if kind in ("", one.kind.value)],
        counts={each.value: sum(1 for one in shown if one.kind is each) for each in FindingKind},
        kind=kind,
        total=len(shown),
    )


@blueprint.route("/<uuid:assessment_id>/findings/new", methods=["GET", "POST"])
@opens("assessment.find")
def add_finding(assessment_id: uuid.UUID) -> Any:
    """Note a finding; ?question= and ?action= name what it is about."""
    assessment = the_assessment(assessment_id, "assessment.find")
    check_possible(assessment, Act.FIND)
    given = flask.request.args
    form = FindingForm(
        data={
            "kind": FindingKind.GAP.value,
            "questions": given.get("question", "")[:20],
            "actions": given.get("action", "")[:20],
        }
    )
    _offer_evidence(form, assessment)
    if form.validate_on_submit():
        try:
            row = rules.add_finding(db_session(), actor(), assessment, _content(assessment, form))
        except InvalidInputError as error:
            form.refuse(error, "title")
        else:
            flask.flash(_("The finding was noted."), "success")
            return _to(assessment, row)
    page = _render(
        "edit.html", assessment, form=form, finding=None, theirs=None,
        question_texts=_texts(assessment, form.questions.data or ""),
    )  # fmt: skip
    return page, status_of(form)


@blueprint.get("/<uuid:assessment_id>/findings/<uuid:finding_id>")
@opens("assessment.read")
def finding(assessment_id: uuid.UUID, finding_id: uuid.UUID) -> Any:
    """One finding."""
    assessment = the_assessment(assessment_id, "assessment.read")
    return _render("show.html", assessment, finding=_shown(assessment, finding_id))


@blueprint.route("/<uuid:assessment_id>/findings/<uuid:finding_id>/edit", methods=["GET", "POST"])
@opens("assessment.find")
def edit_finding(assessment_id: uuid.UUID, finding_id: uuid.UUID) -> Any:
    """Change a finding."""
    assessment = the_assessment(assessment_id, "assessment.find")
    row = finding_of(db_session(), assessment, finding_id)
    check_possible(assessment, Act.FIND)
    shown = _shown(assessment, finding_id)
    form = FindingForm(
        data={
            "kind": row.kind,
            "title": row.title,
            "description": row.description,
            "root_cause": row.root_cause,
            "questions": ", ".join(shown.questions),
            "actions": ", ".join(one.code for one in shown.actions),
            "evidence": [str(one.id) for one in shown.evidence],
            "revision": row.revision,
        }
    )
    _offer_evidence(form, assessment, shown.questions)
    theirs = None
    if form.validate_on_submit():
        try:
            rules.edit_finding(
                db_session(),
                actor(),
                assessment,
                row,
                _content(assessment, form),
                revision=_number(form.revision.data),
            )
        except InvalidInputError as error:
            form.refuse(error, "title")
        except FindingConflictError as error:
            theirs = _shown(assessment, finding_id)
            # nothing typed is lost: sent again, it goes over what is shown beside it
            form.revision.data = error.theirs.revision
        else:
            flask.flash(_("The finding was changed."), "success")
            return _to(assessment, row)
    page = _render(
        "edit.html", assessment, form=form, finding=shown, theirs=theirs,
        question_texts=_texts(assessment, form.questions.data or ""),
    )  # fmt: skip
    return page, 409 if theirs else status_of(form)


@blueprint.route("/<uuid:assessment_id>/findings/<uuid:finding_id>/remove", methods=["GET", "POST"])
@opens("assessment.find")
def remove_finding(assessment_id: uuid.UUID, finding_id: uuid.UUID) -> Any:
    """Ask, then remove a finding for good."""
    assessment = the_assessment(assessment_id, "assessment.find")
    row = finding_of(db_session(), assessment, finding_id)
    check_possible(assessment, Act.FIND)
    if flask.request.method == "POST":
        revision = _number(flask.request.form.get("revision"))
        rules.remove_finding(db_session(), actor(), assessment, row, revision=revision)
        flask.flash(_("The finding was removed."), "success")
        return flask.redirect(flask.url_for(".findings", assessment_id=assessment.id))
    return _render("remove.html", assessment, finding=_shown(assessment, finding_id))


def of_question(assessment: Assessment, question_id: str) -> RelatedPart | None:
    """The section of a question's page with its findings, and the way to a new one."""
    rows = findings_of_question(db_session(), assessment, question_id)
    may = allowed(db_session(), actor(), "assessment.find", assessment)
    add = None
    if may and possible(assessment.standing, Act.FIND):
        address = flask.url_for(
            "assessments.add_finding", assessment_id=assessment.id, question=question_id
        )
        add = (_("Add a finding"), address)
    if not rows and add is None:
        return None
    links = [
        RelatedLink(
            f"{ltr(row.code)} {row.title}",
            flask.url_for("assessments.finding", assessment_id=assessment.id, finding_id=row.id),
            (KIND_STATUS[FindingKind(row.kind)], _(FINDING_KIND_NAMES[FindingKind(row.kind)])),
        )
        for row in rows
    ]
    return RelatedPart(_("Findings"), links, add)


related_parts.append(of_question)


def _shown(assessment: Assessment, finding_id: uuid.UUID) -> ShownFinding:
    found = findings_of(db_session(), assessment)
    one = next((each for each in found if each.id == finding_id), None)
    if one is None:
        raise NotFoundError
    return one


def _content(assessment: Assessment, form: FindingForm) -> FindingContent:
    instrument = instrument_of(assessment)
    actions = {row.code: row.id for row in actions_in(db_session(), assessment)}
    questions = codes_in(
        form.questions.data, [each.id for each in instrument.questions], field="questions"
    )
    chosen = codes_in(form.actions.data, actions.keys(), field="actions")
    return FindingContent(
        title=form.title.data or "",
        kind=form.kind.data or "",
        description=form.description.data or "",
        root_cause=form.root_cause.data or "",
        questions=frozenset(questions),
        evidence=frozenset(uuid.UUID(each) for each in form.evidence.data or () if _is_uuid(each)),
        actions=frozenset(actions[code] for code in chosen),
    )


def _offer_evidence(form: FindingForm, assessment: Assessment, first: Sequence[str] = ()) -> None:
    """Offer every piece of evidence of the assessment, those of its own questions first."""
    typed = (form.questions.data or "").replace(",", " ").split()
    leading = {*first, *typed}
    pieces = [piece for rows in evidence_of(db_session(), assessment).values() for piece in rows]
    pieces.sort(key=lambda one: (one.question_id not in leading, natural(one.question_id)))
    form.evidence.choices = [(str(piece.id), _line(piece)) for piece in pieces]


def _line(piece: Evidence) -> str:
    kind = _(next(name for each, name in KIND_NAMES.items() if each == piece.kind))
    text = piece.reference if len(piece.reference) <= 120 else piece.reference[:119] + "…"
    return f"{ltr(piece.question_id)} · {kind} · \u2068{text}\u2069"


def _texts(assessment: Assessment, codes: str) -> list[tuple[str, Any]]:
    """The questions that are named, with their texts, so that a typist sees what a code means."""
    instrument = instrument_of(assessment)
    language = i18n.current_language()
    found = dict.fromkeys(
        code for code in codes.replace(",", " ").split() if instrument.has_question(code)
    )
    return [(code, instrument.question(code).text.in_language(language)) for code in found]


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _number(text: str | None) -> int:
    """Return a revision as a whole number; -1, which fits nothing, for anything else."""
    text = str(text or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


def _to(assessment: Assessment, row: Finding) -> Any:
    return flask.redirect(flask.url_for(".finding", assessment_id=assessment.id, finding_id=row.id))


def _render(template: str, assessment: Assessment, **context: Any) -> str:
    instrument = instrument_of(assessment)
    language = i18n.current_language()
    return render(
        f"findings/{template}",
        assessment,
        "findings",
        act=Act.FIND,
        action="assessment.find",
        kind_names={kind.value: _(name) for kind, name in FINDING_KIND_NAMES.items()},
        kind_status={kind.value: status for kind, status in KIND_STATUS.items()},
        evidence_kinds={kind.value: _(name) for kind, name in KIND_NAMES.items()},
        action_states={state.value: _(name) for state, name in ACTION_STATE_NAMES.items()},
        question_text=lambda code: instrument.question(code).text.in_language(language),
        **context,
    )
