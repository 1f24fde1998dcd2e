"""The command line: every command as an operator types it, what it prints and what it refuses."""

import gzip
import hashlib
import io
import json
import os
import re
import socket
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, backups, cli, jobs, migrations, sqlite_engine
from cirt.access import Role
from cirt.accounts import directory, signing, tokens
from cirt.accounts.models import User
from cirt.app import open_installation
from cirt.cli import table_rows
from cirt.cli.archive_writing import write_archive
from cirt.clock import now
from cirt.db import Base, Database, open_database
from cirt.files import StoredFile, content_of, keep_file
from cirt.operations import audit_check, points
from cirt.setting_rows import ROWS
from cirt.settings import Settings, read_settings
from tests import postgresql
from tests.conftest import PASSWORD

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@dataclass
class Place:
    """One installation as the environment describes it."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    folder: Path
    url: str = ""

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """Run one command; return its exit code and what it printed."""
        self.choose()
        self.capsys.readouterr()
        code = cli.run([str(each) for each in arguments])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def done(self, *arguments: object) -> str:
        """Run one command that must succeed and return what it printed."""
        code, out, err = self.run(*arguments)
        assert (code, err) == (0, ""), err
        return out

    def refused(self, *arguments: object) -> str:
        """Run one command that must refuse and return its sentence."""
        code, _out, err = self.run(*arguments)
        assert code == 1
        assert err.startswith("cirt: ")
        assert "Traceback" not in err
        return err

    def choose(self) -> None:
        """Let the environment name this installation and nothing else."""
        for name in list(os.environ):
            if name.startswith("CIRT_"):
                self.monkeypatch.delenv(name)
        self.set(CIRT_DATA_DIR=str(self.folder))
        if self.url:
            self.set(CIRT_DATABASE_URL=self.url)
        for name, value in self.more.items():
            self.set(**{name: value})

    def set(self, **variables: str) -> None:
        """Set variables of the environment."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def __post_init__(self) -> None:
        self.more: dict[str, str] = {}

    @property
    def settings(self) -> Settings:
        """Return its settings."""
        return read_settings({"CIRT_DATABASE_URL": self.url}, data_dir=self.folder)

    def database(self) -> Database:
        """Return its database."""
        return open_database(self.settings)


PlaceOn = Callable[..., Place]
Demonstration = Callable[[Path], Path]


@pytest.fixture(autouse=True)
def _closed_databases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close what the commands opened, as the end of their process does."""
    opened: list[Database] = []
    make = Database.__init__

    def noted(database: Database, url: str, **options: int) -> None:
        make(database, url, **options)
        opened.append(database)

    monkeypatch.setattr(Database, "__init__", noted)
    yield
    for database in opened:
        database.dispose()


@pytest.fixture
def place_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[PlaceOn]:
    """Return an empty installation on an engine."""
    opened: list[Iterator[str]] = []

    def make(engine: str = "sqlite", name: str = "data") -> Place:
        url = ""
        if engine == "postgresql":
            opened.append(iter(postgresql.fresh_database(empty=True)))
            url = next(opened[-1])
        return Place(monkeypatch, capsys, tmp_path / name, url)

    yield make
    for each in opened:
        next(each, None)


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, place_on: PlaceOn) -> Place:
    """An empty installation, on each engine."""
    return place_on(request.param)


@pytest.fixture
def ready(place: Place) -> Place:
    """An installation with its first administrator, on each engine."""
    place.done("init", "--code", "xa", "--name", "State A", "--user", "root")
    return place


# init, serve, settings


def test_init_makes_the_tables_and_may_run_again(place: Place) -> None:
    assert f"at revision {migrations.newest()}" in place.done("init")
    assert migrations.is_current(place.database())
    place.done("init")


def test_init_adds_the_first_administrator_by_a_link(place: Place) -> None:
    printed = place.done("init", "--code", "xa", "--name", "State A", "--user", "root")
    link = re.search(r"http://127\.0\.0\.1:8000/welcome/([\w-]+)", printed)
    assert link is not None
    with place.database().writing() as session:
        user = directory.choose_password(session, link[1], PASSWORD, settings=place.settings)
        assert user.roles == {Role.ADMINISTRATOR}
        assert user.administration.code == "XA"


def test_init_adds_no_second_first_administrator(ready: Place) -> None:
    assert "users already" in ready.refused(
        "init", "--code", "XB", "--name", "State B", "--user", "second"
    )
    assert "second" not in ready.done("user", "list")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--user", "root"), "country code"),
        (("--user", "root", "--code", "XA"), "name in at least one language"),
        (("--user", "x", "--code", "XA", "--name", "A"), "3 to 64 small Latin letters"),
    ],
)
def test_init_says_what_is_missing(
    place_on: PlaceOn, arguments: tuple[str, ...], sentence: str
) -> None:
    place = place_on()
    assert sentence in place.refused("init", *arguments)
    with place.database().reading() as session:
        assert directory.administrations(session) == []


def test_serve_refuses_missing_tables(place: Place) -> None:
    assert "run `cirt init` first" in place.refused("serve")


def test_serve_refuses_a_taken_port(place_on: PlaceOn) -> None:
    place = place_on()
    place.done("init")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        place.more["CIRT_PORT"] = str(other.getsockname()[1])
        assert "CIRT_PORT" in place.refused("serve")


def test_settings_lists_every_setting_without_its_value(place_on: PlaceOn) -> None:
    place = place_on()
    place.more["CIRT_SECRET_KEY"] = "a-secret-that-nobody-prints-anywhere"
    printed = place.done("settings")
    for row in ROWS:
        assert re.search(rf"^{row.name}\b.*{re.escape(row.help)}$", printed, re.MULTILINE), row.name
    assert place.more["CIRT_SECRET_KEY"] not in printed


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"CIRT_PRT": "80"}, "CIRT_PRT is no setting"),
        ({"CIRT_PORT": "http"}, "CIRT_PORT is 'http'"),
        ({"CIRT_DATABASE_URL": "mysql://x"}, "CIRT_DATABASE_URL must begin with"),
        ({"CIRT_SECRET_KEY": "short"}, "CIRT_SECRET_KEY is too short"),
    ],
)
def test_wrong_setting_stops_a_command_by_its_name(
    place_on: PlaceOn, variables: dict[str, str], sentence: str
) -> None:
    place = place_on()
    place.more.update(variables)
    assert sentence in place.refused("init")


# which of the two the backup is for, only the operator knows
BOTH = ("backup", "x", "--passphrase-file", "y", "--recipient", "age1z")


@pytest.mark.parametrize(
    "arguments", [(), ("fly",), ("user",), ("token",), ("backup",), ("user", "add", "nadia"), BOTH]
)
def test_wrong_usage_ends_with_two(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(arguments)
    assert ended.value.code == 2
    assert "usage: cirt" in capsys.readouterr().err


def test_interrupted_command_ends_quietly(
    place_on: PlaceOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_database: Database) -> None:
        raise KeyboardInterrupt

    place = place_on()
    monkeypatch.setattr(migrations, "upgrade", interrupted)
    assert place.run("init") == (130, "", "")


# user


def _add_nadia(ready: Place) -> str:
    return ready.done(
        "user", "add", "nadia", "--administration", "xa", "--name", "Nadia", "--roles", "analyst"
    )


def test_user_add_prints_a_link_and_list_shows_the_person(ready: Place) -> None:
    assert "/welcome/" in _add_nadia(ready)
    lines = ready.done("user", "list").splitlines()
    assert [line.split() for line in lines] == [
        ["nadia", "XA", "active", "analyst"],
        ["root", "XA", "active", "administrator"],
    ]


def test_user_link_ends_the_earlier_link(ready: Place) -> None:
    old = _add_nadia(ready).strip().rsplit("/", 1)[1]
    new = ready.done("user", "link", "nadia").strip().rsplit("/", 1)[1]
    with ready.database().writing() as session:
        user = directory.choose_password(session, new, PASSWORD, settings=ready.settings)
        assert user.username == "nadia"
        with pytest.raises(directory.NotFoundError):
            directory.person_of_link(session, old, settings=ready.settings)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--roles": "machine"}, "at least one role"),
        ({"--roles": "chief"}, "Give roles out of this list"),
        ({"--administration": "XQ"}, "no administration with the code XQ"),
        ({"--name": " "}, "Give the person's name"),
    ],
)
def test_user_add_says_what_does_not_fit(
    place_on: PlaceOn, changed: dict[str, str], sentence: str
) -> None:
    place = place_on()
    place.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    options = {"--administration": "XA", "--name": "Nadia", "--roles": "analyst"} | changed
    arguments = [word for pair in options.items() for word in pair]
    assert sentence in place.refused("user", "add", "nadia", *arguments)
    assert "nadia" not in place.done("user", "list")


def test_user_add_refuses_a_taken_name(ready: Place) -> None:
    assert "is taken" in ready.refused(
        "user", "add", "root", "--administration", "XA", "--name", "R", "--roles", "analyst"
    )


def test_user_link_refuses_an_unknown_name(ready: Place) -> None:
    assert "no user with the name nobody" in ready.refused("user", "link", "nobody")


# token


def test_token_is_made_listed_and_ended(ready: Place) -> None:
    printed = ready.done(
        "token",
        "make",
        "--administration",
        "XA",
        "--label",
        "MISP",
        "--scopes",
        "taxii.read, taxii.write",
        "--days",
        "30",
    )
    found = dict(re.findall(r"^([\w ]+):\s+(\S.*)$", printed, re.MULTILINE))
    assert found["may do"] == "taxii.read, taxii.write"
    assert re.fullmatch(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC", found["valid"])
    assert found["discovery"] == "http://127.0.0.1:8000/taxii2/"
    with ready.database().reading() as session:
        actor = tokens.actor_of_token(
            session, found["token"], found["user name"], settings=ready.settings
        )
    assert actor is not None
    assert actor.scopes == {"taxii.read", "taxii.write"}
    listed = ready.done("token", "list")
    assert "MISP" in listed
    assert "taxii.read,taxii.write" in listed and "never used" in listed
    assert found["token"] not in listed
    assert "has ended" in ready.done("token", "end", listed.split()[0])
    assert "ended" in ready.done("token", "list")
    with ready.database().reading() as session:
        assert tokens.actor_of_token(session, found["token"], None, settings=ready.settings) is None


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--scopes": "taxii.read,everything"}, "no scope everything. Choose out of these: taxii"),
        ({"--scopes": " , "}, "at least one thing"),
        ({"--days": "731"}, "from 1 to 730"),
        ({"--administration": "XQ"}, "no administration with the code XQ"),
        ({"--label": " "}, "which machine"),
    ],
)
def test_token_make_says_what_does_not_fit(
    place_on: PlaceOn, changed: dict[str, str], sentence: str
) -> None:
    place = place_on()
    place.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    options = {"--administration": "XA", "--label": "MISP", "--days": "30"} | changed
    arguments = [word for pair in options.items() for word in pair]
    assert sentence in place.refused("token", "make", *arguments)
    assert place.done("token", "list") == ""


def test_token_end_refuses_an_unknown_token(ready: Place) -> None:
    assert ready.refused("token", "end", "00000000-0000-4000-8000-000000000000")


# backup and restore


def _filled(place: Place, demonstration_at: Demonstration) -> Place:
    """Load the demonstration, and add a file whose name and content are unusual."""
    place.choose()
    from cirt.cli.demonstration_folder import prepare

    if place.url:
        prepare(place.settings)
    else:
        demonstration_at(place.folder)
    installation = open_installation(place.settings)
    with installation.database.writing() as session:
        user = session.scalars(sa.select(User).where(User.username == "nadia")).unique().one()
        keep_file(
            session,
            installation.files,
            signing.actor_of(user),
            io.BytesIO("تقرير\r\n\u2028\U0001f512".encode()),
            name="تقرير.txt",
            tlp="amber",
        )
    installation.database.dispose()
    return place


def _content(place: Place) -> dict[str, list[str]]:
    """Return every row of every table, in one order on both engines."""
    database = place.database()
    with database.reading() as session:
        found = {
            table.name: sorted(line.decode() for line in table_rows.lines(session, table))
            for table in Base.metadata.sorted_tables
        }
    database.dispose()
    return found


def _files(place: Place) -> dict[str, bytes]:
    """Return every attachment by the name of its row."""
    installation = open_installation(place.settings)
    with installation.database.reading() as session:
        found = {
            row.name: content_of(installation.files, row).read_bytes()
            for row in session.scalars(sa.select(StoredFile))
        }
    installation.database.dispose()
    return found


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_backup_comes_back_whole_on_either_engine(
    place_on: PlaceOn, demonstration_at: Demonstration, tmp_path: Path, source: str, target: str
) -> None:
    first, second = _filled(place_on(source, "first"), demonstration_at), place_on(target, "second")
    file = tmp_path / "all.cirt"
    before, files = _content(first), _files(first)
    printed = first.done("backup", file)
    assert "It is not encrypted" in printed
    assert "Restored on trial: " in printed
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["all.cirt"]

    assert "every digest agrees" in second.done("restore", file)
    assert sum(len(rows) for rows in before.values()) > 300
    assert _content(second) == before
    assert len(files) >= 2
    assert _files(second) == files
    assert (second.folder / "secret.key").read_text() == (first.folder / "secret.key").read_text()
    with second.database().reading() as session:
        assert list(audit.broken_links(session)) == []


@pytest.mark.postgresql
def test_backup_comes_back_into_a_database_that_sorts_otherwise(
    place_on: PlaceOn, demonstration_at: Demonstration, tmp_path: Path
) -> None:
    """Where punctuation does not count, D10-Q1 stands before D1-Q1; by bytes it is the other way round."""
    first, second = (
        _filled(place_on("sqlite", "first"), demonstration_at),
        place_on("sqlite", "second"),
    )
    before = _content(first)
    first.done("backup", tmp_path / "all.cirt")
    address = postgresql.server()
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE cirt_sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US-u-ka-shifted'"
        )
        second.url = address.format(name="cirt_sorted")
        second.done("restore", tmp_path / "all.cirt")
        assert _content(second) == before
        connection.execute("DROP DATABASE cirt_sorted WITH (FORCE)")


def test_restored_demonstration_is_still_one(
    place_on: PlaceOn, demonstration_at: Demonstration, tmp_path: Path
) -> None:
    first, second = place_on("sqlite", "first"), place_on("sqlite", "second")
    demonstration_at(first.folder)
    first.done("backup", tmp_path / "all.cirt")
    second.done("restore", tmp_path / "all.cirt")
    assert second.settings.is_demonstration


def test_restored_installation_goes_on(place_on: PlaceOn, tmp_path: Path) -> None:
    first, second = place_on("sqlite", "first"), place_on("sqlite", "second")
    first.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    token = first.done("token", "make", "--administration", "XA", "--label", "MISP")
    first.done("backup", tmp_path / "all.cirt")
    second.done("restore", tmp_path / "all.cirt")
    _add_nadia(second)
    text = re.search(r"cirt_\S+", token)
    assert text is not None
    with second.database().reading() as session:
        assert tokens.actor_of_token(session, text[0], None, settings=second.settings)
        assert list(audit.broken_links(session)) == []


def test_backup_with_a_passphrase_opens_with_that_one_alone(
    place_on: PlaceOn, tmp_path: Path
) -> None:
    first = place_on("sqlite", "first")
    first.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    (tmp_path / "right").write_text("four words and a comma\n")
    (tmp_path / "wrong").write_text("other words")
    file, before = tmp_path / "all.age", _content(first)
    printed = first.done("backup", file, "--passphrase-file", tmp_path / "right")
    assert "not encrypted" not in printed
    assert file.read_bytes().startswith(b"age-encryption.org/")

    second = place_on("sqlite", "second")
    assert "name the file of its passphrase" in second.refused("restore", file)
    assert "does not open" in second.refused(
        "restore", file, "--passphrase-file", tmp_path / "wrong"
    )
    assert migrations.revision_of(second.database()) is None
    second.done("restore", file, "--passphrase-file", tmp_path / "right")
    assert _content(second) == before


def _rewritten(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar.getmembers()}
        parts = {name: file.read() if file else b"" for name, file in files.items()}
    change(parts)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, part in parts.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(part)
            tar.addfile(entry, io.BytesIO(part))
    return buffer.getvalue()


def _other_name(parts: dict[str, bytes]) -> None:
    name = "tables/administration/000000.jsonl"
    parts[name] = parts[name].replace(b"State A", b"State B")


def _without_the_key(parts: dict[str, bytes]) -> None:
    del parts["secret.key"]


def _of_tomorrow(parts: dict[str, bytes]) -> None:
    parts["about.json"] = parts["about.json"].replace(b'"format": 2', b'"format": 3')


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: content[: len(content) // 2], "damaged"),
        (lambda content: b"", "damaged"),
        (lambda content: b"A letter to the team.", "damaged"),
        (lambda content: gzip.compress(b"not a tar archive"), "damaged"),
        (lambda content: _rewritten(content, _other_name), "does not agree with its digests"),
        (lambda content: _rewritten(content, _without_the_key), "does not agree with its digests"),
        (lambda content: _rewritten(content, _of_tomorrow), "newer version"),
    ],
)
def test_damaged_backup_is_refused_and_nothing_is_made(
    place_on: PlaceOn, tmp_path: Path, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    first, second = place_on("sqlite", "first"), place_on("sqlite", "second")
    first.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    file = tmp_path / "all.cirt"
    first.done("backup", file)
    file.write_bytes(damage(file.read_bytes()))
    assert sentence in second.refused("restore", file)
    assert migrations.revision_of(second.database()) is None
    assert not second.settings.files_dir.exists()


def test_backup_of_broken_records_is_refused_and_leaves_room_for_another(
    place: Place, place_on: PlaceOn, tmp_path: Path
) -> None:
    first = place_on("sqlite", "first")
    first.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    first.done("backup", tmp_path / "good.cirt")
    with first.database().writing() as session:
        session.execute(sa.update(audit.AuditEntry).values(outcome="changed"))
    assert "audit chain in this backup is broken" in first.refused("backup", tmp_path / "no.cirt")
    assert not (tmp_path / "no.cirt").exists()
    with (tmp_path / "broken.cirt").open("wb") as file:
        write_archive(first.settings, first.database(), file)
    assert "audit chain in this backup is broken" in place.refused(
        "restore", tmp_path / "broken.cirt"
    )
    place.done("restore", tmp_path / "good.cirt")


def test_file_outside_the_folder_is_refused(place_on: PlaceOn, tmp_path: Path) -> None:
    def outside(parts: dict[str, bytes]) -> None:
        parts["files/../../evil"] = b"evil"
        manifest = json.loads(parts["manifest.json"])
        manifest["sha256"]["files/../../evil"] = hashlib.sha256(b"evil").hexdigest()
        parts["manifest.json"] = json.dumps(manifest).encode()

    first, second = place_on("sqlite", "first"), place_on("sqlite", "second")
    first.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    file = tmp_path / "all.cirt"
    first.done("backup", file)
    file.write_bytes(_rewritten(file.read_bytes(), outside))
    assert "outside its folder" in second.refused("restore", file)
    assert migrations.revision_of(second.database()) is None
    assert not (second.folder / "evil").exists()
    assert not (tmp_path / "evil").exists()


def test_names_that_lead_nowhere_are_told(place_on: PlaceOn, tmp_path: Path) -> None:
    place = place_on()
    place.done("init")
    absent = tmp_path / "absent" / "all.cirt"
    assert str(absent) in place.refused("backup", absent)
    assert str(absent) in place.refused("restore", absent)
    here = tmp_path / "all.cirt"
    assert str(absent) in place.refused("backup", here, "--passphrase-file", absent)
    assert not here.exists()
    (tmp_path / "empty").write_text("\n")
    assert "is empty" in place.refused("backup", here, "--passphrase-file", tmp_path / "empty")
    assert not here.exists()


def test_installation_with_data_is_not_restored_into(ready: Place, tmp_path: Path) -> None:
    ready.done("backup", tmp_path / "all.cirt")
    _add_nadia(ready)
    assert "has tables already" in ready.refused("restore", tmp_path / "all.cirt")
    assert "nadia" in ready.done("user", "list")


# check


def test_check_refuses_a_demonstration(place_on: PlaceOn, demonstration_at: Demonstration) -> None:
    place = place_on()
    demonstration_at(place.folder)
    place.more |= {"CIRT_PUBLIC_URL": "https://cirt.example.org", "CIRT_PROXIES": "1"}
    with place.database().writing() as session:
        _note_backup(session)
    code, out, _err = place.run("check")
    assert code == 1
    assert "PROBLEM not a demonstration" in out
    assert out.count("PROBLEM") == 1
    assert "Not fit for production: 1 problem(s)." in out


@pytest.fixture
def fit(ready: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """An installation that `cirt check` finds fit."""
    # the machine that runs the tests may be nearly full
    monkeypatch.setattr(points.shutil, "disk_usage", lambda _path: _Usage(10**12, 0, 10**12))
    ready.more["CIRT_PUBLIC_URL"] = "https://cirt.example.org"
    ready.more["CIRT_PROXIES"] = "1"
    with ready.database().writing() as session:
        _note_backup(session)
        audit.record(session, None, "user.add", "user_account:1")
    out = ready.done("check")
    assert "PROBLEM" not in out
    assert "Fit for production." in out
    return ready


def _note_backup(session: Session, *, encrypted: bool = True) -> None:
    backups.note(session, file="x", bytes=1, sha256="0", rows=1, seconds=1, encrypted=encrypted)


@dataclass
class _Usage:
    total: int
    used: int
    free: int


def _problem(place: Place) -> str:
    """Return the only problem that the check shows."""
    code, out, _err = place.run("check")
    problems = [line for line in out.splitlines() if line.startswith("PROBLEM")]
    assert code == 1
    assert len(problems) == 1, out
    return problems[0]


def test_check_shows_a_missing_https_address(fit: Place) -> None:
    del fit.more["CIRT_PUBLIC_URL"]
    assert "CIRT_PUBLIC_URL" in _problem(fit)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such permissions")
@pytest.mark.parametrize("name", ["", "secret.key"])
def test_check_shows_what_others_can_read(fit: Place, name: str) -> None:
    (fit.folder / name).chmod(0o755)
    assert "chmod go-rwx" in _problem(fit)


def test_check_shows_a_clock_that_is_behind(fit: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    assert "clock is behind" in _problem(fit)


def test_check_shows_a_full_disk(fit: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    full = _Usage(10**12, 10**12 - 10**7, 10**7)
    monkeypatch.setattr(points.shutil, "disk_usage", lambda _path: full)
    assert "only 9 MB are free" in _problem(fit)


def test_check_shows_an_old_sqlite_library(
    place_on: PlaceOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_on()
    place.done("init")
    monkeypatch.setattr(sqlite_engine, "is_safe_for_wal", lambda: False)
    _code, out, _err = place.run("check")
    assert "install pysqlite3" in out


def test_check_shows_missing_tables_once_and_without_a_fault(place: Place) -> None:
    with place.database().engine.connect():  # the file is there
        pass
    code, out, err = place.run("check")
    assert (code, err) == (1, "")
    assert "PROBLEM tables: run `cirt init`" in out
    assert "cannot be checked" not in out and "audit chain" not in out
    assert "run `cirt init` first" in place.refused("token", "list")


def test_check_says_once_that_the_database_is_away(place_on: PlaceOn) -> None:
    place = place_on()
    place.done("init")
    place.more["CIRT_DATABASE_URL"] = "postgresql://cirt:hush-hush@127.0.0.1:1/none"
    place.more["CIRT_REPLICA_URL"] = "postgresql://cirt:hush-hush@127.0.0.1:1/replica"
    code, out, err = place.run("check")
    assert (code, err) == (1, "")
    assert "PROBLEM database: it does not answer (OperationalError): see that it runs" in out
    assert "PROBLEM replica: it does not answer (OperationalError): see that it runs" in out
    assert "cannot be checked" not in out and "hush-hush" not in out
    assert "ok      time zones" in out


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("token", "list"),
        ("user", "link", "root"),
        ("backup", "all.cirt"),
        ("move", "--to", "sqlite:////tmp/none/x"),
        ("erase-again",),
        ("serve",),
    ],
)
def test_command_for_an_installation_makes_none(
    place_on: PlaceOn, command: tuple[str, ...]
) -> None:
    place = place_on()
    sentence = place.refused(*command)
    assert f"There is no installation in {place.folder}: run `cirt init` first" in sentence
    assert not place.folder.exists()


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"cirt \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_check_shows_a_changed_audit_entry(fit: Place) -> None:
    with fit.database().writing() as session:
        session.execute(
            sa.update(audit.AuditEntry)
            .where(audit.AuditEntry.n == 2)
            .values(action="something.else")
        )
    assert "entry 2: its content was changed" in _problem(fit)


def test_check_shows_removed_audit_entries(fit: Place) -> None:
    with fit.database().writing() as session:
        last = session.scalar(sa.select(sa.func.max(audit.AuditEntry.n)))
        session.execute(sa.delete(audit.AuditEntry).where(audit.AuditEntry.n == last))
    assert "newest entries are missing" in _problem(fit)


def test_check_shows_failed_work(fit: Place) -> None:
    with fit.database().writing() as session:
        session.add(jobs.Job(kind="jobs.forget", payload={}, state="failed"))
    assert "1 job(s) failed" in _problem(fit)


def test_check_shows_work_that_nobody_does(fit: Place) -> None:
    past = now() - timedelta(minutes=20)
    with fit.database().writing() as session:
        session.add(jobs.Job(kind="jobs.forget", payload={}, run_at=past))
    assert "work waits for 20 minutes: is `cirt serve` running" in _problem(fit)


def test_check_shows_a_missing_an_old_and_an_open_backup(
    fit: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(points, "BACKUP_OLD", timedelta(0))
        assert "is 0 days old" in _problem(fit)
    with fit.database().writing() as session:
        _note_backup(session, encrypted=False)
    assert "is not encrypted" in _problem(fit)
    monkeypatch.setattr(backups, "SUBJECT", "another")
    assert "no backup was ever made" in _problem(fit)


def test_check_shows_weak_settings(fit: Place, tmp_path: Path) -> None:
    fit.more["CIRT_PROXIES"] = "0"
    assert "CIRT_PROXIES is 0" in _problem(fit)
    fit.more |= {"CIRT_PROXIES": "1", "CIRT_PEER_LOOPBACK": "yes"}
    assert "CIRT_PEER_LOOPBACK" in _problem(fit)
    secret = tmp_path / "passphrase"
    secret.write_text("four words and a comma")
    secret.chmod(0o600)
    (fit.folder / "backups").mkdir(mode=0o700)
    fit.more |= {
        "CIRT_PEER_LOOPBACK": "no",
        "CIRT_BACKUP_DIR": str(fit.folder / "backups"),
        "CIRT_BACKUP_PASSPHRASE_FILE": str(secret),
    }
    assert "CIRT_BACKUP_DIR is within CIRT_DATA_DIR" in _problem(fit)
    del fit.more["CIRT_BACKUP_DIR"]
    secret.chmod(0o644)
    assert "others can read passphrase" in _problem(fit)


def test_check_shows_a_clock_that_went_back(fit: Place) -> None:
    with fit.database().writing() as session:
        audit.record(session, None, "user.add", "user_account:1")
        session.info["audit"][0] = replace(session.info["audit"][0], at=now() + timedelta(hours=1))
    assert "is from the future" in _problem(fit)


def test_check_shows_a_damaged_database_file(place_on: PlaceOn) -> None:
    place = place_on("sqlite")
    place.done("init", "--code", "XA", "--name", "State A", "--user", "root")
    path = place.folder / "cirt.sqlite3"
    with place.database().engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[8192 * 40 : 8192 * 60] = os.urandom(8192 * 20)
    path.write_bytes(content)
    _code, out, _err = place.run("check")
    assert "PROBLEM database file: the database file is damaged" in out


def test_check_speaks_to_machines(fit: Place) -> None:
    document = json.loads(fit.done("check", "--json"))
    assert document["fit"] is True
    assert all(point["ok"] for point in document["points"])
    del fit.more["CIRT_PUBLIC_URL"]
    code, out, _err = fit.run("check", "--json")
    document = json.loads(out)
    wrong = [point["point"] for point in document["points"] if not point["ok"]]
    assert (code, document["fit"], wrong) == (1, False, ["address and TLS"])


def test_check_of_a_long_trail_begins_where_it_was_whole(
    fit: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old entry is looked at when everything is; a new one, or after a forged point, at once."""
    monkeypatch.setattr(audit_check, "LITTLE", 0)
    entry = audit.AuditEntry

    def action_of(n: int, change_to: str = "") -> str:
        with fit.database().writing() as session:
            found = session.scalars(sa.select(entry.action).where(entry.n == n)).one()
            if change_to:
                session.execute(sa.update(entry).where(entry.n == n).values(action=change_to))
            return found

    fit.done("check")
    first = action_of(1, "something.else")
    fit.done("check")
    assert "entry 1: its content was changed" in fit.run("check", "--full")[1]
    path = fit.folder / audit_check.FILE
    kept = path.read_text()
    path.write_text(kept.replace("+00:00", "+00:01", 1))
    assert "entry 1: its content was changed" in _problem(fit)
    path.write_text(kept)
    action_of(1, first)
    with fit.database().writing() as session:
        audit.record(session, None, "user.add", "user_account:1")
    with fit.database().reading() as session:
        last = session.scalar(sa.select(sa.func.max(entry.n))) or 0
    action_of(last, "something.else")
    assert f"entry {last}: its content was changed" in _problem(fit)
