"""What this half shows elsewhere: its panel on the start page, its questions by capability."""

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.access import role_allows
from cirt.assessments import queries
from cirt.assessments.instruments import instruments, latest_instrument
from cirt.assessments.lifecycle import LOCKED, STATE_NAMES, State
from cirt.assessments.plan.due import due_tasks
from cirt.errors import DataFileError
from cirt.homepart import HomePart
from cirt.web import actor, db_session

TASKS_SHOWN = 5
UNLOCKED = tuple(state for state in State if state not in LOCKED)


def home_part() -> HomePart | None:
    """Return the assessments under way of the signed-in person; None for who has no part in any."""
    if not role_allows(actor(), "assessment.list"):
        return None
    listed = queries.listed(db_session(), actor(), states=UNLOCKED, size=TASKS_SHOWN)
    total = queries.count_of(db_session(), actor())
    under_way = queries.count_of(db_session(), actor(), states=UNLOCKED)
    tasks = [
        {
            "title": one.assessment.title,
            "hint": one.assessment.administration.name_in(i18n.current_language()),
            "url": flask.url_for("assessments.show", assessment_id=one.assessment.id),
            "status": "todo" if one.assessment.state == State.PREPARING else "progress",
            "status_label": _(STATE_NAMES[State(one.assessment.state)]),
            "done": one.progress.done,
            "total": one.progress.total,
            "progress_label": _(
                "%(done)s of %(total)s questions answered",
                done=one.progress.done,
                total=one.progress.total,
            ),
        }
        for one in listed
    ]
    half = {
        "title": _("Readiness assessment"),
        "sentence": _("Where the country stands, question by question, with the evidence."),
        "url": flask.url_for("assessments.index"),
        "action": _("Go to the assessments"),
        "figures": [(under_way, _("open")), (total - under_way, _("agreed or closed"))],
    }
    return HomePart(half=half, tasks=[*due_tasks(), *tasks])


def capability_questions() -> dict[str, list[str]]:
    """Return, by capability, the ids of the questions that map to it, of the newest versions."""
    found: dict[str, list[str]] = {}
    for instrument_id in dict.fromkeys(each.id for each in instruments()):
        try:
            newest = latest_instrument(instrument_id)
        except DataFileError:  # its pages say so; the incidents' pages go on without it
            continue
        for question in newest.questions:
            for capability in question.capabilities:
                found.setdefault(capability, []).append(question.id)
    return found
