"""Pages of rounds: the next one, several side by side, answers carried over."""

import uuid
from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import require
from cirt.assessments.forms import stage_of
from cirt.assessments.lifecycle import STATE_NAMES
from cirt.assessments.models import Assessment
from cirt.assessments.pages import (
    blueprint,
    instrument_of,
    render,
    status_of,
    the_assessment,
)
from cirt.assessments.preparation import participants_of
from cirt.assessments.results import CONFIDENCE_NAMES
from cirt.assessments.results_pictures import rounds_bars, rounds_radar
from cirt.assessments.results_views import (
    CONFIDENCE_KINDS,
    OUTCOME_KINDS,
    change_rows,
    exported,
)
from cirt.assessments.rounds.comparison import (
    MOVEMENT_NAMES,
    SHARED_RULE,
    Movement,
    compare_rounds,
)
from cirt.assessments.rounds.comparison_csv import comparison_csv
from cirt.assessments.rounds.forms import NextRoundForm
from cirt.assessments.rounds.reading import comparable_rounds, rounds_to_compare
from cirt.assessments.rounds.succession import refusal_of_next, start_next_round, versions_for
from cirt.assessments.scoring import Treatment
from cirt.assessments.verdict import OUTCOME_NAMES
from cirt.errors import ConflictError, InvalidInputError, NotFoundError
from cirt.routing import opens
from cirt.web import actor, db_session

MOST_ROUNDS = 10

# in this order, the questions of interest first; the rest stands folded
MOVED = (Movement.DOWN, Movement.UP, Movement.NEW, Movement.LOST, Movement.REWORDED)
UNMOVED = (Movement.SAME, Movement.NONE)


@blueprint.route("/<uuid:assessment_id>/next", methods=["GET", "POST"])
@opens("assessment.create")
def next_round(assessment_id: uuid.UUID) -> Any:
    """Start the next round from an agreed or closed one."""
    # who only reads or remarks here would come out as the lead assessor of the next one
    last = the_assessment(assessment_id, "assessment.prepare")
    require(db_session(), actor(), "assessment.create")
    refused = refusal_of_next(db_session(), last)
    if refused is not None and flask.request.method == "GET":
        return _next_page(last, None, i18n.sentence(refused)), 200
    form = NextRoundForm(
        data={
            "title": "",
            "language": last.language,
            "stage": stage_of(last.cirt_exists),
            "copy_scope": True,
            "copy_participants": True,
        }
    )
    form.instrument_version.choices = [(each.version, each.version) for each in versions_for(last)]
    if form.validate_on_submit():
        try:
            following = start_next_round(
                db_session(),
                actor(),
                last,
                title=form.title.data,
                instrument_version=form.instrument_version.data or "",
                language=form.language.data or "",
                cirt_exists=form.cirt_exists,
                copy_scope=form.copy_scope.data,
                copy_participants=form.copy_participants.data,
            )
        except ConflictError as error:  # somebody was faster
            return _next_page(last, None, i18n.sentence(error)), 409
        except (InvalidInputError, NotFoundError) as error:
            form.refuse(error, "instrument_version")
        else:
            flask.flash(_("Round %(number)s was started.", number=following.round), "success")
            return flask.redirect(flask.url_for(".carry_over", assessment_id=following.id))
    return _next_page(last, form, None), status_of(form)


def _next_page(last: Assessment, form: NextRoundForm | None, refused: str | None) -> str:
    return render(
        "rounds/next.html",
        last,
        "results",
        form=form,
        refused=refused,
        instrument=instrument_of(last),
        participants=len(participants_of(db_session(), last)),
    )


@blueprint.get("/<uuid:assessment_id>/compare")
@opens("assessment.read")
def compare(assessment_id: uuid.UUID) -> Any:
    """Rounds of one country side by side; never countries."""
    assessment = the_assessment(assessment_id, "assessment.read")
    language = i18n.current_language()
    offered = comparable_rounds(db_session(), actor(), assessment)
    chosen = _chosen(assessment, offered)
    context: dict[str, Any] = {"offered": offered, "chosen": {each.id for each in chosen}}
    if len(chosen) > 1:
        comparison = compare_rounds(rounds_to_compare(db_session(), chosen))
        context |= {
            "comparison": comparison,
            "rounds": chosen,
            "rows": change_rows(comparison, language),
            "bars": rounds_bars(comparison, language),
            "radar": rounds_radar(comparison, language),
            "moved": [(each, comparison.of(each)) for each in MOVED],
            "unmoved": [question for each in UNMOVED for question in comparison.of(each)],
            "movement_names": {key.value: _(name) for key, name in MOVEMENT_NAMES.items()},
            "outcome_names": {key.value: _(name) for key, name in OUTCOME_NAMES.items()},
            "outcome_kinds": OUTCOME_KINDS,
            "confidence_names": {key.value: _(name) for key, name in CONFIDENCE_NAMES.items()},
            "confidence_kinds": CONFIDENCE_KINDS,
            "shared_rule": _(SHARED_RULE),
            "absent_names": _absent_names(),
        }
    return render(
        "rounds/compare.html",
        assessment,
        "results",
        instrument=instrument_of(assessment),
        state_names={state.value: _(name) for state, name in STATE_NAMES.items()},
        **context,
    )


@blueprint.get("/<uuid:assessment_id>/compare.csv")
@opens("assessment.export")
def compare_file(assessment_id: uuid.UUID) -> Any:
    """The comparison as CSV."""
    assessment = the_assessment(assessment_id, "assessment.export")
    chosen = _chosen(assessment, comparable_rounds(db_session(), actor(), assessment))
    if len(chosen) < 2:
        raise NotFoundError
    language = i18n.current_language()
    comparison = compare_rounds(rounds_to_compare(db_session(), chosen))
    body = comparison_csv(comparison, language)
    return exported(assessment, body, "comparison.csv", rounds=[str(each.id) for each in chosen])


def _chosen(assessment: Assessment, offered: list[Assessment]) -> list[Assessment]:
    """The rounds asked for by ?with=, oldest first; without any, this one and the one before."""
    wanted = set(flask.request.args.getlist("with"))
    if wanted:
        found = [each for each in offered if str(each.id) in wanted]
    else:
        before = [each for each in offered if each.id == assessment.previous_id]
        place = next(n for n, each in enumerate(offered) if each.id == assessment.id)
        found = [*(before or offered[max(0, place - 1) : place]), assessment]
    return found[-MOST_ROUNDS:]


def _absent_names() -> dict[str, str]:
    return {
        Treatment.NOT_ANSWERED.value: _("not answered"),
        Treatment.NOT_KNOWN.value: _("not known"),
        Treatment.NOT_APPLICABLE.value: _("not applicable"),
        Treatment.NOT_ASKED.value: _("not asked"),
        "": _("not in this version"),
    }
