"""The provision registry as it stands: the product's file, with what administrators corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt import audit
from cirt.access import Actor
from cirt.assessments.instruments.provision_models import ProvisionCorrection
from cirt.assessments.instruments.references import KINDS, Provision, provisions
from cirt.assessments.wording import written
from cirt.clock import now
from cirt.errors import N_, ConflictError, InvalidInputError, NotFoundError
from cirt.localtext import Sentence, Translation, fingerprint

MAX_PLACE = 60
MAX_CITATION = 300
MAX_PARAPHRASE = 1_000
MAX_NAME = 200
MAX_REASON = 1_000

Values = Mapping[str, Any]


class ProvisionConflictError(ConflictError):
    """The row was corrected since the page was shown. theirs: what it says now, revision: of now."""

    def __init__(self, theirs: Provision, revision: int) -> None:
        super().__init__(
            N_("Somebody else corrected this provision meanwhile. Nothing was overwritten.")
        )
        self.theirs = theirs
        self.revision = revision


def merged_provisions(session: Session) -> Mapping[str, Provision]:
    """Return the registry by id, in the order of its file, each row as last corrected."""
    last = {
        row.provision_id: row.after
        for row in session.scalars(sa.select(ProvisionCorrection).order_by(ProvisionCorrection.n))
    }
    return MappingProxyType(
        {
            key: with_values(row, last[key]) if key in last else row
            for key, row in provisions().items()
        }
    )


def provision_now(session: Session, provision_id: str) -> Provision:
    """Return one row as it stands. NotFoundError for an unknown id."""
    row = provisions().get(provision_id)
    if row is None:
        raise NotFoundError
    corrections = corrections_of(session, provision_id)
    return with_values(row, corrections[0].after) if corrections else row


def corrections_of(session: Session, provision_id: str) -> Sequence[ProvisionCorrection]:
    """Return the corrections of a row, the newest first."""
    return session.scalars(
        sa.select(ProvisionCorrection)
        .where(ProvisionCorrection.provision_id == provision_id)
        .order_by(ProvisionCorrection.n.desc())
    ).all()


def correct_provision(
    session: Session,
    actor: Actor,
    provision_id: str,
    values: Values,
    *,
    reason: str,
    revision: int,
    undoes: int | None = None,
) -> Provision:
    """Correct a row and return it. revision: how many corrections the person saw.

    Raises NotFoundError, InvalidInputError naming the field, ProvisionConflictError.
    """
    present = provision_now(session, provision_id)
    corrections = corrections_of(session, provision_id)
    if revision != len(corrections):
        raise ProvisionConflictError(present, len(corrections))
    corrected = with_values(present, checked(values))
    reason = written(reason, most=MAX_REASON, field="reason")
    if not reason:
        raise InvalidInputError(
            N_("Say why: what you compared the row with, and what was wrong."), field="reason"
        )
    before, after = values_of(present), values_of(corrected)
    if before == after:
        raise InvalidInputError(N_("Nothing was changed."), field="reason")
    session.add(
        ProvisionCorrection(
            provision_id=provision_id,
            n=len(corrections) + 1,
            before=before,
            after=after,
            reason=reason,
            undoes=undoes,
            user_id=actor.user_id,
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        "provision.correct",
        f"provision:{provision_id}",
        chain_id=audit.INSTALLATION,
        n=len(corrections) + 1,
        verified=corrected.verified,
        undoes=undoes,
        changed=sorted(key for key in after if before[key] != after[key]),
    )
    return corrected


def undo_correction(
    session: Session, actor: Actor, provision_id: str, n: int, *, reason: str, revision: int
) -> Provision:
    """Let a row say again what it said before one of its corrections; the history grows by one."""
    provision_now(session, provision_id)
    taken_back = session.get(ProvisionCorrection, (provision_id, n))
    if taken_back is None:
        raise NotFoundError
    return correct_provision(
        session,
        actor,
        provision_id,
        taken_back.before,
        reason=reason,
        revision=revision,
        undoes=n,
    )


def values_of(provision: Provision) -> dict[str, Any]:
    """Return what of a row can be corrected, as JSON values."""
    arabic = provision.paraphrase.translations.get("ar")
    return {
        "kind": provision.kind,
        "clause": provision.clause,
        "paragraph": provision.paragraph,
        "citation": provision.citation,
        "paraphrase_en": provision.paraphrase.english,
        "paraphrase_ar": arabic.text if arabic else None,
        "verified": provision.verified,
        "verified_by": provision.verified_by,
        "verified_on": provision.verified_on,
    }


def with_values(provision: Provision, values: Values) -> Provision:
    """Return the row with other values."""
    translations = {
        key: each for key, each in provision.paraphrase.translations.items() if key != "ar"
    }
    if values["paraphrase_ar"]:
        translations["ar"] = Translation(
            values["paraphrase_ar"], fingerprint(values["paraphrase_en"])
        )
    verified: bool = values["verified"]
    return replace(
        provision,
        kind=values["kind"],
        clause=values["clause"],
        paragraph=values["paragraph"],
        citation=values["citation"],
        paraphrase=Sentence(
            provision.paraphrase.id, values["paraphrase_en"], MappingProxyType(translations)
        ),
        # whoever verifies a row has the adopted text at hand
        source_read="primary" if verified else provision.source_read,
        verified=verified,
        verified_by=values["verified_by"],
        verified_on=values["verified_on"],
    )


def checked(values: Values) -> dict[str, Any]:
    """Return typed values as they are kept, by the rules of the registry's file.

    Raises InvalidInputError naming the field.
    """
    found: dict[str, Any] = {
        "kind": values["kind"],
        "clause": _text(values, "clause", MAX_PLACE),
        "paragraph": _text(values, "paragraph", MAX_PLACE),
        "citation": _text(values, "citation", MAX_CITATION),
        "paraphrase_en": _text(values, "paraphrase_en", MAX_PARAPHRASE),
        "paraphrase_ar": _text(values, "paraphrase_ar", MAX_PARAPHRASE),
        "verified": bool(values["verified"]),
        "verified_by": _text(values, "verified_by", MAX_NAME),
        "verified_on": _text(values, "verified_on", 30),
    }
    if found["kind"] not in KINDS:
        raise InvalidInputError(N_("Choose one of the kinds listed."), field="kind")
    if found["kind"] == "theme" and found["verified"]:
        raise InvalidInputError(
            N_("A theme cannot be verified: give its place in the text, as a paragraph."),
            field="kind",
        )
    if found["kind"] == "theme" and (found["clause"] or found["paragraph"]):
        raise InvalidInputError(
            N_("A theme has no clause and no paragraph. Leave them empty, or choose paragraph."),
            field="clause",
        )
    if found["kind"] == "paragraph" and not found["clause"]:
        raise InvalidInputError(
            N_("Say under which clause the paragraph stands, such as resolves."), field="clause"
        )
    for key, sentence in (
        ("citation", N_("Say which text this is, as it can be found in public.")),
        ("paraphrase_en", N_("Say in your own words what the provision is about.")),
    ):
        if not found[key]:
            raise InvalidInputError(sentence, field=key)
    _check_verification(found)
    return found


def _check_verification(found: Values) -> None:
    if not found["verified"]:
        for key in ("verified_by", "verified_on"):
            if found[key]:
                raise InvalidInputError(
                    N_("This goes with a verified row only. Tick verified, or leave it empty."),
                    field=key,
                )
        return
    if not found["verified_by"]:
        raise InvalidInputError(
            N_("Say who compared the row with the adopted text."), field="verified_by"
        )
    try:
        day = date.fromisoformat(found["verified_on"] or "")
    except ValueError:
        raise InvalidInputError(
            N_("Give the date as year-month-day, such as 2026-03-01."), field="verified_on"
        ) from None
    if day > now().date():
        raise InvalidInputError(
            N_("This day has not come yet. Give the day of the comparison."), field="verified_on"
        )


def _text(values: Values, key: str, most: int) -> str | None:
    text = written(values.get(key), most=most, field=key)
    return " ".join(text.split()) or None


def correction_counts(session: Session) -> Mapping[str, int]:
    """Return how often each corrected row was corrected, by its id."""
    rows = session.execute(
        sa.select(ProvisionCorrection.provision_id, sa.func.count()).group_by(
            ProvisionCorrection.provision_id
        )
    )
    return {row[0]: row[1] for row in rows}
