"""The daily backup: made by a process of its own, noted in the audit trail, old ones removed.

`cirt backup` makes the file and restores it on trial; the work here calls it, so that neither its
memory nor its computing is the serving process's.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.audit import INSTALLATION, AuditEntry
from cirt.clock import now
from cirt.errors import N_, UnavailableError
from cirt.jobs import Effect, Task, handles
from cirt.settings import Settings

JOB: Final = "backup.make"
SUBJECT: Final = "backup"
_NAME = re.compile(r"cirt-\d{8}T\d{6}Z\.cirt\.age")
_CHECKOUT = Path(__file__).resolve().parent.parent
_PASSED_ON: Final = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Backup:
    """A backup that was made and restored on trial. seconds: how long both took."""

    at: datetime
    file: str
    bytes: int
    rows: int
    seconds: int
    encrypted: bool


def note(session: Session, **details: Any) -> None:
    """Note in the audit trail that a backup was made and passed its trial."""
    audit.record(session, None, "backup.make", SUBJECT, **details)


def newest(session: Session) -> Backup | None:
    """Return the newest backup that passed its trial; None when there never was one."""
    query = (
        sa.select(AuditEntry)
        .where(AuditEntry.chain_id == INSTALLATION, AuditEntry.subject == SUBJECT)
        .order_by(AuditEntry.at.desc(), AuditEntry.n.desc())
        .limit(1)
    )
    entry = session.scalars(query).one_or_none()
    if entry is None:
        return None
    details = entry.details
    return Backup(
        entry.at,
        str(details["file"]),
        int(details["bytes"]),
        int(details["rows"]),
        int(details["seconds"]),
        bool(details["encrypted"]),
    )


def _is_wanted(services: Any) -> bool:
    return services.settings.backup_dir is not None


@handles(JOB, name=N_("Backup and its trial"), daily=True, when=_is_wanted, long=True)
def _make(task: Task) -> Effect:
    settings: Settings = task.services.settings
    folder = settings.backup_dir
    if folder is None:
        raise UnavailableError(N_("No folder for backups is set any more: CIRT_BACKUP_DIR."))
    for left in folder.glob(".cirt-*.part"):  # of a process that was killed
        if now().timestamp() - left.stat().st_mtime > 86400:
            left.unlink(missing_ok=True)
    path = folder / f"cirt-{now():%Y%m%dT%H%M%SZ}.cirt.age"
    for done, of in _run(settings, path, task):
        task.progress(done, of)
    removed = remove_old(folder, settings.backup_keep, path)

    def effect(_session: Session) -> dict[str, Any]:
        return {"file": path.name, "bytes": path.stat().st_size, "removed": removed}

    return effect


def _run(settings: Settings, path: Path, task: Task) -> Iterator[tuple[int, int]]:
    """Run `cirt backup` and yield its progress. Raises UnavailableError with its sentence."""
    command = [sys.executable, "-m", "cirt", "backup", str(path), "--progress"]
    process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(settings),
        cwd=_CHECKOUT,
    )
    try:
        assert process.stdout is not None and process.stderr is not None  # noqa: S101 - for the type checker
        yield 0, 1
        for line in process.stdout:
            words = line.split()
            if words[:1] == ["progress"]:
                yield int(words[1]), int(words[2])
        said = process.stderr.read().strip().rpartition("\n")[2]
        if process.wait() != 0:
            sentence = said.removeprefix("cirt: ") if said.startswith("cirt: ") else ""
            raise UnavailableError(FAILED, reason=sentence or f"exit {process.returncode}")
    finally:  # also when the work was cancelled: the process removes its half file
        if process.poll() is None:
            process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        process.communicate()


FAILED = N_("No backup was made: %(reason)s")


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(one for one in sys.path if one),
        "CIRT_DATA_DIR": str(settings.data_dir),
        "CIRT_DATABASE_URL": settings.database_url,
        "CIRT_SECRET_KEY": settings.secret_key,
        "CIRT_BACKUP_PASSPHRASE": settings.backup_passphrase,
        "CIRT_BACKUP_RECIPIENT": settings.backup_recipient,
    }


def remove_old(folder: Path, keep: int, made: Path) -> int:
    """Remove all but the newest `keep` backups of a folder; return how many went.

    Only files that this work named are looked at, and never the one that was just made.
    """
    names = sorted(one.name for one in folder.iterdir() if _NAME.fullmatch(one.name))
    old = [name for name in names[:-keep] if name != made.name]
    for name in old:
        (folder / name).unlink(missing_ok=True)
    return len(old)
