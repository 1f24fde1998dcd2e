"""Puts an instrument into the data folder of an installation, where it stays as it is.

Beside its files lies `installed.sha256`, as `sha256sum -c` reads it: a version that answers were
given under keeps its words, and a folder that was copied half does not count as installed.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from cirt.errors import N_, ConflictError, DataFileError
from cirt.localtext import LANGUAGES, SOURCE_LANGUAGE

DIGESTS = "installed.sha256"

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>[a-z]{2,8}\.yml)")
_FILES = ("model.yml", *(f"{code}.yml" for code in LANGUAGES if code != SOURCE_LANGUAGE))


def digests(folder: Path) -> Mapping[str, str]:
    """Return the SHA-256 of each file of an instrument: model.yml and its languages."""
    return {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in _FILES
        if (folder / name).is_file()
    }


def is_installed(folder: Path) -> bool:
    """Whether a folder below the data folder was installed there, whole."""
    return (folder / DIGESTS).is_file()


def check_installed(folder: Path) -> None:
    """Raise DataFileError where a file is no longer the one that was installed."""
    noted: dict[str, str] = {}
    path = folder / DIGESTS
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None:
            raise DataFileError(N_("This line is no digest of a file."), path=path, line=number)
        noted[found["name"]] = found["digest"]
    present = digests(folder)
    for name in sorted(noted.keys() | present.keys()):
        if noted.get(name) != present.get(name):
            raise DataFileError(
                N_(
                    "This file is not as it was installed. Put it back, or install the change as"
                    " a new version."
                ),
                path=folder / name,
            )


def differing(one: Path, other: Path) -> tuple[str, ...]:
    """Return the names of the files in which two folders of an instrument differ."""
    first, second = digests(one), digests(other)
    return tuple(name for name in _FILES if first.get(name) != second.get(name))


def install_folder(source: Path, target: Path) -> bool:
    """Copy an instrument's files to their place; all of them, or none.

    source: a folder that was read without an error. target: <data folder>/instruments/<id>/
    <version>. Return False where the same content is there already. Raises ConflictError where
    another content is.
    """
    if is_installed(target):
        different = differing(source, target)
        if not different:
            return False
        raise another_content(target, different)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
        new = Path(folder) / "files"
        new.mkdir(mode=0o700)
        found = digests(source)
        for name in found:
            shutil.copyfile(source / name, new / name)
        # the copies count, whatever happened to the source meanwhile
        lines = [f"{digest}  {name}\n" for name, digest in digests(new).items()]
        (new / DIGESTS).write_text("".join(lines), encoding="utf-8")
        if target.exists():  # copied by hand, or left over: never installed
            raise ConflictError(
                N_(
                    "%(folder)s is there already and was not installed by this program. Move it"
                    " away first."
                ),
                folder=target,
            )
        os.replace(new, target)  # noqa: PTH105 - of a folder
    return True


def another_content(folder: Path, different: tuple[str, ...]) -> ConflictError:
    """Return the refusal of other words under a version that is installed."""
    return ConflictError(
        N_(
            "%(id)s %(version)s is installed with another content (%(files)s). Answers may rest on"
            " it, so it stays; give what you changed a new version."
        ),
        id=folder.parent.name,
        version=folder.name,
        files=", ".join(different),
    )
