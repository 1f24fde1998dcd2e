"""Tables of the incident half; each room of the half keeps its own tables, joined here."""

from cirt.incidents import (
    case_models,
    circle_models,
    impact_models,
    inbox_models,
    recall_models,
    release_models,
    store_models,
    webhook_models,
)

__all__ = [
    "case_models",
    "circle_models",
    "impact_models",
    "inbox_models",
    "recall_models",
    "release_models",
    "store_models",
    "webhook_models",
]
