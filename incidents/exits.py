"""By which ways content with a marking may leave, or be shown: one table, asked by every exit. Pure.

Source: TLP 2.0 (FIRST, August 2022) for what each label allows; the ways are this product's.
"""

import enum
from collections.abc import Mapping
from typing import Final

from cirt.errors import N_, ForbiddenError
from cirt.stix.marking import TLP


class Exit(enum.StrEnum):
    """A way by which content reaches somebody."""

    PAGE = "page"  # of a person who may read it; the reading is noted
    SEARCH = "search"  # of a person who may read it
    STATISTICS = "statistics"  # figures within the own team
    TALLY = "tally"  # published figures in bands
    STIX_FILE = "stix-file"
    MISP_FILE = "misp-file"
    CSV_FILE = "csv-file"
    PDF_FILE = "pdf-file"
    COLLECTION = "collection"  # pages and TAXII of a circle or a direct collection
    MISP_FEED = "misp-feed"  # of a circle, for its members
    DETECTION = "detection"  # lists and rules of a circle, for its members' sensors
    NOTIFICATION = "notification"  # mail, webhook: ids and counts, never content
    API = "api"  # the own machines: no named person is behind them
    ONWARD = "onward"  # what was received, released again by its recipient


_SEEN: Final = frozenset({Exit.PAGE, Exit.SEARCH, Exit.STATISTICS})
_SHARED: Final = frozenset(
    {
        Exit.TALLY,
        Exit.STIX_FILE,
        Exit.MISP_FILE,
        Exit.CSV_FILE,
        Exit.PDF_FILE,
        Exit.COLLECTION,
        Exit.MISP_FEED,
        Exit.DETECTION,
        Exit.NOTIFICATION,
        Exit.API,
    }
)

WAYS: Final[Mapping[TLP, frozenset[Exit]]] = {
    TLP.RED: _SEEN - {Exit.STATISTICS},
    TLP.AMBER_STRICT: _SEEN | _SHARED,
    TLP.AMBER: _SEEN | _SHARED,
    TLP.GREEN: _SEEN | _SHARED | {Exit.ONWARD},
    TLP.CLEAR: _SEEN | _SHARED | {Exit.ONWARD},
}

SENTENCES: Final[Mapping[TLP, str]] = {
    TLP.RED: N_(
        "TLP:RED is for named persons only and leaves by no file and into no collection. Lower the"
        " marking first, with a reason, if whoever it comes from agrees."
    ),
    TLP.AMBER_STRICT: N_("TLP:AMBER+STRICT stays with the administration that received it."),
    TLP.AMBER: N_("TLP:AMBER stays with the administration that received it and its constituents."),
}
_UNKNOWN: Final = N_("It bears a marking that is not known here, so it is not passed on.")


def may_leave(tlp: TLP | None, way: Exit) -> bool:
    """Return whether content with this label may take this way; None: a marking nobody can read."""
    return way in (_SEEN if tlp is None else WAYS[tlp])


def words_leaving(way: Exit) -> tuple[str, ...]:
    """Return the labels that may take this way, as they are stored: for a question to the database."""
    return tuple(tlp.value for tlp in TLP if may_leave(tlp, way))


def require_exit(tlp: TLP | None, way: Exit) -> None:
    """Raise ForbiddenError, with what to do instead, unless the label allows this way."""
    if not may_leave(tlp, way):
        raise ForbiddenError(_UNKNOWN if tlp is None else SENTENCES[tlp])
