"""A server process as an operator starts it, with the tests' cast and a circle that machines write to."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.settings import Settings, read_settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast, store_cast
from tests.server import ROOT, Server, free_port


@dataclass(frozen=True)
class Running:
    """A running server. circle: XA and XB, written to directly by both; empty: another one."""

    server: Server
    settings: Settings
    database: Database
    cast: Cast
    circle: uuid.UUID
    empty: uuid.UUID

    @property
    def url(self) -> str:
        """Return its address."""
        return self.server.url

    def collection(self, circle: uuid.UUID | None = None) -> str:
        """Return the address of a circle's collection, the first one's unless told otherwise."""
        return f"{self.url}/exchange/collections/{circle or self.circle}/"

    def new_circle(
        self, title: str, alias: str = "", writing: MachineWriting = MachineWriting.DIRECT
    ) -> uuid.UUID:
        """Make a circle of XA and XB, moderated by XB, under standing approvals of both."""
        return _circle(self.database, self.cast, title, alias, writing)


def _circle(
    database: Database,
    cast: Cast,
    title: str,
    alias: str = "",
    writing: MachineWriting = MachineWriting.DIRECT,
) -> uuid.UUID:
    found = sharing.make_circle(
        database, cast, title=title, alias=alias, writing=writing, moderators="XB"
    )
    for who in ("omar", "boris"):
        sharing.give_standing_approval(database, cast, found, who, TLP.AMBER_STRICT)
    return found


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Start a server on SQLite in a folder of its own, and stop it."""
    server = Server(folder / "data", free_port(), ("serve",))
    server.data_dir.mkdir()
    subprocess.run(
        [sys.executable, "-m", "cirt", "init"],
        env=server.environment,
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    settings = read_settings({"CIRT_PORT": str(server.port)}, data_dir=server.data_dir)
    database = Database(settings.database)
    try:
        cast = store_cast(database, settings)
        yield Running(
            server.start(),
            settings,
            database,
            cast,
            _circle(database, cast, "Machines of two", "machines-of-two"),
            _circle(database, cast, "Nothing in it"),
        )
    finally:
        database.dispose()
        server.kill()
