"""The demonstration's incidents: recorded with their observables, one imported from a MISP event."""

import hashlib
import io
import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from cirt import jobs
from cirt.cli import demonstration_impacts
from cirt.cli.demonstration_impacts import hours_before
from cirt.cli.demonstration_people import Stage, seed
from cirt.clock import now
from cirt.datafiles import DataMap, data_path, read_map
from cirt.errors import UnavailableError
from cirt.files import keep_file
from cirt.incidents import cases, misp_import, tally
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident
from cirt.incidents.observables import NewObservable, add_observables
from cirt.incidents.rights import IMPORT_JOB
from cirt.stix.marking import TLP
from cirt.stix.observables import observable

assert misp_import  # noqa: S101 - imported for the handler of the import


def load(stage: Stage) -> None:
    """Add the incidents in one transaction, the imported one as its job does, then the tally."""
    data = read_map(seed("incidents.yml"))
    with stage.installation.database.writing() as session:
        for one in data.sections("incidents"):
            stage.incidents[one.text("key")] = _add_incident(session, stage, one)
    _import(stage, data.section("misp"))
    with stage.installation.database.writing() as session:
        _publish_tally(session, stage, data.section("tally"))


def _paragraphs(text: str) -> str:
    """Return a text without the line ends that only keep the file narrow."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text.strip())


def _add_incident(session: Session, stage: Stage, one: DataMap) -> uuid.UUID:
    actor, moment = stage.actors[one.text("by")], now()
    times = one.section("hours_ago")
    readers = [stage.actors[name].user_id for name in one.texts("readers")]
    incident = cases.create_incident(
        session,
        actor,
        CaseDetails(
            title=one.text("title"),
            description=_paragraphs(one.text("description")),
            language=one.text("language"),
            rsit=one.text("kind"),
            severity=one.integer("severity", 0, 5) if "severity" in one else None,
            tlp=TLP(one.text("tlp")),
            determination=one.text("determination"),
            investigation_status=one.text("status"),
            started_at=hours_before(times, "started", moment),
            detected_at=hours_before(times, "detected", moment),
            reported_at=hours_before(times, "reported", moment),
            ended_at=hours_before(times, "ended", moment),
            sectors=one.texts("sectors"),
            countries=one.texts("countries"),
            techniques=one.texts("techniques"),
            pap=one.optional_text("pap") or "",
            detection_methods=one.texts("detected_by"),
            entity_counts=dict(one.section("counts")) if "counts" in one else {},
            failed=one.texts("failed"),
            held=one.texts("held"),
            readers=frozenset(reader for reader in readers if reader is not None),
        ),
    )
    first_observed = hours_before(times, "started", moment)
    add_observables(
        session,
        actor,
        incident,
        [
            NewObservable(
                observable=observable(each.text("type"), _value(each)),
                is_indicator=bool(each.get("indicator", False)),
                is_victim=bool(each.get("victim", False)),
                comment=each.get("comment", ""),
                **_seen(each, moment, first_observed),
            )
            for each in one.sections("observables")
        ],
    )
    demonstration_impacts.add(session, stage, incident, one, moment)
    return incident.id


def _seen(each: DataMap, moment: datetime, started: datetime | None) -> dict[str, Any]:
    """Return when and how often an observable was seen; without a word, since the beginning."""
    if "seen" not in each:
        return {"first_observed": started}
    seen = each.section("seen")
    return {
        "first_observed": hours_before(seen, "first", moment),
        "last_observed": hours_before(seen, "last", moment),
        "count": seen.integer("count", 1, 10**9),
    }


def _value(each: DataMap) -> str:
    """Return the value as written, or the SHA-256 of the text that stands for a file."""
    if "digest_of" in each:
        return hashlib.sha256(each.text("digest_of").encode()).hexdigest()
    return each.text("value")


def _import(stage: Stage, one: DataMap) -> None:
    """Upload the event, run the job that reads it, and note in the incident where it comes from."""
    installation, actor = stage.installation, stage.actors[one.text("by")]
    name = one.text("file")
    content = data_path("seed", "misp", name).read_bytes()
    with installation.database.writing() as session:
        row = keep_file(
            session,
            installation.files,
            actor,
            io.BytesIO(content),
            name=name,
            tlp=TLP.AMBER_STRICT.value,
        )
        job_id = jobs.enqueue(session, IMPORT_JOB, {"file_id": str(row.id)}, actor=actor).id
    jobs.run_pending(installation.database, installation)
    with installation.database.writing() as session:
        job = session.get_one(jobs.Job, job_id)
        if job.state != "done" or job.result is None:
            raise UnavailableError(job.message or "%(kind)s", **job.message_params, kind=job.kind)
        (found,) = job.result["incidents"]
        incident = session.get_one(Incident, uuid.UUID(found["incident_id"]))
        details = cases.details_of(incident)
        cases.edit_incident(
            session,
            actor,
            incident,
            replace(
                details, description=f"{details.description}\n\n{_paragraphs(one.text('source'))}"
            ),
            revision=incident.form_revision,
        )


def _publish_tally(session: Session, stage: Stage, one: DataMap) -> None:
    """Publish the bands of the days up to this one, as they were shown."""
    actor, until = stage.actors[one.text("by")], now().date()
    since = until - timedelta(days=one.integer("days", 1, 3650))
    shown = tally.draft_tally(session, actor, since=since, until=until)
    tally.publish_tally(session, actor, since=since, until=until, sha256=shown.sha256)
