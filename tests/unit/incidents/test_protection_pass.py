"""The data-protection pass over whole incidents: what leaves, what does not, and what is said."""

import dataclasses
import json
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cirt.incidents.protection.fields import CODES, FIELDS
from cirt.incidents.protection.findings import find
from cirt.incidents.protection.kinds import INDICATOR, Action, Decision, Finding, Kind, key_of
from cirt.incidents.protection.passing import Protected, protect
from cirt.incidents.protection.pseudonyms import pseudonym
from cirt.incidents.protection.reading import folded_words
from cirt.incidents.protection.wording import mask_of
from cirt.stix import content as stix_content
from cirt.stix.content import (
    ImpactContent,
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    TaskContent,
)
from cirt.stix.observables import Observable, observable
from cirt.stix.wire import build

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = b"a secret of one audience, 32 byte"
MASK = Decision(action=Action.MASK)


def incident(**fields: Any) -> IncidentContent:
    """Return an incident of XA."""
    given_fields: dict[str, Any] = {
        "title": "Phishing",
        "description": "",
        "id": uuid.UUID("1b671a64-40d5-491e-99b0-da01ff1f3341"),
        "reference": "XA-2026-0001",
        "created": MOMENT,
        "modified": MOMENT,
        "producer": Producer(
            id=uuid.UUID("2b671a64-40d5-491e-99b0-da01ff1f3341"),
            name="CIRT XA",
            code="XA",
            contact="cert@xa.example",
        ),
    }
    return IncidentContent(**(given_fields | fields))


def seen(kind: str, value: str, **fields: Any) -> ObservableContent:
    """Return an observable of one value."""
    return ObservableContent(observable=observable(kind, value), **fields)


def by_value(content: IncidentContent) -> dict[str, Finding]:
    """Return the findings by their value."""
    return {one.value: one for one in find(content)}


def everything(value: Any) -> Iterator[str]:
    """Return every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from everything(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from everything(inner)


def plain(text: str) -> str:
    """Return a text as an attacker would compare it; written apart from the code under test."""
    text = unicodedata.normalize("NFKC", unquote(unquote(text))).casefold()
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    text = text.replace("[.]", ".").replace("[at]", "@").replace("(at)", "@")
    return "".join(
        each if unicodedata.decimal(each, None) is None else str(unicodedata.decimal(each))
        for each in text
    )


def assert_gone(content: IncidentContent, values: list[str]) -> None:
    """No text of the bundle holds a value, in any plain spelling."""
    bundle = json.loads(build(content).body)
    for text in everything(bundle):
        for value in values:
            assert plain(value) not in plain(text), (value, text)
            digits = "".join(each for each in plain(value) if each.isdigit())
            if len(digits) >= 9:
                assert digits not in "".join(each for each in plain(text) if each.isdigit())


# -- defaults ------------------------------------------------------------------------------


def test_what_is_looked_for_elsewhere_is_kept_and_what_is_the_victims_is_masked() -> None:
    """An attacker's address is an indicator; the same kind of value of the victim goes."""
    found = by_value(
        incident(
            description="From bad@evil.example to jane.doe@ministry.example.",
            observables=(
                seen("email-addr", "bad@evil.example", is_indicator=True),
                seen("email-addr", "jane.doe@ministry.example", is_victim=True, is_indicator=True),
                seen("user-account", "msilva"),
                seen("mac-addr", "00:1a:2b:3c:4d:5e"),
                seen("domain-name", "mail.ministry.example", is_victim=True),
                seen("ipv4-addr", "192.0.2.7", is_victim=True),
                seen("ipv4-addr", "198.51.100.7"),
            ),
        )
    )
    defaults = {value: (one.kind, one.default.action) for value, one in found.items()}
    assert defaults == {
        "bad@evil.example": (Kind.EMAIL, Action.KEEP),
        "jane.doe@ministry.example": (Kind.EMAIL, Action.MASK),
        "msilva": (Kind.ACCOUNT, Action.MASK),
        "00:1a:2b:3c:4d:5e": (Kind.VICTIM_ADDRESS, Action.MASK),
        "mail.ministry.example": (Kind.VICTIM_HOST, Action.MASK),
        "192.0.2.7": (Kind.VICTIM_ADDRESS, Action.MASK),
    }
    assert found["bad@evil.example"].default.reason == INDICATOR


def test_the_teams_own_contact_is_nobodys_data() -> None:
    """The functional address of the producer is in its identity anyway."""
    assert find(incident(description="Write to CERT@xa.example.")) == ()


def test_a_value_is_one_finding_in_all_its_places_and_spellings() -> None:
    """Title, comments, tasks, impacts, patterns, values: one key, every spot."""
    content = incident(
        title="Mail to jane.doe@ministry.example",
        description="JANE.DOE@ministry.example, jane.doe [at] ministry [dot] example",
        observables=(
            seen("url", "https://evil.example/?u=jane.doe%40ministry.example", comment="to jane.doe@ministry.example"),
        ),
        indicators=(
            IndicatorContent(
                key="1",
                name="jane.doe@ministry.example",
                pattern="[email-addr:value = 'x@evil.example']",
            ),
        ),
        impacts=(
            ImpactContent(
                key="1",
                category="confidentiality",
                description="box of jane.doe@ministry.example",
                details={"note": ["jane.doe@ministry.example"]},
            ),
        ),
        tasks=(TaskContent(key="1", name="Call jane.doe@ministry.example", outcome="ongoing"),),
    )  # fmt: skip
    one = by_value(content)["jane.doe@ministry.example"]
    assert one.key == key_of(Kind.EMAIL, "jane.doe@ministry.example")
    assert [spot.place for spot in one.spots] == [
        "title", "description", "description", "impacts.description", "impacts.details",
        "tasks.name", "observables.comment", "indicators.name", "observables.value",
    ]  # fmt: skip


# -- actions -------------------------------------------------------------------------------


def decided(content: IncidentContent, decision: Decision) -> Protected:
    """Protect with one decision for everything."""
    decisions = {one.key: decision for one in find(content)}
    return protect(content, decisions, secret=SECRET)


VICTIMS = incident(
    description="Ms Maria Silva (maria.silva@ministry.example, tel +961 1 234 567) at 192.0.2.7,"
    " mail.ministry.example, GB82WEST12345698765432, account XA\\msilva, 48.85661, 2.35222.",
    observables=(
        seen("email-addr", "maria.silva@ministry.example", comment="hers"),
        seen("ipv4-addr", "192.0.2.7", is_victim=True, is_indicator=True),
        seen("ipv6-addr", "2001:db8:1:2::7", is_victim=True),
        seen("domain-name", "mail.ministry.example", is_victim=True),
        seen("autonomous-system", "AS64500", is_victim=True),
    ),
)


def test_masked_values_leave_nothing_and_their_observables_are_left_out() -> None:
    """A masked value detects nothing, so no indicator is made of it; `removed` says so."""
    found = protect(VICTIMS, {}, secret=SECRET)
    assert found.content.observables == ()
    assert found.content.description == (
        "Ms [name removed] ([e-mail address removed], tel [phone number removed]) at"
        " [victim's address removed], [victim's system removed], [bank account or card removed],"
        " account [account removed], [coordinates removed]."
    )
    dropped = [row for row in found.removed if row["action"] == "drop"]
    assert {row["kind"] for row in dropped} == {"e-mail", "victim-address", "victim-host"}
    assert found.is_changed


def test_generalised_values_say_less() -> None:
    """Domain, network, country, tenth of a degree; nobody looks for such a value elsewhere."""
    found = decided(VICTIMS, Decision(action=Action.GENERALISE))
    assert found.content.description == (
        "Ms [a person] ([e-mail address – ministry.example], tel [phone number – +961]) at"
        " 192.0.2.0/24, ministry.example, [bank account or card – GB], account [account – XA],"
        " [coordinates – 48.9, 2.4]."
    )
    assert [(one.observable.type, one.observable.value, one.is_indicator) for one in found.content.observables] == [
        ("domain-name", "ministry.example", False),
        ("ipv4-addr", "192.0.2.0/24", False),
        ("ipv6-addr", "2001:db8:1::/48", False),
        ("domain-name", "ministry.example", False),
    ]  # fmt: skip
    assert_gone(found.content, ["Maria Silva", "maria.silva@ministry.example", "64500"])


def test_words_of_a_person_stand_for_a_generalised_value() -> None:
    """But never with a value in them that must not leave."""
    content = incident(description="Ms Maria Silva wrote to Mr Omar Haddad.")
    keys = {one.value: one.key for one in find(content)}
    decisions = {
        keys["Maria Silva"]: Decision(action=Action.GENERALISE, replacement="an accountant"),
        keys["Omar Haddad"]: Decision(action=Action.GENERALISE, replacement="friend of MARIA SILVA"),
    }  # fmt: skip
    found = protect(content, decisions, secret=SECRET)
    assert found.content.description == "Ms an accountant wrote to Mr [name removed]."


def test_pseudonyms_are_stable_within_an_audience_and_different_between_two() -> None:
    """Same person, same name, over versions and spellings; two audiences cannot join theirs."""
    decision = Decision(action=Action.PSEUDONYM)
    first = decided(incident(description="Ms Maria Silva called."), decision)
    later = decided(incident(title="About MS MARIA SILVA", description="Mr Silva"), decision)
    name = pseudonym(SECRET, Kind.PERSON, "maria silva")
    assert name.startswith("person-") and len(name) == len("person-K7QF2M")
    assert first.content.description == f"Ms {name} called."
    assert name != pseudonym(b"another audience", Kind.PERSON, "maria silva")
    assert later.content.description != first.content.description
    victims = decided(VICTIMS, decision)
    hosts = [one.observable.value for one in victims.content.observables]
    assert len(hosts) == 2  # the address and the name; a network address has no pseudonym
    assert all(host.endswith(".invalid") for host in hosts)


def test_what_is_kept_stays() -> None:
    """Kept with a reason: nothing changes, and nothing is said to be removed."""
    found = decided(VICTIMS, Decision(action=Action.KEEP, reason="they agreed"))
    assert found.content == VICTIMS
    assert found.removed == ()
    assert not found.is_changed


def test_marked_words_go_in_every_spelling() -> None:
    """What a person marks is found like anything else."""
    decision = Decision(action=Action.MASK, literal="Blue House")
    key = key_of(Kind.MARKED, folded_words("Blue House"))
    content = incident(
        title="Fire at BLUE  HOUSE", description="ｂｌｕｅ house; blue%20house; Bluehouse"
    )
    found = protect(content, {key: decision}, secret=SECRET)
    assert found.content.title == "Fire at [words removed]"
    assert found.content.description == "[words removed]; [words removed]; Bluehouse"


def test_names_of_known_people_are_found_without_a_cue() -> None:
    """Known names count with a capital only: "mark" is a word."""
    found = find(incident(description="Then Nadia did mark it."), known_names=["Nadia", "Mark"])
    assert [one.value for one in found] == ["Nadia"]


def test_a_name_is_found_again_without_its_first_name_and_in_other_cases() -> None:
    """The family name alone; Russian endings; Arabic words joined in front."""
    texts = {
        "Ms Maria Silva called. Silva was angry; silvan and Silvana are not hers.": 2,
        "Господин Иванов звонил. С Ивановым говорили, Иванову ответили.": 3,
        "السيد أحمد حداد اتصل. ثم أرسلنا لأحمد حداد ردا": 2,
    }
    for text, count in texts.items():
        (one,) = find(incident(description=text))
        assert len(one.spots) == count, text


def test_a_number_is_found_again_however_its_digits_are_grouped() -> None:
    """Without the word that gave it away, and within a rule too."""
    content = incident(description="tel 12 34 56 78 90", title="List 1234-567890, not 12345678901")
    assert protect(content, {}, secret=SECRET).content.title == (
        "List [phone number removed], not 12345678901"
    )


def test_what_is_the_victims_is_masked_although_a_rule_looks_for_it() -> None:
    """Victim goes before indicator."""
    content = incident(
        observables=(seen("email-addr", "jane@ministry.example", is_victim=True),),
        indicators=(
            IndicatorContent(
                key="1", name="r", pattern="[email-addr:value = 'jane@ministry.example']"
            ),
        ),
    )
    found = protect(content, {}, secret=SECRET)
    assert (found.content.observables, found.content.indicators) == ((), ())


def test_a_file_known_by_its_hash_loses_only_its_name() -> None:
    """The hash is what partners look for."""
    digest = "d41d8cd98f00b204e9800998ecf8427e"
    file = Observable("file", {"name": "C:\\Users\\msilva\\x.exe", "hashes": {"MD5": digest}})
    content = incident(observables=(ObservableContent(observable=file, is_indicator=True),))
    (left,) = protect(content, {}, secret=SECRET).content.observables
    assert dict(left.observable.properties) == {"hashes": {"MD5": digest}}
    assert left.is_indicator


def test_a_rule_loses_its_authors_and_is_left_out_for_anything_else() -> None:
    """Lines that name the author detect nothing; a masked string would detect nothing."""
    yara = 'rule x {\n meta:\n  author = "Jane Doe"\n  email = "jane@doe.example"\n strings:\n  $a = "%s"\n condition: $a }'  # noqa: E501 - one rule
    content = incident(
        indicators=(
            IndicatorContent(key="1", name="r", pattern=yara % "evil", pattern_type="yara"),
            IndicatorContent(key="2", name="s", pattern=yara % "/home/jdoe/x", pattern_type="yara"),
        )
    )
    left = protect(content, {}, secret=SECRET).content.indicators
    assert [rule.key for rule in left] == ["1"]
    assert "Doe" not in left[0].pattern and "evil" in left[0].pattern


def test_what_was_removed_never_holds_a_value() -> None:
    """Not even in the reason that somebody typed."""
    decision = Decision(action=Action.MASK, reason="Maria Silva asked for it")
    found = decided(incident(description="Ms Maria Silva called."), decision)
    assert found.removed == (
        {"kind": "person", "place": "description", "action": "mask", "reason": "", "count": 1},
    )


def test_the_order_of_protection_and_sections_matters_not_for_the_description() -> None:
    """A host of the victim leaves the description although its observable is cut afterwards."""
    found = protect(VICTIMS, {}, secret=SECRET)
    assert "mail.ministry.example" not in found.content.description


def test_every_text_of_the_content_is_searched_or_a_code() -> None:
    """A new field of the content has to be put into one of the two lists."""
    groups = {
        "": IncidentContent,
        "impacts": ImpactContent,
        "tasks": TaskContent,
        "observables": ObservableContent,
        "indicators": IndicatorContent,
    }
    for group, kind in groups.items():
        for each in dataclasses.fields(kind):
            said = str(each.type)
            if "str" not in said and "Mapping" not in said:
                continue
            assert each.name in FIELDS[group] or each.name in CODES, f"{group}.{each.name}"
    assert stix_content.IncidentContent is IncidentContent


@pytest.mark.parametrize("language", ["en", "fr", "es", "ru", "ar", "zh", "de-CH"])
def test_masks_are_no_findings_themselves(language: str) -> None:
    """Whatever cue stands before a mask, the pass leaves the mask alone."""
    cues = ("user: {}", "contact: {}", "Mr {}", "tel. {}", "адрес: {}", "السيد {}", "用户：{}",
            "login: {}", "compte : {}", "C:\\Users\\{}\\x", "https://{}@x.example/", "كلم {} 5")  # fmt: skip
    for kind in Kind:
        for cue in cues:
            text = cue.format(mask_of(kind, language))
            content = incident(description=text, language=language)
            again = protect(content, {}, secret=SECRET).content.description
            assert (
                protect(incident(description=again), {}, secret=SECRET).content.description == again
            )


# -- properties ----------------------------------------------------------------------------

PEOPLE = ["Maria Silva", "Élodie Gagné", "John O'Neill", "أحمد الحسيني", "Сидоров Пётр", "张伟"]
CUES = {"Maria Silva": "Ms {}", "Élodie Gagné": "Mme {}", "John O'Neill": "contact: {}",
        "أحمد الحسيني": "السيد {}", "Сидоров Пётр": "господин {}", "张伟": "联系人：{}"}  # fmt: skip
OTHERS = {
    "maria.silva@ministry.example": "{}",
    "анна@пример.рф": "{}",
    "+961 1 234 567": "tel {}",
    "078-05-1120": "SSN {}",
    "GB82 WEST 1234 5698 7654 32": "IBAN {}",
    "4111 1111 1111 1111": "card {}",
    "XA\\msilva": "by {}",
    "13812345678": "电话{}",
}


def _indic(text: str) -> str:
    return "".join(chr(0x660 + int(each)) if each in "0123456789" else each for each in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text)


SPELLINGS = [
    lambda text: text,
    str.upper,
    _indic,
    _wide,
    lambda text: "\u200b".join(text),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.replace("@", " [at] ").replace(".", "[.]"),
    lambda text: quote(text, safe=""),
    lambda text: text.replace("a", "\u0430") if "@" in text else text,
]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[IncidentContent, list[str], dict[str, Decision]]:
    """An incident with values in many places and spellings, and decisions on some of them."""
    values = draw(st.lists(st.sampled_from([*CUES, *OTHERS]), min_size=1, max_size=4, unique=True))
    glue = st.sampled_from([" ", ", ", "; ", " (", "\n", " – ", "،", "。"])

    def text(*, must: bool = False) -> str:
        parts = []
        for value in values:
            if must:
                parts.append((CUES | OTHERS)[value].format(value))
            if draw(st.booleans()):
                parts.append(draw(st.sampled_from(SPELLINGS))(value))
            parts.append(draw(st.sampled_from(["seen", "تم", "был", "了", "2026-03-01"])))
        return "".join(part + draw(glue) for part in parts)

    observables = [seen("domain-name", "evil.example", is_indicator=True, comment=text())]
    for value in values:
        if value == "maria.silva@ministry.example":
            observables += [
                seen("email-addr", value, is_victim=draw(st.booleans())),
                seen("url", "https://evil.example/?u=" + quote(value, safe=""), is_indicator=True),
            ]
        if value == "XA\\msilva":
            observables.append(seen("process", "run /user:XA\\msilva", is_indicator=True))
    content = incident(
        title=text() or "x",
        description=text(must=True),
        language=draw(st.sampled_from(["en", "ar", "zh", "ru", "fr", "es"])),
        observables=tuple(observables),
        indicators=(
            IndicatorContent(
                key="1",
                name=text() or "x",
                pattern="alert " + text(),
                pattern_type="snort",
                comment=text(),
            ),
        ),
        impacts=(
            ImpactContent(
                key="1",
                category="availability",
                criticality=10,
                description=text(),
                details={"availability_impact": 10},
            ),
        ),
        tasks=(TaskContent(key="1", name=text() or "x", outcome="ongoing", description=text()),),
    )
    choices = st.sampled_from(
        [None, MASK, Decision(action=Action.GENERALISE), Decision(action=Action.PSEUDONYM)]
    )
    decisions = {}
    for one in find(content):
        decision = draw(choices)
        if decision is None and one.default.action is Action.KEEP:
            decision = MASK
        if decision is not None:
            decisions[one.key] = decision
    return content, values, decisions


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_nothing_that_was_taken_out_is_anywhere_in_the_bundle(
    world: tuple[IncidentContent, list[str], dict[str, Decision]],
) -> None:
    """MISP#8767: no spelling of it is left, what was removed does not name it, again is the same."""
    content, values, decisions = world
    found = protect(content, decisions, secret=SECRET)
    assert_gone(found.content, values)
    for value in values:
        assert plain(value) not in plain(json.dumps(found.removed, ensure_ascii=False))
    assert protect(content, decisions, secret=SECRET) == found
    again = protect(found.content, decisions, secret=SECRET)
    assert again.content == found.content
    assert again.removed == ()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_passes_without_harm(title: str, description: str) -> None:
    """Whatever stands there: it ends, it is stable, and each finding is where it says it is."""
    content = incident(title=title, description=description)
    for one in find(content):
        for spot in one.spots:
            assert {"title": title, "description": description}[spot.place][
                spot.start : spot.end
            ] == spot.found
    found = protect(content, {}, secret=SECRET)
    assert protect(found.content, {}, secret=SECRET).content == found.content
