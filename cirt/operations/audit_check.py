"""Checking the audit chains in a time that does not grow with them: from where they were whole.

What was found whole is kept in a file of the data folder, sealed with the installation's key, so
that whoever can write to the database alone cannot move the point. Everything is looked at again
once a month, while there is little of it, and when asked for.
"""

import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit, strictjson
from cirt.audit import AuditHead
from cirt.clock import now
from cirt.db import Database
from cirt.errors import N_
from cirt.operations.points import Found, Problem
from cirt.settings import Settings

FILE: Final = "audit-verified.json"
LITTLE: Final = 100_000  # entries; a few seconds
ALL_AGAIN: Final = timedelta(days=30)


@dataclass(frozen=True)
class _Verified:
    """Up to where each chain was found whole, and when all of it was looked at last."""

    at: datetime
    points: dict[uuid.UUID, tuple[int, str]]


def chains(settings: Settings, database: Database, *, full: bool = False) -> Found:
    """The audit chains are whole. full: look at every entry, however many there are."""
    with database.reading() as session:
        known = _read(settings)
        heads = {
            head.chain_id: (head.n, head.hash) for head in session.scalars(sa.select(AuditHead))
        }
        if full or known is None or now() - known.at > ALL_AGAIN or _is_little(session):
            known = None
        broken = list(audit.broken_links(session, known.points if known else None))
    if broken:
        chain, n, what = broken[0]
        params = {"chain": str(chain), "n": n, "what": what}
        return Problem(N_("chain %(chain)s, entry %(n)s: %(what)s"), params)
    _write(settings, _Verified(known.at if known else now(), heads))
    return None


def _is_little(session: Session) -> bool:
    total = session.scalar(sa.select(sa.func.sum(AuditHead.n))) or 0
    return int(total) <= LITTLE


def _read(settings: Settings) -> _Verified | None:
    """Return what was found whole; None when there is no such file, or it is not ours."""
    try:
        found: dict[str, Any] = strictjson.loads((settings.data_dir / FILE).read_bytes())
        if not hmac.compare_digest(str(found["seal"]), _seal(settings, found["verified"])):
            return None
        kept = found["verified"]
        points = {uuid.UUID(chain): (int(n), str(digest)) for chain, n, digest in kept["points"]}
        return _Verified(datetime.fromisoformat(kept["at"]), points)
    except (OSError, strictjson.StrictJsonError, KeyError, TypeError, ValueError):
        return None


def _write(settings: Settings, verified: _Verified) -> None:
    kept = {
        "at": verified.at.isoformat(),
        "points": [[str(chain), n, digest] for chain, (n, digest) in verified.points.items()],
    }
    path = settings.data_dir / FILE
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"verified": kept, "seal": _seal(settings, kept)}))
    part.chmod(0o600)
    part.replace(path)


def _seal(settings: Settings, kept: Any) -> str:
    text = json.dumps(kept, sort_keys=True).encode()
    return hmac.new(settings.secret_key.encode(), b"audit-verified\n" + text, "sha256").hexdigest()
