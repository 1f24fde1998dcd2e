"""Search in what reached the administration: by its words, and by the observables that it names."""

from sqlalchemy.orm import Session

from cirt.access import Actor
from cirt.incidents.inbox import correlation, items
from cirt.incidents.inbox.items import Narrowed
from cirt.incidents.inbox.received import Item, State
from cirt.stix.defanging import refang
from cirt.stix.detection import detect

SEARCHED = ("name", "description", "abstract", "content", "value", "pattern", "id")


def search(session: Session, actor: Actor, narrowed: Narrowed, text: str) -> list[Item]:
    """Return the newest items that hold these words, or name an observable in them; at most 200.

    Only what reaches the actor is looked at, the newest 5,000 items for words.
    """
    wanted = refang(text).casefold()
    found: dict[tuple[object, str], Item] = {}
    candidates = items.newest_searched(session, actor, narrowed)
    for item in candidates:
        said = " ".join(str(item.one.get(name, "")) for name in SEARCHED).casefold()
        if wanted in said:
            found[item.collection.id, item.stix_id] = item
    named = correlation.items_naming(session, actor, [each.observable for each in detect(text)])
    allowed = {(item.collection.id, item.stix_id) for item in candidates}
    for item in named:
        if (item.collection.id, item.stix_id) in allowed and item.state is not State.OWN:
            found[item.collection.id, item.stix_id] = item
    newest = sorted(found.values(), key=lambda item: (item.added_at, item.stix_id), reverse=True)
    return newest[: items.MOST_FOUND]
