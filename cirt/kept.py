"""What was typed into a form that could not be saved, carried on until it can be."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import flask
from werkzeug.exceptions import HTTPException

PREFIX = "kept__"  # of a kept field's name in the sign-in form
FILES = "kept_files"

# kept fields are echoed into a page: enough for a long comment, not for an attack on memory
MAX_CHARACTERS = 500_000

_NOT_TYPED = frozenset({"next", "revision", "version"})
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHORT = 40


@dataclass(frozen=True)
class Kept:
    """The fields of a form, without secrets and form tokens.

    files: names of files that were chosen; their content is not kept. is_cut: some field was too
    long to be kept.
    """

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    is_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.fields or self.files or self.is_cut)

    @property
    def carried(self) -> Iterator[tuple[str, str]]:
        """Yield (name, value) as the sign-in form carries them."""
        yield from ((PREFIX + name, value) for name, value in self.fields)
        yield from ((FILES, name) for name in self.files)

    @property
    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield (name, value) of what a person may recognise as typed or chosen."""
        for name, value in self.fields:
            if value.strip() and name not in _NOT_TYPED and not _UUID.fullmatch(value):
                yield name, value

    @property
    def short(self) -> Iterator[tuple[str, str]]:
        """Yield those of `shown` that are no text."""
        return ((name, value) for name, value in self.shown if not self.is_text(value))

    @staticmethod
    def is_text(value: str) -> bool:
        """Return whether a value is words to be read again, rather than a choice or a key."""
        return len(value) > _SHORT or "\n" in value or " " in value.strip()

    @classmethod
    def of_refused_form(cls) -> Self:
        """Return what this request's form held."""
        if flask.request.method != "POST":
            return cls()
        try:
            form, files = flask.request.form, flask.request.files
        except HTTPException:  # too large or broken: there is nothing to read
            return cls()
        return cls._of(
            form.items(multi=True),
            tuple(file.filename for file in files.values() if file.filename),
        )

    @classmethod
    def of_sign_in_form(cls) -> Self:
        """Return what this request's sign-in form carried on."""
        form = flask.request.form
        return cls._of(
            (
                (name.removeprefix(PREFIX), value)
                for name, value in form.items(multi=True)
                if name.startswith(PREFIX)
            ),
            tuple(form.getlist(FILES)),
        )

    @classmethod
    def _of(cls, fields: Iterable[tuple[str, str]], files: tuple[str, ...]) -> Self:
        kept, room, is_cut = [], MAX_CHARACTERS, False
        for name, value in fields:
            if name == "csrf_token" or "password" in name or name == "token":
                continue
            if len(value) > room:
                is_cut = True
                continue
            room -= len(value)
            kept.append((name.replace("\x00", ""), value.replace("\x00", "")))
        return cls(tuple(kept), files, is_cut)
