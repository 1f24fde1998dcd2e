"""Forms of cases."""

import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from flask_babel import gettext
from flask_wtf.file import FileField
from wtforms import (
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from cirt import capabilities, taxonomies, vocabularies
from cirt.accounts.forms import CheckboxesField
from cirt.accounts.models import User
from cirt.errors import N_
from cirt.forms import AtMost, ChoiceField, Form, Required, UtcTimeField
from cirt.incidents.case_details import MAX_COMMENT, MAX_TEXT, MAX_TITLE, UNDETERMINED, CaseDetails
from cirt.incidents.case_pages import local
from cirt.incidents.case_words import (
    DETERMINATION_NAMES,
    FIELD_NAMES,
    LANGUAGE_NAMES,
    NOT_JUDGED,
    STATUS_NAMES,
)
from cirt.incidents.count_fields import EntityCountsField
from cirt.stix.marking import TLP

_CODES = {"dir": "ltr", "class": "code", "autocapitalize": "characters", "spellcheck": "false"}


class LocalChoiceField(SelectField):  # type: ignore[misc]
    """A selection whose choices come translated already, also in groups."""

    def __init__(self, label: str, *, choices: Callable[[], Any], **kwargs: Any) -> None:
        super().__init__(label, choices=choices, **kwargs)


def rsit_choices() -> dict[str, list[tuple[str, str]]]:
    """Return the types of incidents under their classes, in the language of the page."""
    return {
        local(group.label): [(kind.tag, local(kind.label)) for kind in group.types]
        for group in taxonomies.incident_classes().values()
    }


def _severity_choices() -> list[tuple[str, str]]:
    levels = [
        (str(each.level), f"{each.level} – {local(each.name)}") for each in taxonomies.severities()
    ]
    return [("", gettext(NOT_JUDGED)), *levels]


def _tlp_choices() -> list[tuple[str, str]]:
    # isolated: the label keeps its order in a right-to-left page
    return [(each.id, f"\u2066{each.label}\u2069") for each in taxonomies.tlp_labels().values()]


def _pap_choices() -> list[tuple[str, str]]:
    labels = [(each.id, f"\u2066{each.label}\u2069") for each in vocabularies.pap_labels().values()]
    return [("", gettext("Nothing said")), *labels]


def _method_choices() -> list[tuple[str, str]]:
    words = vocabularies.word_lists()["detection-methods"].words
    return [(word, local(name)) for word, name in words.items()]


class CaseForm(Form):
    """An incident."""

    revision = HiddenField()
    title = StringField(
        FIELD_NAMES["title"],
        validators=[Required(N_("Give the incident a title.")), AtMost(MAX_TITLE)],
    )
    description = TextAreaField(
        FIELD_NAMES["description"],
        description=N_(
            "What happened, to whom, what was done. It leaves with a release: name no private person."
        ),
        validators=[Optional(), AtMost(MAX_TEXT)],
        render_kw={"rows": 8},
    )
    language = LocalChoiceField(
        FIELD_NAMES["language"], choices=lambda: list(LANGUAGE_NAMES.items())
    )
    tlp = RadioField(FIELD_NAMES["tlp"], choices=_tlp_choices, default=TLP.AMBER_STRICT.value)
    reason = TextAreaField(
        N_("Why the marking is lowered"),
        description=N_("Needed only when the marking becomes weaker; it stays in the history."),
        validators=[Optional(), AtMost(MAX_COMMENT)],
        render_kw={"rows": 2},
    )
    readers = CheckboxesField(
        FIELD_NAMES["readers"],
        description=N_(
            "While the marking is TLP:RED, only they and the person who recorded the incident see it."
        ),
    )
    pap = RadioField(FIELD_NAMES["pap"], choices=_pap_choices, default="")
    rsit = LocalChoiceField(FIELD_NAMES["rsit"], choices=rsit_choices, default=UNDETERMINED)
    severity = LocalChoiceField(FIELD_NAMES["severity"], choices=_severity_choices, default="")
    investigation_status = ChoiceField(
        FIELD_NAMES["investigation_status"], choices=lambda: STATUS_NAMES.items()
    )
    determination = ChoiceField(
        FIELD_NAMES["determination"], choices=lambda: DETERMINATION_NAMES.items()
    )
    started_at = UtcTimeField(FIELD_NAMES["started_at"], validators=[Optional()])
    detected_at = UtcTimeField(FIELD_NAMES["detected_at"], validators=[Optional()])
    reported_at = UtcTimeField(FIELD_NAMES["reported_at"], validators=[Optional()])
    ended_at = UtcTimeField(FIELD_NAMES["ended_at"], validators=[Optional()])
    countries = StringField(
        FIELD_NAMES["countries"],
        description=N_("Two-letter codes, such as XB XC."),
        validators=[Optional(), AtMost(300)],
        render_kw=_CODES,
    )
    techniques = StringField(
        FIELD_NAMES["techniques"],
        description=N_("Ids, such as T1566 T1059.001."),
        validators=[Optional(), AtMost(900)],
        render_kw=_CODES,
    )
    sectors = CheckboxesField(
        FIELD_NAMES["sectors"],
        choices=lambda: [(each.id, local(each.name)) for each in taxonomies.sectors().values()],
    )
    detection_methods = CheckboxesField(FIELD_NAMES["detection_methods"], choices=_method_choices)
    entity_counts = EntityCountsField(
        FIELD_NAMES["entity_counts"],
        description=N_(
            "Numbers only, never names. 0 says that there were none; leave out what was not counted."
        ),
    )
    failed = CheckboxesField(FIELD_NAMES["failed"], choices=lambda: _capability_choices())
    held = CheckboxesField(FIELD_NAMES["held"], choices=lambda: _capability_choices())

    def name_readers(self, users: Iterable[User]) -> None:
        """Offer these people as readers of a TLP:RED incident."""
        self.readers.choices = [(str(user.id), user.name) for user in users]

    def audiences(self) -> dict[str, str]:
        """Return for whom each marking is."""
        return {each.id: local(each.audience) for each in taxonomies.tlp_labels().values()}

    def permissions(self) -> dict[str, str]:
        """Return what each PAP label lets recipients do."""
        return {each.id: local(each.actions) for each in vocabularies.pap_labels().values()}

    def details(self) -> CaseDetails:
        """Return what was filled in."""
        return CaseDetails(
            title=self.title.data or "",
            description=self.description.data or "",
            language=self.language.data,
            rsit=self.rsit.data,
            severity=int(self.severity.data) if self.severity.data else None,
            tlp=TLP(self.tlp.data),
            determination=self.determination.data,
            investigation_status=self.investigation_status.data,
            detected_at=self.detected_at.data,
            started_at=self.started_at.data,
            ended_at=self.ended_at.data,
            reported_at=self.reported_at.data,
            sectors=tuple(self.sectors.data or ()),
            countries=codes(self.countries),
            techniques=codes(self.techniques),
            pap=self.pap.data or "",
            detection_methods=tuple(self.detection_methods.data or ()),
            entity_counts=self.entity_counts.data,
            failed=tuple(self.failed.data or ()),
            held=tuple(self.held.data or ()),
            readers=frozenset(uuid.UUID(value) for value in self.readers.data or ()),
        )


def _capability_choices() -> list[tuple[str, str]]:
    return [(each.id, local(each.name)) for each in capabilities.capabilities().values()]


def codes(field: Field) -> tuple[str, ...]:
    """Return the codes typed into a field, apart from each other by spaces or commas."""
    return tuple(part for part in re.split(r"[\s,;،؛]+", field.data or "") if part)


def form_values(details: CaseDetails) -> dict[str, Any]:
    """Return what a form shows of the details."""
    return vars(details) | {
        "tlp": details.tlp.value,
        "severity": "" if details.severity is None else str(details.severity),
        "countries": " ".join(details.countries),
        "techniques": " ".join(details.techniques),
        "sectors": list(details.sectors),
        "detection_methods": list(details.detection_methods),
        "failed": list(details.failed),
        "held": list(details.held),
        "readers": [str(user_id) for user_id in details.readers],
    }


class ImportForm(Form):
    """A MISP event file, or the folder of a feed."""

    file = FileField(
        N_("MISP event file or feed"),
        description=N_(
            "The JSON that MISP gives for an event or for several, or the folder of a MISP feed as"
            " a ZIP file."
        ),
        validators=[Required(N_("Choose a file."))],
        render_kw={"accept": ".json,.zip,application/json,application/zip"},
    )
