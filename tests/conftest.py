"""Fixtures of every test: real public data, both databases, the application, the cast."""

import gc
import os
import shutil
import socket
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import flask
import pytest
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from cirt import models
from cirt.access import Actor, Role
from cirt.accounts import directory, passwords, signing, tokens
from cirt.accounts.models import Administration, AdministrationKind, User
from cirt.app import create_app
from cirt.db import Base, Database
from cirt.settings import Settings, read_settings
from cirt.web import Installation
from tests import postgresql
from tests.api_answers import CheckedClient, Machine

assert models

ROOT = Path(__file__).resolve().parent.parent
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - of the machine that runs the tests
PASSWORD = "orange-tractor-mirrors-38"


def _compile_addresses_once() -> None:
    """Let applications of this process share what builds the addresses of equal rules."""
    compile_builder = Rule._compile_builder
    kept: dict[Any, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = (*rule._trace, append_unknown, repr(rule.defaults))
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = builder  # type: ignore[method-assign,assignment]


_compile_addresses_once()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of garbage pass by what stays for the whole run: else it costs a third."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 30)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the databases of the tests in memory where the machine has it: no test needs a disk."""
    if config.option.basetemp is None and not hasattr(config, "workerinput"):
        with suppress(OSError):
            if shutil.disk_usage(SHARED_MEMORY).free > 4_000_000_000:
                folder = tempfile.mkdtemp(prefix="cirt-tests-", dir=SHARED_MEMORY)
                config.option.basetemp = Path(folder) / "tests"
                config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real public data; the test is skipped, saying so, where it is absent."""
    folder = Path(os.environ.get("CIRT_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.md").is_file():
        pytest.skip(f"real data absent: set CIRT_REAL_DATA (looked in {folder})")
    return folder


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to another host."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def _cheap_passwords() -> Iterator[None]:
    """Argon2 at its cheapest for the test accounts; its own test uses the real cost."""
    from argon2 import PasswordHasher

    kept = passwords._hasher
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._absent.cache_clear()
    yield
    passwords._hasher = kept
    passwords._absent.cache_clear()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        Base.metadata.create_all(session.connection())
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables: each data test runs on both engines."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = tmp_path / "cirt.sqlite3"
        path.write_bytes(template.read_bytes())
        yield f"sqlite:///{path}"
    else:
        yield from postgresql.fresh_database()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a test installation."""
    return read_settings({}, data_dir=tmp_path / "data", database_url=database_url)


class _Compiled(BytecodeCache):
    """Templates compiled once for all applications of this process."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what an earlier application compiled."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for the next."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture
def app(settings: Settings, _cheap_passwords: None) -> Iterator[flask.Flask]:
    """The application on a fresh database, with CSRF checks as in service."""
    application = create_app(settings)
    application.jinja_env.bytecode_cache = _Compiled()
    application.testing = False  # faults become error pages, as in service
    application.test_client_class = CheckedClient
    yield application
    application.extensions["cirt"].database.dispose()


@pytest.fixture
def installation(app: flask.Flask) -> Installation:
    """The installation behind the application."""
    found: Installation = app.extensions["cirt"]
    return found


@pytest.fixture
def database(installation: Installation) -> Database:
    """The database behind the application."""
    return installation.database


@dataclass
class Cast:
    """Who plays in the tests: three administrations and an assessing body, all user-assigned codes.

    XA and XB share circles, XC never does. People are found by user name.
    """

    administrations: dict[str, uuid.UUID] = field(default_factory=dict)
    users: dict[str, uuid.UUID] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)


PEOPLE: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("root", "XZ", (Role.ADMINISTRATOR,)),
    ("amina", "XZ", (Role.ASSESSOR,)),
    ("carla", "XA", (Role.CONTRIBUTOR,)),
    ("rene", "XZ", (Role.REVIEWER,)),
    ("farid", "XA", (Role.FOCAL_POINT,)),
    ("nadia", "XA", (Role.ANALYST,)),
    ("omar", "XA", (Role.RELEASING_OFFICER,)),
    ("boris", "XB", (Role.ANALYST, Role.RELEASING_OFFICER)),
    ("bela", "XB", (Role.FOCAL_POINT,)),
    ("chen", "XC", (Role.ANALYST, Role.RELEASING_OFFICER, Role.FOCAL_POINT)),
)


@pytest.fixture
def cast(database: Database, settings: Settings) -> Cast:
    """The cast, stored in the database."""
    return store_cast(database, settings)


def store_cast(database: Database, settings: Settings) -> Cast:
    """Store the cast in a database of a test's own, and return it."""
    found = Cast()
    with database.writing() as session:
        for code, kind in (
            ("XA", AdministrationKind.MEMBER_STATE),
            ("XB", AdministrationKind.MEMBER_STATE),
            ("XC", AdministrationKind.MEMBER_STATE),
            ("XZ", AdministrationKind.ASSESSING_BODY),
        ):
            row = directory.add_administration(
                session,
                None,
                code=code,
                names={"en": f"Administration {code}", "ar": f"الإدارة {code}"},
                team_name=f"CIRT {code}",
                kind=kind,
            )
            found.administrations[code] = row.id
        for username, code, roles in PEOPLE:
            user = directory.add_user(
                session,
                None,
                administration=session.get_one(Administration, found.administrations[code]),
                username=username,
                name=username.title(),
                roles=roles,
                password=PASSWORD,
            )
            found.users[username] = user.id
            found.actors[username] = signing.actor_of(user)
        for code in ("XA", "XB", "XC"):
            _row, text = tokens.make_token(
                session,
                None,
                administration=session.get_one(Administration, found.administrations[code]),
                label=f"machine of {code}",
                scopes=sorted(tokens.SCOPES),
                days=30,
                settings=settings,
            )
            found.tokens[code] = text
    return found


class Browser:
    """A signed-in person's browser: posts carry the form token of a page, as real ones do."""

    def __init__(self, client: FlaskClient, username: str | None) -> None:
        self.client = client
        self.username = username

    def get(self, url: str, **arguments: Any) -> Any:
        """Ask for a page."""
        return self.client.get(url, **arguments)

    def form_token(self) -> str:
        """Return a valid form token of this browser's session."""
        page = self.client.get("/help").get_data(as_text=True)
        return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]

    def post(self, url: str, data: dict[str, Any] | None = None, **arguments: Any) -> Any:
        """Send a form."""
        return self.client.post(
            url, data={"csrf_token": self.form_token(), **(data or {})}, **arguments
        )


@pytest.fixture
def browser(app: flask.Flask, cast: Cast) -> Callable[[str | None], Browser]:
    """Return a browser signed in as a person of the cast (None: nobody)."""

    def make(username: str | None) -> Browser:
        browser = Browser(app.test_client(), username)
        if username is not None:
            answer = browser.post("/sign-in", {"username": username, "password": PASSWORD})
            assert answer.status_code == 302, answer.get_data(as_text=True)
        return browser

    return make


@pytest.fixture
def machine(app: flask.Flask, cast: Cast) -> Callable[[str], Machine]:
    """Return the machine of an administration, such as "XA", which holds every scope."""
    return lambda code: Machine(app.test_client(), cast.tokens[code])


@pytest.fixture
def machine_with(
    app: flask.Flask, cast: Cast, database: Database, settings: Settings
) -> Callable[..., Machine]:
    """Return a machine of an administration with these scopes: `machine_with("XA", "taxii.read")`."""

    return lambda code, *scopes: Machine(
        app.test_client(), token_with(database, settings, cast, code, *scopes)
    )


def token_with(database: Database, settings: Settings, cast: Cast, code: str, *scopes: str) -> str:
    """Return a new token of an administration with these scopes."""
    with database.writing() as session:
        _row, text = tokens.make_token(
            session,
            None,
            administration=session.get_one(Administration, cast.administrations[code]),
            label=f"machine of {code} with {len(scopes)} scopes",
            scopes=scopes,
            days=30,
            settings=settings,
        )
    return text


def user_of(session: Any, cast: Cast, username: str) -> User:
    """Return the row of a person of the cast."""
    user: User = session.get_one(User, cast.users[username])
    return user
