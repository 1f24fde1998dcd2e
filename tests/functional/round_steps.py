"""What the tests of rounds do often: a small instrument of a published model, a next round."""

import tempfile
import uuid
from pathlib import Path

from cirt.assessments.conduct import advance
from cirt.assessments.instruments.installing import install_folder
from cirt.assessments.lifecycle import Act, State
from cirt.assessments.models import Assessment
from cirt.assessments.rounds.succession import start_next_round
from tests.functional.assessment_steps import led_to

SERVICES = ("sim3", "0.1.0")  # as its own instrument would ask, in three questions of three levels

_MODEL = """\
id: sim3
version: 0.1.0
title: "A small SIM3"
description: "Three parameters."
notice: "A model of somebody else."
scale: {"0": "Absent", "1": "Known", "2": "Written"}
dimensions:
  - id: O
    title: "Organisation"
    description: "Where the team stands."
    crosswalk: {}
    questions:
"""
_QUESTION = """\
      - id: %(id)s
        text: "Is there %(id)s?"
        why: "It helps."
        levels: {"0": "No %(id)s.", "1": "Known %(id)s.", "2": "Written %(id)s."}
        evidence: ["A paper"]
        weight: 1
        capabilities: [mandate-and-resources]
        crosswalk: {sim3: [%(id)s]}
        applies: always
"""


def install_small_sim3(data_dir: Path) -> tuple[str, str]:
    """Install three parameters of SIM3 in the data folder and return id and version."""
    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(_QUESTION % {"id": each} for each in ("O-1", "O-3", "O-10"))
        (Path(folder) / "model.yml").write_text(_MODEL + rows, encoding="utf-8")
        install_folder(Path(folder), data_dir / "instruments" / "sim3" / "0.1.0")
    return SERVICES


def next_round(database, cast, last_id: uuid.UUID, *, by: str = "farid", version="1.0.0", **more):
    """Lock a round, start the next one, begin it, and return its id."""
    led_to(database, cast, last_id, State.AGREED, by=by)
    with database.writing() as session:
        last = session.get_one(Assessment, last_id)
        following = start_next_round(
            session,
            cast.actors[by],
            last,
            title=more.get("title", "Round two"),
            instrument_version=version,
            language="en",
            cirt_exists=None,
            copy_scope=True,
            copy_participants=True,
        )
        advance(session, cast.actors[by], following, Act.BEGIN)
        return following.id
