"""What an instrument's questions serve of other texts and models, and what they do not. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from cirt.assessments.instruments.model import Instrument, Question
from cirt.assessments.instruments.references import MODELS, Provision, reference_models
from cirt.capabilities import capabilities
from cirt.errors import N_
from cirt.localtext import Sentence
from cirt.taxonomies import stakeholder_groups


@dataclass(frozen=True, slots=True)
class Served:
    """One item of a text or model, and the ids of the questions that serve it."""

    id: str
    name: Sentence | str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Covering:
    """How far one text or model is served.

    key: provisions.read, provisions.unverified, provisions.themes, a name of MODELS, capabilities,
    pillars or stakeholders. title: a message id, "" with a model, whose own name stands. notice:
    whose model it is, "" for none.
    """

    key: str
    title: str
    items: tuple[Served, ...]
    name: str = ""
    notice: str = ""

    @property
    def served(self) -> int:
        """How many items at least one question serves."""
        return sum(1 for each in self.items if each.questions)

    @property
    def missing(self) -> tuple[Served, ...]:
        """The items that no question serves."""
        return tuple(each for each in self.items if not each.questions)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every text and model, and the questions that point at no capability (there must be none)."""

    parts: tuple[Covering, ...]
    without_capability: tuple[str, ...]

    def part(self, key: str) -> Covering:
        """Return one part. KeyError for an unknown key."""
        for each in self.parts:
            if each.key == key:
                return each
        raise KeyError(key)


def coverage(instrument: Instrument, registry: Mapping[str, Provision]) -> Coverage:
    """Return what the questions serve. registry: the provisions as they stand now.

    Three groups of provisions are counted apart: those that somebody compared with the adopted
    text, those known by their place only, and themes, for which no place may be printed.
    """
    by_provision = _by(instrument.questions, lambda q: q.crosswalk.provisions)

    def provisions(key: str, title: str, chosen: Iterable[Provision]) -> Covering:
        return Covering(
            key,
            title,
            tuple(Served(p.id, p.paraphrase, by_provision.get(p.id, ())) for p in chosen),
        )

    rows = registry.values()
    parts = [
        provisions(
            "provisions.read",
            N_("Provisions read in the original and verified"),
            [row for row in rows if row.verified],
        ),
        provisions(
            "provisions.unverified",
            N_("Provisions known by their place, not yet verified"),
            [row for row in rows if not row.verified and row.kind == "paragraph"],
        ),
        provisions(
            "provisions.themes",
            N_("Themes of resolutions, not yet verified, without a paragraph"),
            [row for row in rows if not row.verified and row.kind == "theme"],
        ),
    ]
    models = reference_models()
    for key in MODELS:
        by_item = _by(instrument.questions, partial(_of_model, key))
        model = models[key]
        parts.append(
            Covering(
                key,
                "",
                tuple(Served(i, name, by_item.get(i, ())) for i, name in model.items.items()),
                name=model.name,
                notice=model.notice,
            )
        )
    return Coverage(
        parts=(*parts, *_own(instrument)),
        without_capability=tuple(q.id for q in instrument.questions if not q.capabilities),
    )


def _of_model(model: str, question: Question) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(question.crosswalk, model)
    return found


def _own(instrument: Instrument) -> Iterable[Covering]:
    questions = instrument.questions
    by_capability = _by(questions, lambda q: q.capabilities)
    yield Covering(
        "capabilities",
        N_("Capabilities of a national CIRT"),
        tuple(Served(c.id, c.name, by_capability.get(c.id, ())) for c in capabilities().values()),
    )
    if instrument.pillars:
        by_pillar = _by(questions, lambda q: (q.pillar_id,) if q.pillar_id else ())
        yield Covering(
            "pillars",
            N_("Pillars of the Global Cybersecurity Agenda"),
            tuple(Served(p.id, p.title, by_pillar.get(p.id, ())) for p in instrument.pillars),
        )
    by_group = _by(questions, lambda q: q.asked_of)
    yield Covering(
        "stakeholders",
        N_("Groups of stakeholders who can answer"),
        tuple(Served(g.id, g.name, by_group.get(g.id, ())) for g in stakeholder_groups().values()),
    )


def _by(
    questions: Iterable[Question], ids: Callable[[Question], Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for question in questions:
        for each in ids(question):
            found.setdefault(each, []).append(question.id)
    return {key: tuple(value) for key, value in found.items()}
