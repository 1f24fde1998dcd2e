"""What the measurements of the exchange ask for: a server with a collection of invented objects."""

import base64
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from cirt.accounts import tokens
from cirt.accounts.models import Administration
from cirt.app import create_app
from cirt.db import Database
from cirt.incidents import circle_models, feed, object_store
from cirt.incidents.inbox import mentions
from cirt.incidents.inbox_models import MentionCursor
from cirt.incidents.store_models import FeedEntry
from cirt.jobs import Job
from cirt.settings import Settings, read_settings
from cirt.stix.marking import TLP
from cirt.stix.taxii_protocol import write_timestamp
from tests.server import ROOT, Server, free_port

SECONDS = float(os.environ.get("BENCH_SECONDS", "0.7"))
ACCEPT = "application/taxii+json;version=2.1"
_AT_ONCE = 1_000


def indicator(number: int) -> dict[str, object]:
    """Return an invented object of about 830 bytes; the same for the same number."""
    moment = "2026-01-01T00:00:00.000Z"
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--{uuid.UUID(bytes=uuid.uuid5(uuid.NAMESPACE_URL, str(number)).bytes, version=4)}",
        "created": moment,
        "modified": moment,
        "name": f"Address of an invented scanner, number {number}",
        "description": "Made for a measurement; nobody was attacked. " * 6,
        "pattern": f"[ipv4-addr:value = '192.0.2.{number % 256}'] AND [domain-name:value = 'h{number}.example.com']",
        "pattern_type": "stix",
        "valid_from": moment,
        "object_marking_refs": [TLP.GREEN.marking_id],
    }


@dataclass
class Exchange:
    """An installation with one circle into which objects are filled."""

    server: Server
    settings: Settings
    collection_id: uuid.UUID
    owner_id: uuid.UUID
    headers: dict[str, str]
    filled: int = 0

    @property
    def base(self) -> str:
        """Return where the collection is."""
        return f"/exchange/collections/{self.collection_id}"

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Give the database, as a process of its own meets it."""
        database: Database = create_app(self.settings).extensions["cirt"].database
        yield database
        database.dispose()

    def fill(self, size: int) -> None:
        """Fill the collection up to a size, by the functions that keep what machines send."""
        with self.database() as database:
            for start in range(self.filled, size, _AT_ONCE):
                with database.writing() as session:
                    items = [
                        object_store.incoming(indicator(number), self.owner_id, TLP.GREEN)
                        for number in range(start, min(start + _AT_ONCE, size))
                    ]
                    kept = object_store.keep(session, items, via="taxii")
                    feed.append(session, self.collection_id, kept)
            with database.writing() as session:
                # what the server would index in the background is taken as done
                session.execute(sa.delete(Job).where(Job.kind == mentions.JOB))
                session.merge(MentionCursor(collection_id=self.collection_id, seq=size))
                if not database.is_sqlite:  # as PostgreSQL itself does within a minute
                    session.execute(sa.text("ANALYZE"))
        self.filled = size

    def dates(self, positions: list[int]) -> list[str]:
        """Return when what stands at these positions of the feed was added."""
        query = sa.select(FeedEntry.added_us).where(FeedEntry.collection_id == self.collection_id)
        with self.database() as database, database.reading() as session:
            found = [session.scalars(query.where(FeedEntry.seq == one)).one() for one in positions]
        return [write_timestamp(one) for one in found]


def make_exchange(folder: Path, database_url: str) -> Exchange:
    """Return an installation whose server is not started yet."""
    server = Server(folder / "data", free_port(), ("serve",), database_url=database_url)
    subprocess.run(
        [sys.executable, "-m", "cirt", "demo", "--no-serve"],
        env=server.environment,
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings = read_settings(
        {}, data_dir=server.data_dir, **({"database_url": database_url} if database_url else {})
    )
    database = create_app(settings).extensions["cirt"].database
    with database.writing() as session:
        circle = session.scalars(
            sa.select(circle_models.Collection).where(
                circle_models.Collection.title == "Exchange test"
            )
        ).one()
        owner = session.scalars(sa.select(Administration).where(Administration.code == "XA")).one()
        row, token = tokens.make_token(
            session,
            None,
            administration=owner,
            label="bench",
            scopes=["taxii.read"],
            days=1,
            settings=settings,
        )
        found = Exchange(
            server,
            settings,
            circle.id,
            owner.id,
            {
                "Accept": ACCEPT,
                "Authorization": "Basic "
                + base64.b64encode(f"{row.username}:{token}".encode()).decode(),
            },
        )
    database.dispose()
    return found
