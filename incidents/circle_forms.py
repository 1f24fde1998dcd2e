"""Forms of circles, their members, requests to join, leaving and standing approvals."""

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required, UtcTimeField
from cirt.incidents.circle_models import MachineWriting, Membership
from cirt.incidents.circles import CEILINGS

ACCESS: dict[str, tuple[bool, bool]] = {
    "both": (True, True),
    "read": (True, False),
    "contribute": (False, True),
}
"""What a member may do, by the value of the form: read, contribute."""

ACCESS_NAMES: dict[str, str] = {
    "both": N_("Read and contribute"),
    "read": N_("Read only"),
    "contribute": N_("Contribute only"),
}
WRITING_NAMES: dict[str, str] = {
    MachineWriting.OFF: N_("No; people release, one by one"),
    MachineWriting.MODERATED: N_("Yes, and what they send waits until a moderator admits it"),
    MachineWriting.DIRECT: N_("Yes, under a standing approval of a releasing officer"),
}
MEMBERSHIP_NAMES: dict[str, str] = {
    Membership.VISIBLE: N_("Visible: the members know of each other"),
    Membership.CONFIDENTIAL: N_("Confidential: content without a view of each other"),
}

IEP_LABELS: dict[str, str] = {
    "permitted_actions": N_("What recipients may do with it"),
    "encrypt_in_transit": N_("Encryption on the way"),
    "affected_party_notifications": N_("Telling those who are affected"),
    "provider_attribution": N_("Naming the producer to others"),
    "unmodified_resale": N_("Selling it on unchanged"),
}
IEP_NAMES: dict[str, dict[str, str]] = {
    "permitted_actions": {
        "none": N_("Read it only"),
        "contact-for-instruction": N_("Ask the producer before acting"),
        "internally-visible-actions": N_("Act inside the own networks"),
        "externally-visible-indirect-actions": N_("Passive acts that others can notice"),
        "externally-visible-direct-actions": N_("Any act"),
    },
    "encrypt_in_transit": {"must": N_("Needed"), "may": N_("Left to the recipient")},
    "affected_party_notifications": {"may": N_("Allowed"), "must-not": N_("Not allowed")},
    "provider_attribution": {
        "may": N_("Allowed"),
        "must": N_("Needed"),
        "must-not": N_("Not allowed"),
    },
    "unmodified_resale": {"may": N_("Allowed"), "must-not": N_("Not allowed")},
}
"""The closed lists of IEP 2.0 in words (see `cirt.stix.iep`)."""


def _ceilings() -> list[tuple[str, str]]:
    return [(tlp.value, tlp.label) for tlp in CEILINGS]


class _MayBeAbsent(Optional):  # type: ignore[misc]
    """A form that does not ask for the policy need not send its fields; nothing to mark."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags: dict[str, bool] = {}


def _iep_field(name: str, default: str) -> ChoiceField:
    return ChoiceField(
        IEP_LABELS[name],
        choices=lambda: list(IEP_NAMES[name].items()),
        default=default,
        validators=[_MayBeAbsent()],
    )


class CircleForm(Form):
    """The frame of a circle, with the policy of use that it asks for."""

    title = StringField(
        N_("Title"), validators=[Required(N_("Give the circle a title.")), AtMost(200)]
    )
    description = TextAreaField(
        N_("What it is for"),
        description=N_("All members see this; of a listed circle, all administrations do."),
        validators=[AtMost(4_000)],
    )
    membership = ChoiceField(
        N_("What the members know of each other"),
        description=N_(
            "A confidential circle needs four members who read before anything can be released to"
            " it. This can be changed only while the circle holds nothing."
        ),
        choices=lambda: list(MEMBERSHIP_NAMES.items()),
    )
    listed = BooleanField(
        N_("Show it to administrations that are no members, so that they can ask to join"),
        description=N_("They see title, description and policy, and no members and no content."),
    )
    ceiling = SelectField(
        N_("Strictest marking that may enter"),
        choices=_ceilings,
        default=CEILINGS[-1].value,
        render_kw={"dir": "ltr"},
    )
    machine_writing = ChoiceField(
        N_("May machines add objects?"), choices=lambda: list(WRITING_NAMES.items())
    )
    alias = StringField(
        N_("Short name for machines"),
        description=N_("Lower-case letters, digits and dashes. Leave it empty to have none."),
        validators=[AtMost(63)],
        render_kw={"dir": "ltr", "class": "code", "autocapitalize": "none", "spellcheck": "false"},
    )
    asks_iep = BooleanField(N_("Ask recipients to follow this policy of use (IEP 2.0)"))
    permitted_actions = _iep_field("permitted_actions", "contact-for-instruction")
    encrypt_in_transit = _iep_field("encrypt_in_transit", "must")
    affected_party_notifications = _iep_field("affected_party_notifications", "must-not")
    provider_attribution = _iep_field("provider_attribution", "must-not")
    unmodified_resale = _iep_field("unmodified_resale", "must-not")
    iep_description = TextAreaField(N_("The policy in words"), validators=[AtMost(4_000)])
    end_date = UtcTimeField(N_("The policy holds until (UTC)"), validators=[Optional()])


class MemberForm(Form):
    """One administration in a circle."""

    administration = SelectField(N_("Administration"), choices=[])
    access = ChoiceField(N_("It may"), choices=lambda: list(ACCESS_NAMES.items()))
    may_moderate = BooleanField(
        N_("It moderates the circle"),
        description=N_(
            "Its releasing officers decide what machines send into a moderated circle and, where"
            " the members know of each other, who becomes a member and what each may do."
        ),
    )


class JoinForm(Form):
    """A request to join."""

    message = TextAreaField(
        N_("Why your administration would like to join"), validators=[AtMost(2_000)]
    )


class JoinDecisionForm(Form):
    """The answer to a request to join."""

    decision = RadioField(
        N_("Your answer"), choices=[], validators=[Required(N_("Choose an answer."))]
    )
    access = ChoiceField(
        N_("As a member it may"), choices=lambda: list(ACCESS_NAMES.items()), default="both"
    )
    reason = TextAreaField(
        N_("Reason"),
        description=N_("Those who asked read this. Needed when you decline."),
        validators=[AtMost(2_000)],
    )


class ApprovalForm(Form):
    """A standing approval."""

    ceiling = RadioField(
        N_("Up to which marking"),
        choices=_ceilings,
        validators=[Required(N_("Choose a marking."))],
    )
    until = UtcTimeField(
        N_("Until (UTC)"),
        description=N_("At most a year from now."),
        validators=[Required(N_("Give date and time."))],
    )
    reason = TextAreaField(
        N_("Why machines may add here"),
        validators=[Required(N_("Say why machines may add here.")), AtMost(2_000)],
    )
