"""What people type, as it is kept: one kind of line end, nothing that a database refuses."""

from cirt.errors import N_, InvalidInputError


def written(text: str | None, *, most: int, field: str) -> str:
    """Return a typed text without outer spaces, with plain line feeds and without NUL.

    Raises InvalidInputError for more than `most` characters; nothing is cut silently.
    """
    kept = (text or "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()
    if len(kept) > most:
        raise InvalidInputError(
            N_("Shorten this to %(most)s characters; it has %(length)s."),
            field=field,
            most=most,
            length=len(kept),
        )
    return kept
