"""An installation with real server processes on one database, and machines that talk to it."""

import http.client
import random
import re
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cirt import migrations
from cirt.accounts import tokens
from cirt.accounts.models import Administration
from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.settings import Settings, read_settings
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast, store_cast
from tests.server import Server, free_port

MEDIA_TYPE = "application/taxii+json;version=2.1"

BUSY = (409, 429, 503, 507)
"""Answers after which a machine tries again, with nothing kept of the first try."""

_OBJECT = (
    b'{"type":"indicator","spec_version":"2.1","id":"indicator--%08x-0000-4000-8000-%012x",'
    b'"created":"2026-01-02T03:04:05.000Z","modified":"2026-01-02T03:04:05.000Z",'
    b'"pattern":"[ipv4-addr:value = \'192.0.2.1\']","pattern_type":"stix",'
    b'"valid_from":"2026-01-02T03:04:05Z","object_marking_refs":["%s"]}'
)

_MARKING = TLP.GREEN.marking_id.encode()

_NAMED = re.compile(rb'"id": ?"indicator--([0-9a-f]{8})-0000-4000-8000-([0-9a-f]{12})"')


class CutError(Exception):
    """The connection broke: nothing is known of what became of the request."""


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: Any
    body: bytes

    @property
    def names(self) -> list[int]:
        """Return the objects of a page, or of a manifest, each as a number."""
        return [int(writer, 16) << 48 | int(n, 16) for writer, n in _NAMED.findall(self.body)]


@dataclass
class Site:
    """An installation with one or several server processes on one database."""

    database: Database
    folder: Path
    servers: list[Server]
    cast: Cast
    circle_id: uuid.UUID
    faults: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def path(self) -> str:
        """Return the address of the collection's objects."""
        return f"/exchange/collections/{self.circle_id}/objects/"


@dataclass
class Machine:
    """A client of one administration; after a break it goes to any of the servers."""

    site: Site
    token: str
    chance: random.Random
    connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Send a request. Raises CutError when no answer came."""
        try:
            connection = self._sent(method, path, body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise CutError from error

    def ask_and_leave(self, method: str, path: str, body: bytes) -> None:
        """Send a request, whole or in part, and hang up before the answer."""
        with suppress(OSError, http.client.HTTPException):
            connection = self._connected()
            connection.putrequest(method, path)
            for name, value in self._headers(body).items():
                connection.putheader(name, value)
            connection.endheaders()
            connection.send(body[: self.chance.choice([len(body), len(body) // 2])])
            time.sleep(self.chance.choice([0, 0.02]))
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _sent(self, method: str, path: str, body: bytes | None) -> http.client.HTTPConnection:
        connection = self._connected()
        connection.request(method, path, body=body, headers=self._headers(body))
        return connection

    def _connected(self) -> http.client.HTTPConnection:
        if self.connection is None:
            server = self.chance.choice(self.site.servers)
            self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        return self.connection

    def _headers(self, body: bytes | None) -> dict[str, str]:
        found = {"Authorization": f"Bearer {self.token}", "Accept": MEDIA_TYPE}
        if body is not None:
            found |= {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
        return found


def envelope(writer: int, numbers: range) -> bytes:
    """Return an envelope of a writer's objects with these numbers."""
    objects = b",".join(_OBJECT % (writer, number, _MARKING) for number in numbers)
    return b'{"objects":[%s]}' % objects


@contextmanager
def running(
    url: str,
    folder: Path,
    *,
    workers: tuple[int, ...] = (1,),
    module: str = "cirt",
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Site]:
    """Run an installation on an empty database, with a circle into which machines may write.

    workers: of each server process; several servers share the database.
    """
    data = folder / "data"
    database = Database(url)
    migrations.upgrade(database)
    settings_here = read_settings({}, data_dir=data, database_url=url)
    cast = store_cast(database, settings_here)
    sharing.add_administrations(database, cast, "XD XE")
    circle_id = sharing.make_circle(database, cast, "XA XB XC", writing=MachineWriting.DIRECT)
    for who in ("omar", "boris"):
        sharing.give_standing_approval(database, cast, circle_id, who)
    for code in ("XD", "XE"):
        cast.tokens[code] = _new_token(database, settings_here, cast, code)
    sharing.set_member(database, cast, circle_id, "XE", reads=False, contributes=True)
    processes = [
        Server(
            data,
            free_port(),
            ("serve",),
            url,
            {**settings, "CIRT_WORKERS": str(number)},
            module=module,
        )
        for number in workers
    ]
    try:
        for one in processes:
            one.start()
        yield Site(database, folder, processes, cast, circle_id)
    finally:
        for one in processes:
            one.kill()
        database.dispose()


def _new_token(database: Database, settings: Settings, cast: Cast, code: str) -> str:
    with database.writing() as session:
        administration = session.get_one(Administration, cast.administrations[code])
        _row, text = tokens.make_token(
            session,
            None,
            administration=administration,
            label=f"machine of {code}",
            scopes=sorted(tokens.SCOPES),
            days=30,
            settings=settings,
        )
    return text
