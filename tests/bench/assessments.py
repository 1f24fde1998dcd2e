"""How fast people are served: lists, results and comparisons among many countries and rounds."""

import http.cookiejar
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt.accounts.models import Administration, AdministrationKind, User
from cirt.assessments.instruments import latest_instrument
from cirt.assessments.instruments.model import Instrument
from cirt.assessments.lifecycle import GrantRole, State
from cirt.assessments.models import Answer, AnswerVersion, Assessment, AssessmentGrant
from cirt.clock import now
from cirt.db import Database
from cirt.settings import read_settings
from tests.server import ROOT, Server, free_port

COUNTRIES = 193
ROUNDS = 5
TIMES = 20
HEAD = ["| database | page | median | slowest of twenty |", "| --- | --- | --- | --- |"]


def _fill(database: Database, instrument: Instrument, assessor: User) -> uuid.UUID:
    """Store the rounds as they are after their workshops; return the last round of one country."""
    chance = random.Random(193)
    moment = now()
    last = uuid.uuid4()
    for country in range(COUNTRIES):
        administration_id = uuid.uuid4()
        previous: uuid.UUID | None = None
        with database.writing() as session:
            session.add(
                Administration(
                    id=administration_id,
                    code=f"B{country:03d}",
                    names={"en": f"Country {country}"},
                    team_name=f"Team {country}",
                    kind=AdministrationKind.MEMBER_STATE,
                )
            )
            session.flush()
            for number in range(1, ROUNDS + 1):
                last = uuid.uuid4()
                session.add(
                    Assessment(
                        id=last,
                        administration_id=administration_id,
                        title=f"Round {number}",
                        instrument_id=instrument.id,
                        instrument_version=instrument.version,
                        language="en",
                        cirt_exists=True,
                        state=State.CLOSED if number < ROUNDS else State.COLLECTING,
                        closed_at=moment if number < ROUNDS else None,
                        profile="operational",
                        previous_id=previous,
                        round=number,
                        answered_at=moment - timedelta(days=365 * (ROUNDS - number)),
                        created_at=moment - timedelta(days=365 * (ROUNDS - number)),
                    )
                )
                session.flush()
                session.add(
                    AssessmentGrant(
                        assessment_id=last,
                        user_id=assessor.id,
                        role=GrantRole.ASSESSOR,
                        until=moment + timedelta(days=30),
                    )
                )
                rows = [_answer(last, each.id, instrument, chance) for each in instrument.questions]
                session.execute(sa.insert(Answer), rows)
                session.execute(
                    sa.insert(AnswerVersion),
                    [
                        {key: value for key, value in row.items() if key != "updated_at"}
                        | {"at": row["updated_at"]}
                        for row in rows
                    ],
                )
                previous = last
    return last


def _answer(
    assessment_id: uuid.UUID, question_id: str, instrument: Instrument, chance: random.Random
) -> dict[str, Any]:
    return {
        "assessment_id": assessment_id,
        "question_id": question_id,
        "revision": 1,
        "state": "level",
        "level": chance.randint(0, instrument.top),
        "comment": "What was said and shown. " * 4,
        "confidence": chance.choice(("low", "medium", "high")),
        "language": "en",
        "instrument_version": instrument.version,
        "updated_at": now(),
    }


class Person:
    """A browser without a screen, signed in."""

    def __init__(self, server: Server, role: str) -> None:
        jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.url = server.url
        user = server.user(role)
        self.username = user["username"]
        token = self.get("/sign-in").split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
        form = {"csrf_token": token, "username": user["username"], "password": user["password"]}
        data = urllib.parse.urlencode(form).encode()
        with self.opener.open(f"{self.url}/sign-in", data) as answer:
            assert "/sign-in" not in answer.url, answer.url

    def get(self, path: str) -> str:
        """Return a page."""
        with self.opener.open(self.url + path) as answer:
            return str(answer.read().decode())

    def times(self, path: str) -> list[float]:
        """Return how many milliseconds the page took, each time."""
        self.get(path)
        found = []
        for _number in range(TIMES):
            begin = time.perf_counter()
            self.get(path)
            found.append((time.perf_counter() - begin) * 1000)
        return found


def measure(name: str, database_url: str) -> Iterator[str]:
    """Yield the rows of one database engine."""
    with tempfile.TemporaryDirectory() as temporary:
        server = Server(Path(temporary) / "data", free_port(), database_url=database_url)
        subprocess.run(
            [sys.executable, "-m", "cirt", "demo", "--no-serve"],
            env=server.environment,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        instrument = latest_instrument("cirt-readiness")
        settings = read_settings(
            {}, data_dir=server.data_dir, **({"database_url": database_url} if database_url else {})
        )
        database = Database(settings.database)
        username = server.user("assessor")["username"]
        with database.reading() as session:
            assessor = session.scalars(sa.select(User).where(User.username == username)).one()
        assessment_id = _fill(database, instrument, assessor)
        database.dispose()
        server.start()
        try:
            person = Person(server, "assessor")
            pages = -(-COUNTRIES * ROUNDS // 50)
            one = f"/assessments/{assessment_id}"
            for what, path in (
                ("start page", "/"),
                ("list of assessments, first page", "/assessments/"),
                ("list of assessments, last page", f"/assessments/?page={pages}"),
                ("task list of one assessment", one),
                ("results with verdict and change since the last round", f"{one}/results"),
                (f"comparison of {ROUNDS} rounds", f"{one}/compare"),
                ("plan", f"{one}/plan"),
            ):
                times = person.times(path)
                yield (
                    f"| {name} | {what} | {statistics.median(times):.0f} ms | {max(times):.0f} ms |"
                )
        finally:
            server.kill()
