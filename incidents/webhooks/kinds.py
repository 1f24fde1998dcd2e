"""Of what a webhook may tell."""

import enum
from collections.abc import Iterable, Mapping
from typing import Final

from cirt.errors import N_, InvalidInputError


class Kind(enum.StrEnum):
    """What happened, as the `type` of a message names it."""

    COLLECTION_NEW = "collection.new"
    RELEASE_WAITING = "release.waiting"
    RELEASE_APPROVED = "release.approved"
    RECALL_ARRIVED = "recall.arrived"
    RECALL_COMPLETED = "recall.completed"
    SUBMISSION_WAITING = "submission.waiting"


TRIAL: Final = "webhook.trial"
"""The `type` of a message that a person asked for."""

KIND_NAMES: Final[Mapping[str, str]] = {
    Kind.COLLECTION_NEW: N_("Something new is in a collection that the administration reads"),
    Kind.RELEASE_WAITING: N_("A release of its own waits for approval"),
    Kind.RELEASE_APPROVED: N_("A release of its own was approved"),
    Kind.RECALL_ARRIVED: N_("A partner withdrew something"),
    Kind.RECALL_COMPLETED: N_("All partners honoured a withdrawal of its own"),
    Kind.SUBMISSION_WAITING: N_("What machines sent waits for a decision"),
    TRIAL: N_("A trial"),
}


def chosen(names: Iterable[str]) -> list[str]:
    """Return the kinds of these names in their order, each once. Raises InvalidInputError."""
    wanted = set(names)
    if not wanted or not wanted <= {kind.value for kind in Kind}:
        raise InvalidInputError(N_("Choose at least one kind from the list."), field="kinds")
    return [kind.value for kind in Kind if kind.value in wanted]
