"""What a page may say of a circle's members and of policies, in words."""

from flask_babel import gettext as _

from cirt.incidents.circle_forms import ACCESS, ACCESS_NAMES
from cirt.incidents.circle_models import CircleMember, Collection, Onward
from cirt.incidents.policy_card_forms import ONWARD_NAMES


def access_name(member: CircleMember | None) -> str:
    """Return what a member may do, "" for none."""
    if member is None:
        return ""
    access_of = (member.may_read, member.may_contribute)
    words = _(next(ACCESS_NAMES[name] for name, pair in ACCESS.items() if pair == access_of))
    return _("%(access)s; moderates", access=words) if member.may_moderate else words


def shown_members(circle: Collection, *, is_administrator: bool) -> list[CircleMember] | None:
    """Return the members by code; None where they are not to be shown.

    is_administrator: of the installation, who alone sees those of a confidential circle.
    """
    if circle.is_confidential and not is_administrator:
        return None
    return sorted(circle.members, key=lambda member: member.administration.code)


def onward_name(onward: Onward | str) -> str:
    """Return to whom something is passed on."""
    return _(ONWARD_NAMES[onward])


def retention_name(days: int | None) -> str:
    """Return how long something is kept."""
    return _("not said") if days is None else _("%(days)s days", days=days)
