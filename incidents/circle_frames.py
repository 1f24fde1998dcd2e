"""The frame of a circle between its form and its row, with the policy of use that it asks for."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from cirt.clock import now
from cirt.incidents.circle_forms import IEP_LABELS, IEP_NAMES, CircleForm
from cirt.incidents.circle_models import Collection, MachineWriting, Membership
from cirt.incidents.circles import Frame
from cirt.stix.iep import IepContent, as_mapping, iep_from
from cirt.stix.marking import TLP

# IEP 2.0 knows the labels of TLP 1 only; the marking of each object narrows it further
_TLP_1 = {TLP.CLEAR: "white", TLP.GREEN: "green"}


def frame_of(form: CircleForm, circle: Collection | None) -> Frame:
    """Return what a valid form says. circle: the one that it changes, None for a new one."""
    return Frame(
        title=form.title.data or "",
        description=form.description.data or "",
        alias=form.alias.data or "",
        ceiling=TLP(form.ceiling.data),
        machine_writing=MachineWriting(form.machine_writing.data),
        membership=Membership(form.membership.data),
        listed=bool(form.listed.data),
        iep=_policy(form, circle.iep if circle else None),
    )


def fill_policy(form: CircleForm, circle: Collection) -> None:
    """Show in the form the policy of use that a circle has."""
    if circle.iep is None:
        return
    policy = iep_from(circle.iep)
    form.asks_iep.data = True
    form.iep_description.data = policy.description
    form.end_date.data = policy.end_date
    for name in IEP_LABELS:
        form[name].data = getattr(policy, name)


def policy_words(circle: Collection) -> list[tuple[str, Any]]:
    """Return the policy of use that a circle asks for as (term, value); [] for none."""
    if circle.iep is None:
        return []
    policy = iep_from(circle.iep)
    rows: list[tuple[str, Any]] = [
        (_(label), _(IEP_NAMES[name][getattr(policy, name)])) for name, label in IEP_LABELS.items()
    ]
    return rows


def _policy(form: CircleForm, before: dict[str, Any] | None) -> dict[str, Any] | None:
    if not form.asks_iep.data:
        return None
    chosen = {name: form[name].data or form[name].default for name in IEP_LABELS}
    since: datetime = (
        iep_from(before).start_date
        if before
        else now().replace(hour=0, minute=0, second=0, microsecond=0)
    )
    title = (form.title.data or "").strip()
    policy = as_mapping(
        IepContent(
            name=title or "IEP",
            description=(form.iep_description.data or "").strip() or title or "IEP",
            start_date=since,
            end_date=form.end_date.data,
            tlp=_TLP_1.get(TLP(form.ceiling.data), "amber"),
            **chosen,
        )
    )
    iep_from(policy)  # refuses what a marking could not bear
    return policy
