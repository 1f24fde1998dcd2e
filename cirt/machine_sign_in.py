"""Who a machine is: the API token in an Authorization header, by HTTP Basic or Bearer."""

import base64
import binascii

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.accounts.tokens import actor_of_token, is_use_to_note, note_use
from cirt.db import Database
from cirt.settings import Settings
from cirt.web import installation


def machine_of(authorization: str) -> Actor | None:
    """Return the machine whose token the header of a request to this installation holds, or None.

    That the token was used is noted.
    """
    database, settings = installation().database, installation().settings
    # apart from the request's own session: who is nobody must not hold a write lock
    with database.reading() as session:
        machine = _machine(session, settings, authorization)
        is_to_note = machine is not None and is_use_to_note(session, machine)
    if machine is not None and is_to_note:
        note_use(database, machine)
    return machine


def machine_in(database: Database, settings: Settings, authorization: str) -> Actor | None:
    """Return the machine whose token the header holds, or None; its use is noted by the caller."""
    with database.reading() as session:
        return _machine(session, settings, authorization)


def _machine(session: Session, settings: Settings, authorization: str) -> Actor | None:
    """Return the machine whose token the header holds, or None.

    authorization: the header's value: Bearer and a token (RFC 6750), Basic with the token's user
    name and the token (RFC 7617); or, as some clients send it, Basic and the bare token, and Token.
    """
    scheme, _space, credentials = authorization.partition(" ")
    credentials, username = credentials.strip(), None
    if scheme.lower() == "basic":
        if not credentials.startswith("cirt_"):
            username, credentials = _basic(credentials)
    elif scheme.lower() not in ("bearer", "token"):
        return None
    if not credentials.isascii():
        return None
    return actor_of_token(session, credentials, username, settings=settings)


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials, validate=True).decode("utf-8")
    except (ValueError, binascii.Error):
        return "", ""
    username, _colon, password = text.partition(":")
    return username, password
