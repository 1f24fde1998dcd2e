"""What a recall needs of the installation besides its database: the ledger, and the key of keys."""

from dataclasses import dataclass

from cirt.incidents.recall.ledger import Ledger
from cirt.settings import Settings


@dataclass(frozen=True, slots=True)
class Safe:
    """The ledger of erasures, and the key that opens what is sealed here."""

    ledger: Ledger
    secret_key: str


def safe_of(settings: Settings) -> Safe:
    """Return the safe of the installation with these settings."""
    return Safe(Ledger(settings.data_dir), settings.secret_key)
