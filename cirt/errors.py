"""What can go wrong, as a sentence for a person and data for a program. Knows no web."""

from pathlib import Path
from typing import Any


def N_(text: str) -> str:  # noqa: N802 - the usual name of gettext's marker
    """Mark a sentence for translation without translating it yet."""
    return text


class DomainError(Exception):
    """A refusal that a person can act on.

    message: an English sentence that says what to do (a message id for gettext), with
    %(name)s placeholders. params: their values. field: the form field or JSON property it
    is about, None for the whole input.
    """

    def __init__(self, message: str, *, field: str | None = None, **params: Any) -> None:
        super().__init__(message, params)
        self.message = message
        self.params = params
        self.field = field

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message

    @property
    def kept_params(self) -> dict[str, str]:
        """Return the values as JSON can keep them beside the message, at most 500 characters each."""
        return {name: str(value)[:500] for name, value in self.params.items()}


class NotFoundError(DomainError):
    """The thing is absent, or the actor may not learn that it exists."""

    def __init__(self, message: str | None = None, **params: Any) -> None:
        super().__init__(
            message or N_("There is no such page or record, or it is not yours to see."), **params
        )


class ForbiddenError(DomainError):
    """The actor may see the thing and may not do this to it."""


class InvalidInputError(DomainError):
    """What was sent does not fit; the sentence says what would."""


class UnsupportedError(DomainError):
    """The form of what was sent (media type, encoding, version) is not accepted here."""


class TooLargeError(DomainError):
    """What was sent is over a limit that the sentence names."""


class ConflictError(DomainError):
    """Somebody else changed the same thing meanwhile; nothing was overwritten."""


class UnavailableError(DomainError):
    """The server cannot do this now (disk full, database away); trying later helps."""


class SettingError(DomainError):
    """A setting is wrong; the sentence names it and the remedy."""


class DataFileError(DomainError):
    """A data file of the installation is wrong.

    path, line: where (line counts from 1; None when the whole file is meant).
    """

    def __init__(
        self, message: str, *, path: Path | str, line: int | None = None, **params: Any
    ) -> None:
        where = f"{path}:{line}" if line is not None else str(path)
        super().__init__(message, where=where, **params)
        self.path = Path(path)
        self.line = line

    def __str__(self) -> str:
        return f"{self.params['where']}: {super().__str__()}"
