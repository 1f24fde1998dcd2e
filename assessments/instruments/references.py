"""The texts and models that questions point at: provisions of resolutions, published models."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from cirt.datafiles import DataMap, data_path, read_map
from cirt.errors import N_
from cirt.localtext import Sentence, sentence_of

KINDS = ("paragraph", "theme")
SOURCES_READ = ("primary", "secondary", "memory")
MODELS = ("un_64_211", "sim3", "gci", "cmm", "first_services")

_PROVISION_KEYS = (
    "id", "kind", "resolution", "revision", "clause", "paragraph", "paraphrase", "citation",
    "source_read", "verified", "verified_by", "verified_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Provision:
    """One provision of a resolution, in our words.

    kind "theme": what the text is about, without a place in it; print no paragraph for it.
    clause, paragraph: None where nobody has checked them in the adopted text.
    source_read: what the paraphrase was written from (primary, secondary or memory).
    verified: somebody compared it with the adopted text; by whom and on which day (ISO date).
    """

    id: str
    kind: str
    resolution: str
    revision: str
    clause: str | None
    paragraph: str | None
    paraphrase: Sentence
    citation: str
    source_read: str
    verified: bool
    verified_by: str | None
    verified_on: str | None


@dataclass(frozen=True, slots=True)
class ReferenceModel:
    """A published model, as ids and short names; its texts belong to its owner."""

    id: str
    name: str
    owner: str
    edition: str
    citation: str
    notice: str
    source_read: str
    items: Mapping[str, str]


@cache
def provisions() -> Mapping[str, Provision]:
    """Return the provision registry by id, in the order of its file."""
    found: dict[str, Provision] = {}
    for row in read_map(data_path("provisions", "provisions.yml")).sections("provisions"):
        row.only(_PROVISION_KEYS)
        provision = _provision(row)
        if provision.id in found:
            raise row.fault("id", N_("The id %(id)s stands twice."), id=provision.id)
        found[provision.id] = provision
    return MappingProxyType(found)


@cache
def reference_models() -> Mapping[str, ReferenceModel]:
    """Return the published models that questions are mapped to, by the names in MODELS."""
    found: dict[str, ReferenceModel] = {}
    for row in read_map(data_path("provisions", "models.yml")).sections("models"):
        row.only(("id", "name", "owner", "edition", "citation", "notice", "source_read", "items"))
        _one_of(row, "id", MODELS)
        _one_of(row, "source_read", SOURCES_READ)
        items = row.section("items")
        found[row.text("id")] = ReferenceModel(
            id=row.text("id"),
            name=row.text("name"),
            owner=row.text("owner"),
            edition=row.text("edition"),
            citation=row.text("citation"),
            notice=row.text("notice"),
            source_read=row.text("source_read"),
            items=MappingProxyType({key: items.text(key) for key in items}),
        )
    return MappingProxyType(found)


def _provision(row: DataMap) -> Provision:
    _one_of(row, "kind", KINDS)
    _one_of(row, "source_read", SOURCES_READ)
    verified = row.boolean("verified")
    paragraph = row.optional_text("paragraph")
    for key in ("verified_by", "verified_on"):
        if verified != (row.optional_text(key) is not None):
            raise row.fault(key, N_("%(key)s goes with verified: true, and only with it."), key=key)
    if row["kind"] == "theme" and (verified or paragraph is not None):
        raise row.fault("kind", N_("A theme has no paragraph and is not verified."))
    return Provision(
        id=row.text("id"),
        kind=row.text("kind"),
        resolution=row.text("resolution"),
        revision=row.text("revision"),
        clause=row.optional_text("clause"),
        paragraph=paragraph,
        paraphrase=sentence_of(row, "paraphrase", row.text("id")),
        citation=row.text("citation"),
        source_read=row.text("source_read"),
        verified=verified,
        verified_by=row.optional_text("verified_by"),
        verified_on=row.optional_text("verified_on"),
    )


def _one_of(row: DataMap, key: str, allowed: tuple[str, ...]) -> None:
    if row.text(key) not in allowed:
        raise row.fault(
            key, N_("%(key)s must be one of: %(allowed)s."), key=key, allowed=", ".join(allowed)
        )
