"""Settings: name, type, default and help in one row each (setting_rows); a wrong value stops the start."""

import contextlib
import os
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any

from cirt.errors import N_, SettingError
from cirt.setting_rows import ROWS

KEY_LENGTH = 32  # characters


@dataclass(frozen=True)
class Settings:
    """Every setting, read and checked once at the start."""

    data_dir: Path
    database_url: str
    host: str
    port: int
    public_url: str
    proxies: int
    secret_key: str
    language: str
    max_upload_mb: int
    idle_minutes: int
    session_hours: int
    release_delay_hours: int
    release_keep_days: int
    peer_networks: tuple[IPv4Network | IPv6Network, ...]
    peer_authorities: Path | None
    peer_loopback: bool
    threads: int
    workers: int
    partitions: int
    replica_url: str
    api_requests_per_minute: int
    backup_dir: Path | None
    backup_keep: int
    backup_passphrase: str
    backup_recipient: str
    log: str
    demonstration: bool

    @property
    def database(self) -> str:
        """Return the SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'cirt.sqlite3').as_posix()}"

    @property
    def connections(self) -> int:
        """Return how many connections to PostgreSQL one worker opens at most.

        A request holds one and may need a second for a note of its own; background work is two
        more, with their notes.
        """
        return 2 * self.threads + 6

    @property
    def url(self) -> str:
        """Return the address that people type, without a slash at the end."""
        # listening on every address, as in a container, it is reached on this machine's own
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def secure(self) -> bool:
        """Return whether people reach this installation by https."""
        return self.public_url.startswith("https://")

    @property
    def is_demonstration(self) -> bool:
        """Return whether every page says so: by the setting, or because the data are a demonstration's."""
        return self.demonstration or (self.data_dir / "demonstration").exists()

    @property
    def files_dir(self) -> Path:
        """Return the folder of uploaded files."""
        return self.data_dir / "files"


def _from_file(name: str, environment: Mapping[str, str]) -> str | None:
    path = environment.get(f"{name}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            N_("%(name)s_FILE names %(value)s, which cannot be read: %(reason)s."),
            name=name,
            value=repr(path),
            reason=getattr(error, "strerror", None) or "it is no text",
        ) from error


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Return the settings of this process.

    environment: variable name -> text (default os.environ); for each name, NAME_FILE may
    name a file that holds the value. overrides: attribute -> value, already typed.
    Raises SettingError with the variable's name and the remedy.
    """
    environment = os.environ if environment is None else environment
    known = {row.name for row in ROWS} | {f"{row.name}_FILE" for row in ROWS}
    for name in environment:
        if name.startswith("CIRT_") and name not in known and name != "CIRT_REAL_DATA":
            raise SettingError(
                N_(
                    "%(name)s is no setting of this program: remove it. `cirt settings` lists them."
                ),
                name=name,
            )
    values: dict[str, Any] = {}
    for row in ROWS:
        if row.attribute in overrides:
            continue
        text = environment.get(row.name)
        if text is None:
            text = _from_file(row.name, environment)
        values[row.attribute] = row.read(row.name, row.default if text is None else text)
    values.update(overrides)
    assert set(values) == {field.name for field in fields(Settings)}  # noqa: S101 - rows and fields belong together
    return _with_secret_key(_fitting(Settings(**values)))


def _fitting(settings: Settings) -> Settings:
    """Return settings that fit each other; raises SettingError."""
    if settings.backup_passphrase and settings.backup_recipient:
        raise SettingError(
            N_("%(name)s are both set: a backup is encrypted with the one or for the other."),
            name="CIRT_BACKUP_PASSPHRASE / CIRT_BACKUP_RECIPIENT",
        )
    if settings.backup_dir and not (settings.backup_passphrase or settings.backup_recipient):
        raise SettingError(
            N_(
                "%(name)s is set, and backups hold every secret: set CIRT_BACKUP_PASSPHRASE_FILE or"
                " CIRT_BACKUP_RECIPIENT too."
            ),
            name="CIRT_BACKUP_DIR",
        )
    is_sqlite = str(settings.database).startswith("sqlite")
    if is_sqlite and settings.workers > 1:
        raise SettingError(
            N_(
                "%(name)s is %(value)s, and SQLite has one process that writes: set it to 1, or move to"
                " PostgreSQL with `cirt move`."
            ),
            name="CIRT_WORKERS",
            value=settings.workers,
        )
    if is_sqlite and settings.replica_url:
        raise SettingError(
            N_("%(name)s is set, and SQLite has no replicas: remove it."), name="CIRT_REPLICA_URL"
        )
    return settings


def _with_secret_key(settings: Settings) -> Settings:
    if settings.secret_key:
        if len(settings.secret_key) < KEY_LENGTH:
            raise SettingError(
                N_("%(name)s is too short: use at least 32 random characters."),
                name="CIRT_SECRET_KEY",
            )
        return settings
    path = settings.data_dir / "secret.key"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            _make_key(path)
        return Settings(**{**_as_dict(settings), "secret_key": _kept_key(path)})
    except OSError as error:
        raise SettingError(
            N_("%(name)s is %(value)s, where nothing can be written: %(reason)s."),
            name="CIRT_DATA_DIR",
            value=repr(str(settings.data_dir)),
            reason=error.strerror or "",
        ) from error


def _make_key(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())  # what is encrypted with it must not outlive it


def _kept_key(path: Path) -> str:
    for _ in range(20):  # another process may be writing it at this moment
        key = path.read_text(encoding="ascii", errors="replace").strip()
        if len(key) >= KEY_LENGTH:
            return key
        time.sleep(0.05)
    raise SettingError(
        N_(
            "%(name)s holds a damaged key, %(value)s: bring it back from a backup, or remove it to have"
            " a new one made; links, tokens and second factors made with the old one then end."
        ),
        name="CIRT_DATA_DIR",
        value=repr(str(path)),
    )


def _as_dict(settings: Settings) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in fields(Settings)}
