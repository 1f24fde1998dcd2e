"""Fixtures of every test: real public data, both databases, the application, the cast."""

import copy
import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import flask
import hypothesis
import pytest
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from cirt import models
from cirt.accounts import passwords
from cirt.app import create_app
from cirt.db import Base, Database
from cirt.settings import Settings, read_settings
from cirt.web import Installation
from tests import demonstrations, postgresql, shared_work
from tests.api_answers import CheckedClient, Machine
from tests.cast import PASSWORD, Cast, KeptCast, keep_cast, store_cast, token_with
from tests.name_plans import names_are_sought

assert models and names_are_sought

ROOT = Path(__file__).resolve().parent.parent
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - of the machine that runs the tests
_KEPT_CAST = pytest.StashKey[KeptCast]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the collector of garbage pass by what stays for the whole run: else it costs a third."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 30)


def pytest_configure(config: pytest.Config) -> None:
    """Keep the databases in memory where the machine has it (no test needs a disk); share work."""
    shared_work.compile_addresses_once()
    shared_work.compile_statements_once()
    # no test is timed: a loaded machine is no fault of the program
    hypothesis.settings.register_profile(
        "untimed", hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name()),
        deadline=None,
    )  # fmt: skip
    hypothesis.settings.load_profile("untimed")
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
    with _left_whole(f"sqlite:///{path}") as database, database.writing() as session:
        Base.metadata.create_all(session.connection())
    return path


@contextmanager
def _left_whole(url: str) -> Iterator[Database]:
    """Open a database, and leave it so that it can be copied."""
    database = Database(url)
    yield database
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables: each data test runs on both engines.

    For a test that asks for the cast, it is a copy of one in which the cast is stored.
    """
    kept: KeptCast | None = None
    if "cast" in request.fixturenames:
        kept = request.getfixturevalue(f"_{request.param}_cast")
        request.node.stash[_KEPT_CAST] = kept
        (tmp_path / "data").mkdir(mode=0o700)
        (tmp_path / "data" / "secret.key").write_text(kept.secret_key)
        (tmp_path / "data" / "secret.key").chmod(0o600)
    if request.param == "sqlite":
        path = tmp_path / "cirt.sqlite3"
        template = kept.template if kept else request.getfixturevalue("sqlite_template")
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
    else:
        yield from postgresql.fresh_database(template=kept.template if kept else None)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a test installation."""
    return read_settings({}, data_dir=tmp_path / "data", database_url=database_url)


@pytest.fixture
def app(settings: Settings, _cheap_passwords: None) -> Iterator[flask.Flask]:
    """The application on a fresh database, with CSRF checks as in service."""
    application = create_app(settings)
    shared_work.load_templates_once(application)
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


@pytest.fixture
def cast(request: pytest.FixtureRequest, database: Database, settings: Settings) -> Cast:
    """The cast, stored in the database."""
    kept = request.node.stash.get(_KEPT_CAST, None)
    if kept is None:
        return store_cast(database, settings)
    assert settings.secret_key == kept.secret_key, "its tokens would not be known"
    return copy.deepcopy(kept.cast)


@pytest.fixture(scope="session")
def _sqlite_cast(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None
) -> KeptCast:
    folder = tmp_path_factory.mktemp("sqlite-cast")
    path = folder / "template.sqlite3"
    shutil.copyfile(sqlite_template, path)
    with _left_whole(f"sqlite:///{path}") as database:
        return keep_cast(database, path, folder)


@pytest.fixture(scope="session")
def _postgresql_cast(
    tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None
) -> Iterator[KeptCast]:
    for url in postgresql.fresh_database():
        folder = tmp_path_factory.mktemp("postgresql-cast")
        with _left_whole(url) as database:
            kept = keep_cast(database, database.url.database, folder)
        yield kept


@pytest.fixture(scope="session")
def demonstration_at(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Return what makes a folder that is not there yet the data folder of a loaded demonstration."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # one for all workers
    return partial(demonstrations.copied, demonstrations.loaded(folder / "demonstration"))


class Browser:
    """A signed-in person's browser: posts carry the form token of a page, as real ones do."""

    def __init__(self, client: FlaskClient, username: str | None) -> None:
        self.client = client
        self.username = username
        self._form_tokens: dict[str, str] = {}

    def get(self, url: str, **arguments: Any) -> Any:
        """Ask for a page."""
        return self.client.get(url, **arguments)

    def form_token(self) -> str:
        """Return a valid form token of this browser's session, of the page that it saw first."""
        secret = self._session().get("csrf_token")
        if secret is None or secret not in self._form_tokens:
            page = self.client.get("/help").get_data(as_text=True)
            secret = self._session()["csrf_token"]
            self._form_tokens[secret] = page.split('name="csrf_token" value="', 1)[1].split('"')[0]
        return self._form_tokens[secret]

    def _session(self) -> dict[str, Any]:
        app = self.client.application
        cookie = self.client.get_cookie("cirt")
        serializer = SecureCookieSessionInterface().get_signing_serializer(app)
        return serializer.loads(cookie.value) if cookie and serializer else {}

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
