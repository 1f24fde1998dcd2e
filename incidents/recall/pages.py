"""What the pages of recall share: their address and words."""

from typing import Any, Final

import flask
from flask_babel import gettext as _

from cirt import i18n
from cirt.errors import N_
from cirt.incidents.recall.forms import KIND_NAMES, OUTCOME_NAMES
from cirt.incidents.recall.honouring import IGNORED
from cirt.incidents.recall.progress import Stand
from cirt.incidents.recall.safe import Safe, safe_of
from cirt.incidents.release_pages import audience_name
from cirt.web import installation

blueprint = flask.Blueprint("recall", __name__)

STAND_NAMES: Final[dict[str, str]] = {
    Stand.WITHDREW: N_("Withdrew it"),
    Stand.CANNOT: N_("Cannot"),
    Stand.HAS_IT: N_("Has it, no answer"),
    Stand.NOT_YET: N_("Not known to have it"),
}
STAND_KINDS: Final[dict[str, str]] = {
    Stand.WITHDREW: "done",
    Stand.CANNOT: "failed",
    Stand.HAS_IT: "progress",
    Stand.NOT_YET: "todo",
}
_OTHER_OUTCOMES: Final[dict[str, str]] = {IGNORED: N_("Not honoured")}
_OUTCOMES: Final = OUTCOME_NAMES | _OTHER_OUTCOMES


@blueprint.context_processor
def _words() -> dict[str, Any]:
    """Let the templates of recall name what a recall holds."""
    return {
        "kind_name": lambda kind: _(KIND_NAMES[kind]),
        "stand_name": lambda stand: _(STAND_NAMES[stand]),
        "stand_kind": STAND_KINDS,
        "outcome_name": lambda outcome: _(_OUTCOMES[outcome]),
        "audience_name": audience_name,
        "language": i18n.current_language(),
    }


def safe() -> Safe:
    """Return the safe of this installation."""
    return safe_of(installation().settings)
