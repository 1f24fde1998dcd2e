"""What every page of releases shares: its address, loading, and what stands against an approval."""

import uuid
from datetime import timedelta
from typing import Any

import flask
import sqlalchemy as sa
from flask_babel import gettext as _

from cirt import access, i18n
from cirt.clock import now
from cirt.incidents.case_models import Incident
from cirt.incidents.case_pages import local, note_reading
from cirt.incidents.circle_models import Collection, CollectionKind
from cirt.incidents.legal_bases import legal_bases
from cirt.incidents.release_models import Release, ReleaseState, StandingApproval
from cirt.incidents.release_outlook import (
    channel_of,
    has_second_person,
    may_be_approved_from,
    preparer_for,
    staleness,
)
from cirt.incidents.release_policy import POLICY_SENTENCES, need_of
from cirt.incidents.release_sections import SECTION_NAMES, Section
from cirt.incidents.release_words import KIND_NAMES, STATE_KINDS, STATE_NAMES
from cirt.web import actor, db_session, installation

blueprint = flask.Blueprint("releases", __name__)


@blueprint.context_processor
def _words() -> dict[str, Any]:
    """Let the templates of releases name what a release holds."""
    return {
        "state_name": lambda row: _(STATE_NAMES[row.state]),
        "state_kind": STATE_KINDS,
        "audience_name": audience_name,
        "section_name": section_name,
        "legal_basis_name": legal_basis_name,
        "kind_name": lambda row: _(KIND_NAMES[row.kind]),
        "recall_url": recall_url,
        "preparer_name": preparer_name,
        "decider_name": decider_name,
    }


def release_for(release_id: uuid.UUID) -> tuple[Release, Incident | None]:
    """Return a release that the actor may see and its incident, noted as read.

    The incident is None for what goes back to a producer.
    """
    row = access.load(db_session(), actor(), Release, release_id, seen_by="release.read")
    if row.incident_id is None:
        return row, None
    incident = db_session().get_one(Incident, row.incident_id)
    note_reading(incident, "release")
    return row, incident


def releases_of(incident: Incident) -> list[Release]:
    """Return the releases of an incident, the newest first."""
    query = (
        access.visible(actor(), Release, "release.read")
        .where(Release.incident_id == incident.id)
        .order_by(sa.func.coalesce(Release.ended_at, Release.prepared_at).desc())
    )
    return list(db_session().scalars(query).unique())


def waiting_releases() -> list[Release]:
    """Return the open releases that the actor may see, newest first."""
    query = (
        access.visible(actor(), Release, "release.read")
        .where(Release.state == ReleaseState.PREPARED.value)
        .order_by(Release.prepared_at.desc(), Release.id)
    )
    return list(db_session().scalars(query).unique())


def obstacle_of(row: Release, incident: Incident | None) -> str:
    """Return why an open release cannot be approved any more, "" if it can."""
    if not row.is_open:
        return ""
    found = staleness(db_session(), row, incident, row.collection)
    return _(found) if found else ""


def policy_of(row: Release) -> str:
    """Return what must happen, or for a decided release what has happened, as a sentence."""
    need: str = row.policy
    if row.is_open:
        others = has_second_person(db_session(), row.administration_id, _preparer(row))
        incident = db_session().get(Incident, row.incident_id) if row.incident_id else None
        need = need_of(row.label, channel_of(incident), has_second_person=others)
    return _(POLICY_SENTENCES[need])


def delay() -> timedelta:
    """Return how long a one-person team waits."""
    return timedelta(hours=installation().settings.release_delay_hours)


def keep_days() -> int:
    """Return how long released bodies stay here where no time was asked for; 0 for no end."""
    return installation().settings.release_keep_days


def is_alone(row: Release) -> bool:
    """Return whether the actor prepared it and no second person could approve it."""
    if actor().user_id != _preparer(row):
        return False
    return not has_second_person(db_session(), row.administration_id, _preparer(row))


def preparer_name(row: Release) -> str:
    """Return who prepared a release: a person, or a machine by the label of its token."""
    if row.preparer is not None:
        return row.preparer.name
    return _("%(label)s (machine)", label=row.token.label if row.token else "")


def decider_name(row: Release) -> str:
    """Return who decided about a release, "" while nobody has."""
    if row.ender is not None:
        return row.ender.name
    if row.approval_id is None:
        withdrew = row.prepared_token is not None and row.state == ReleaseState.WITHDRAWN
        return preparer_name(row) if withdrew else ""
    approval = db_session().get(StandingApproval, row.approval_id)
    return approval.approver.name if approval else ""


def _preparer(row: Release) -> uuid.UUID:
    user_id = actor().user_id
    assert user_id is not None  # noqa: S101 - pages are for people
    return preparer_for(db_session(), row, user_id)


def approvable_from(row: Release) -> Any:
    """Return from when the actor may approve alone; None when that is not the case or is past."""
    moment = may_be_approved_from(row, delay())
    return moment if is_alone(row) and moment > now() else None


def audience_name(collection: Collection) -> str:
    """Return the title of a circle, or the name of the administration that something is for."""
    if collection.kind != CollectionKind.DIRECT or not collection.members:
        return collection.title
    return collection.members[0].administration.name_in(i18n.current_language())


def section_name(section: str) -> str:
    """Return the name of a section."""
    return _(SECTION_NAMES[Section(section)])


def legal_basis_name(basis: str) -> str:
    """Return the name of a legal basis, its id where it is not in the list any more."""
    found = legal_bases().get(basis)
    return local(found) if found else basis


def recall_url(incident: Incident | None) -> str:
    """Return where an incident is recalled, "" where nobody can."""
    endpoint = "recall.start"
    if incident is None or endpoint not in flask.current_app.view_functions:
        return ""
    return flask.url_for(endpoint, incident_id=incident.id)
