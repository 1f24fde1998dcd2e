"""Making one backup file: written, encrypted, and restored on trial before it counts as made."""

import hashlib
import io
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cirt.cli.age_stream import Lock, Opener, Sealer, Sink, opened
from cirt.cli.archive_reading import Found
from cirt.cli.archive_trial import restore_for_trial
from cirt.cli.archive_writing import write_archive
from cirt.db import Database
from cirt.errors import N_, InvalidInputError, UnavailableError
from cirt.settings import Settings

UNUSABLE = N_("%(path)s cannot be read or written: %(reason)s. Check the name and the folder.")
OTHER_BYTES = N_("The backup on the disk is not what was written. Check the disk.")
PART = ".part"
PIECE = 1 << 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """A backup that was made and restored on trial."""

    path: Path
    bytes: int
    sha256: str
    rows: int
    seconds: float


def make_backup(
    settings: Settings,
    database: Database,
    path: Path,
    *,
    lock: Lock | None = None,
    opener: Opener | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Made:
    """Write a backup to a file and restore it on trial; there is a file only if both went well.

    lock: whom it is encrypted for, None: for nobody. opener: what opens it. Without one, an
    encrypted backup is tried as it is before encryption, while it is written, and the file is
    then compared with what was written by its digest.
    Raises InvalidInputError, UnavailableError.
    """
    started = time.monotonic()
    seen: dict[str, int] = {"written": 0, "tried": 0, "of": 0}

    def told(**now: int) -> None:
        seen.update(now)
        progress(seen["written"] + seen["tried"], 2 * seen["of"])

    def written(done: int, of: int) -> None:
        told(written=done, of=of)

    def tried(rows: int) -> None:
        told(tried=rows)

    try:
        with _whole_or_nothing(path) as file:
            out = _Hashed(file)
            if lock is not None and opener is None:
                found = _write_and_try(settings, database, out, lock, written, tried)
                _compare(file, out)
            else:
                _write(settings, database, out, lock, written)
                out.to_disk()
                file.seek(0)
                read = _Hashed(file)
                source = opened(read, opener) if lock and opener else read
                found = restore_for_trial(source, settings.data_dir, tried)
                if read.digest.digest() != out.digest.digest():
                    raise UnavailableError(OTHER_BYTES)
    except OSError as error:
        raise InvalidInputError(UNUSABLE, path=path, reason=error.strerror or str(error)) from error
    seconds = round(time.monotonic() - started, 1)
    return Made(path, out.size, out.digest.hexdigest(), found.rows, seconds)


def _write(
    settings: Settings, database: Database, out: Sink, lock: Lock | None, told: Progress
) -> dict[str, Any]:
    if lock is None:
        return write_archive(settings, database, out, told)
    sealer = Sealer(out, lock)
    manifest = write_archive(settings, database, sealer, told)
    sealer.finish()
    return manifest


def _write_and_try(
    settings: Settings,
    database: Database,
    out: "_Hashed",
    lock: Lock,
    written: Progress,
    tried: Callable[[int], None],
) -> Found:
    """Write and encrypt; what is encrypted goes through a pipe to the trial at the same time."""
    trial = _TrialThread(settings.data_dir, tried)
    sealer = Sealer(out, lock)
    try:
        write_archive(settings, database, _Both(sealer, trial.inlet), written)
        sealer.finish()
        out.to_disk()
    except BrokenPipeError:  # the trial ended early, and says why
        trial.result()
        raise
    finally:
        trial.end()
    return trial.result()


class _TrialThread(threading.Thread):
    """A trial that reads what is written to its inlet."""

    def __init__(self, data_dir: Path, told: Callable[[int], None]) -> None:
        super().__init__(name="restore-trial", daemon=True)
        outlet, inlet = os.pipe()
        self.inlet = os.fdopen(inlet, "wb")
        self._outlet = os.fdopen(outlet, "rb")
        self._data_dir, self._told = data_dir, told
        self._found: Found | None = None
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Restore on trial, and keep what came of it."""
        with self._outlet:
            try:
                self._found = restore_for_trial(self._outlet, self._data_dir, self._told)
            except Exception as error:  # noqa: BLE001 - raised again in the thread that writes
                self._error = error

    def end(self) -> None:
        """Say that everything was written, and wait for the trial."""
        with suppress(BrokenPipeError):
            self.inlet.close()
        self.join()

    def result(self) -> Found:
        """Return what was found, or raise what went wrong."""
        self.end()
        if self._error is not None:
            raise self._error
        assert self._found is not None  # noqa: S101 - one of the two
        return self._found


class _Hashed(io.RawIOBase):
    """A file whose bytes are counted and hashed as they pass."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._note(data)
        return self._file.write(data)

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._note(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        data = self._file.readline(-1 if size is None else size)
        self._note(data)
        return data

    def _note(self, data: bytes) -> None:
        self.digest.update(data)
        self.size += len(data)

    def to_disk(self) -> None:
        """Have the bytes on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())


class _Both(io.RawIOBase):
    """What is written goes to two files."""

    def __init__(self, one: Sink, other: Sink) -> None:
        super().__init__()
        self._files = (one, other)

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        for file in self._files:
            file.write(data)
        return len(data)


def _compare(file: IO[bytes], written: _Hashed) -> None:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    if digest.digest() != written.digest.digest():
        raise UnavailableError(OTHER_BYTES)


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write and read; it gets its name when the block ends well, else it is gone."""
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}-", suffix=PART, delete=False
    ) as file:
        try:
            yield file.file
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
    Path(file.name).chmod(0o600)
    Path(file.name).replace(path)
    if os.name != "nt":  # the name, too, survives a power cut
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
