"""Recall: taking back what was released, here and at partners, and honouring theirs."""

from cirt.incidents.recall.acts import revoke, withdraw
from cirt.incidents.recall.honouring import honour, honour_at_commit, honour_waiting
from cirt.incidents.recall.receipts import note_receipts
from cirt.incidents.recall.safe import Safe, safe_of

__all__ = [
    "Safe",
    "honour",
    "honour_at_commit",
    "honour_waiting",
    "note_receipts",
    "revoke",
    "safe_of",
    "withdraw",
]
