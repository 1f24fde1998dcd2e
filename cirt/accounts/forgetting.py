"""What the accounts forget by themselves: network addresses, browsers and links of the past."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import jobs
from cirt.accounts.models import AccountLink, LoginSession, SignInLimit
from cirt.clock import now
from cirt.errors import N_

LIMITS_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=90)  # the audit trail keeps that they were, without address


@jobs.handles("accounts.forget", name=N_("Forgetting old sign-ins and links"), daily=True)
def _forget(_task: jobs.Task) -> jobs.Effect:
    def effect(session: Session) -> dict[str, Any]:
        limits, rest = now() - LIMITS_KEPT, now() - SESSIONS_KEPT
        gone = [
            session.execute(query).rowcount  # type: ignore[attr-defined]
            for query in (
                sa.delete(SignInLimit).where(SignInLimit.since < limits),
                sa.delete(LoginSession).where(LoginSession.expires_at < rest),
                sa.delete(AccountLink).where(AccountLink.expires_at < rest),
            )
        ]
        return {"limits": gone[0], "sessions": gone[1], "links": gone[2]}

    return effect
