"""Pages of the instruments: the list, one of them, its languages and coverage, two versions."""

from typing import Any

import flask
from flask_babel import gettext as _

from cirt import i18n, navigation
from cirt.access import require
from cirt.assessments.instruments import (
    Instrument,
    instruments,
    load_instrument,
    translation_report,
)
from cirt.assessments.instruments.comparison import PART_NAMES, Difference, Fate, compare
from cirt.assessments.instruments.coverage import coverage
from cirt.assessments.instruments.model import COST_NAMES, EFFORT_NAMES, PHASE_NAMES, Applies
from cirt.assessments.instruments.provisions import merged_provisions
from cirt.assessments.instruments.references import MODELS, reference_models
from cirt.assessments.instruments.workbook import workbook
from cirt.capabilities import capabilities
from cirt.errors import N_, DataFileError, NotFoundError
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE
from cirt.routing import opens
from cirt.taxonomies import stakeholder_groups
from cirt.web import actor, db_session

blueprint = flask.Blueprint("instruments", __name__, url_prefix="/instruments")

navigation.add_entry("instruments.index", N_("Instruments"), action="instrument.read", order=15)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

LANGUAGE_NAMES = {
    "ar": N_("Arabic"),
    "zh": N_("Chinese"),
    "en": N_("English"),
    "fr": N_("French"),
    "ru": N_("Russian"),
    "es": N_("Spanish"),
}
APPLIES_NAMES = {
    Applies.ALWAYS: N_("Always asked"),
    Applies.BEFORE: N_("Asked while there is no national CIRT"),
    Applies.AFTER: N_("Asked where there is a national CIRT"),
}
FATE_NAMES = {
    Fate.KEPT: N_("Kept"),
    Fate.CHANGED: N_("Changed"),
    Fate.NEW: N_("New"),
    Fate.GONE: N_("Gone"),
}
FATE_KINDS = {Fate.KEPT: "done", Fate.CHANGED: "review", Fate.NEW: "progress", Fate.GONE: "todo"}


def the_instrument(instrument_id: str, version: str) -> Instrument:
    """Return an instrument for whoever may read instruments. NotFoundError where it is absent."""
    require(db_session(), actor(), "instrument.read")
    return load_instrument(instrument_id, version)


@blueprint.get("/")
@opens("instrument.read")
def index() -> Any:
    """The installed instruments, the newest version of each first."""
    require(db_session(), actor(), "instrument.read")
    rows: dict[str, list[dict[str, Any]]] = {}
    for each in reversed(instruments()):
        row: dict[str, Any] = {"installed": each, "instrument": None, "problem": ""}
        try:
            row["instrument"] = load_instrument(each.id, each.version)
        except DataFileError as error:
            row["problem"] = i18n.sentence(error)
        rows.setdefault(each.id, []).append(row)
    return flask.render_template(
        "instruments/index.html",
        rows=sorted(rows.items()),
        language=i18n.current_language(),
        language_names={code: _(name) for code, name in LANGUAGE_NAMES.items()},
    )


@blueprint.get("/<instrument_id>/<version>")
@opens("instrument.read")
def show(instrument_id: str, version: str) -> Any:
    """One instrument: what it is, its scale, its dimensions and questions."""
    one = the_instrument(instrument_id, version)
    return render("show.html", one, "show", applies_names=_names(APPLIES_NAMES))


@blueprint.get("/<instrument_id>/<version>/questions/<question_id>")
@opens("instrument.read")
def question(instrument_id: str, version: str, question_id: str) -> Any:
    """One question with everything that the instrument says about it."""
    one = the_instrument(instrument_id, version)
    asked = one.question(question_id)
    place = one.questions.index(asked)
    models = reference_models()
    return render(
        "question.html",
        one,
        "show",
        question=asked,
        dimension=one.dimension(asked.dimension_id),
        pillar=one.pillar(asked.pillar_id) if asked.pillar_id else None,
        previous=one.questions[place - 1] if place else None,
        following=one.questions[place + 1] if place + 1 < len(one.questions) else None,
        groups=[stakeholder_groups()[each] for each in asked.asked_of],
        capabilities=[capabilities()[each] for each in asked.capabilities],
        registry=merged_provisions(db_session()),
        walk=[
            (models[model], [(item, models[model].items[item]) for item in found])
            for model in MODELS
            if (found := getattr(asked.crosswalk, model))
        ],
        applies_names=_names(APPLIES_NAMES),
        effort_names=_names(EFFORT_NAMES),
        cost_names=_names(COST_NAMES),
        phase_names=_names(PHASE_NAMES),
    )


@blueprint.get("/<instrument_id>/<version>/languages")
@opens("instrument.read")
def languages(instrument_id: str, version: str) -> Any:
    """How far each language has come: sentences missing, out of date, not yet reviewed."""
    one = the_instrument(instrument_id, version)
    return render(
        "languages.html",
        one,
        "languages",
        reports=[each for each in translation_report(one) if each.language in one.languages],
        absent=[
            _(LANGUAGE_NAMES[code])
            for code in LANGUAGES
            if code not in one.languages and code != SOURCE_LANGUAGE
        ],
        english={sentence.id: sentence.english for sentence in one.sentences()},
        language_names={code: _(name) for code, name in LANGUAGE_NAMES.items()},
    )


@blueprint.get("/<instrument_id>/<version>/coverage")
@opens("instrument.read")
def coverage_page(instrument_id: str, version: str) -> Any:
    """What the questions serve of resolutions, models and our own lists, and what they do not."""
    one = the_instrument(instrument_id, version)
    found = coverage(one, merged_provisions(db_session()))
    return render(
        "coverage.html",
        one,
        "coverage_page",
        parts_shown=[(each, part_name(each.key, each.title, each.name)) for each in found.parts],
        without_capability=found.without_capability,
    )


def part_name(key: str, title: str, name: str) -> str:
    """Return what a page calls a part of the coverage: our own title, or the model's name."""
    return _(title) if title else f"{name}"


@blueprint.get("/<instrument_id>/<version>/workbook")
@opens("instrument.read")
def workbook_file(instrument_id: str, version: str) -> Any:
    """The instrument as a workbook for subject experts."""
    one = the_instrument(instrument_id, version)
    right_to_left = i18n.direction_of(i18n.current_language()) == "rtl"
    data = workbook(one, right_to_left=right_to_left, translate=_)
    response = flask.Response(data, mimetype=XLSX)
    name = f"{one.id}-{one.version}.xlsx"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@blueprint.get("/<instrument_id>/compare")
@opens("instrument.read")
def compare_page(instrument_id: str) -> Any:
    """What differs between two versions of an instrument."""
    require(db_session(), actor(), "instrument.read")
    versions = [each.version for each in instruments() if each.id == instrument_id]
    if not versions:
        raise NotFoundError(N_("The instrument %(id)s is not installed here."), id=instrument_id)
    after = flask.request.args.get("after") or versions[-1]
    earlier = versions[versions.index(after) - 1] if after in versions[1:] else versions[0]
    before = flask.request.args.get("before") or earlier
    for version in (before, after):
        if version not in versions:
            raise NotFoundError(
                N_("The instrument %(id)s %(version)s is not installed here."),
                id=instrument_id,
                version=version,
            )
    found = compare(load_instrument(instrument_id, before), load_instrument(instrument_id, after))
    return render(
        "compare.html",
        found.after,
        "compare_page",
        comparison=found,
        versions=versions,
        before=before,
        after=after,
        fates=[(fate, _(FATE_NAMES[fate]), len(found.of(fate))) for fate in Fate],
        fate_names=_names(FATE_NAMES),
        fate_kinds=FATE_KINDS,
        part_label=part_label,
    )


def part_label(difference: Difference) -> str:
    """Return what a part of a question is called on a page, such as "step to level 3"."""
    return _(PART_NAMES[difference.part], detail=difference.detail)


def render(template: str, one: Instrument, tab: str, **context: Any) -> str:
    """Return a page of an instrument with its tabs."""
    here: dict[str, Any] = {"instrument_id": one.id, "version": one.version}
    tabs = [
        ("show", _("Questions"), flask.url_for(".show", **here)),
        ("coverage_page", _("Coverage"), flask.url_for(".coverage_page", **here)),
        ("languages", _("Languages"), flask.url_for(".languages", **here)),
    ]
    if len([each for each in instruments() if each.id == one.id]) > 1:
        url = flask.url_for(".compare_page", instrument_id=one.id, after=one.version)
        tabs.append(("compare_page", _("Versions compared"), url))
    return flask.render_template(
        f"instruments/{template}",
        instrument=one,
        here=here,
        language=i18n.current_language(),
        tabs=[{"url": url, "label": label, "current": name == tab} for name, label, url in tabs],
        **context,
    )


def _names(names: Any) -> dict[str, str]:
    return {key.value: _(name) for key, name in names.items()}
