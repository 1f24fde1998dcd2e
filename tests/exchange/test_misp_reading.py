"""Reading MISP event files: what is accepted, what is refused, and where each attribute goes."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from cirt.errors import InvalidInputError, TooLargeError
from cirt.stix import misp_context, misp_event
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import AttackPattern, MispImport, import_event, import_events
from cirt.strictjson import StrictJsonError

DATA = Path(__file__).resolve().parent.parent / "data" / "misp"


@pytest.fixture(scope="module")
def wide() -> MispImport:
    return import_event((DATA / "wide.json").read_bytes())


def _shown(event: MispImport) -> dict[tuple[str, str], bool]:
    return {
        (found.observable.type, found.observable.value): found.is_indicator
        for found in event.observables
    }


def test_every_attribute_is_carried_or_lost_with_a_reason(wide: MispImport) -> None:
    """T-53: in = carried + lost, and no attribute counts twice."""
    paths = [entry.path for entry in wide.carried] + [loss.path for loss in wide.lost_attributes]
    assert len(paths) == len(set(paths)) == wide.attribute_count == 27
    assert all(loss.reason.endswith(".") for loss in wide.losses)
    assert {entry.kind for entry in wide.carried} == {
        *("observable", "indicator", "rule", "reference", "description"),
    }


def test_what_is_not_carried_says_why(wide: MispImport) -> None:
    reasons = {loss.path: loss.reason for loss in wide.lost_attributes}
    assert reasons == {
        "Attribute[13]": "Files are not taken over: they are not stored here, only named.",
        "Attribute[14]": (
            "STIX has no form for attributes of type “iban”, or the value does not fit it."
        ),
        "Attribute[15]": "“not a domain” does not fit the kind domain-name.",
        "Attribute[16]": "It was deleted where it comes from.",
        "Attribute[17]": "It has no type or no value.",
        "Object[0].Attribute[4]": "STIX has no place for “state” of a MISP object “file”.",
        "Object[1].Attribute[1]": "Passwords and other secrets are not taken over.",
        "Object[2].Attribute[1]": "STIX has no place for “online” of a MISP object “phishing”.",
    }
    kinds = [loss.kind for loss in wide.losses if loss.kind != "attribute"]
    assert sorted(kinds) == ["distribution", "file", "proposal", "relationship"]


def test_a_secret_appears_nowhere(wide: MispImport) -> None:
    assert "Winter2026" not in repr(wide)


def test_file_bytes_appear_nowhere(wide: MispImport) -> None:
    assert "aGFybWxlc3M" not in repr(wide)


def test_composite_types_give_their_parts(wide: MispImport) -> None:
    shown = _shown(wide)
    assert shown[("domain-name", "mail.example.org")]
    assert shown[("ipv4-addr", "192.0.2.7")]
    assert not shown[("ipv6-addr", "2001:db8::1")]
    key = "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run"
    assert not shown[("windows-registry-key", key)]
    port = next(f for f in wide.observables if f.observable.value == "192.0.2.9")
    assert (port.is_indicator, port.comment) == (True, "destination port 8443")


def test_file_object_gives_one_observable(wide: MispImport) -> None:
    (loader,) = [f for f in wide.observables if f.comment == "the loader"]
    assert loader.observable.properties["name"] == "loader.exe"
    assert set(loader.observable.properties["hashes"]) == {"MD5", "SHA-256"}
    assert loader.observable.properties["size"] == 4096
    assert loader.is_indicator
    assert len(loader.attributes) == 4


def test_event_says_who_when_and_how_it_may_be_passed_on(wide: MispImport) -> None:
    """The strictest of two TLP labels counts; WHITE of TLP 1 is CLEAR of TLP 2.0."""
    assert wide.tlp is TLP.AMBER_STRICT
    assert (wide.rsit, wide.severity, wide.investigation_status) == ("fraud:phishing", 4, "closed")
    assert (wide.date, wide.published, wide.distribution) == (date(2026, 3, 14), True, 1)
    assert (wide.producer_name, wide.title) == ("CIRT of XA", "Phishing of a ministry")
    assert "our:own" in wide.tags
    assert wide.labels == ("threat-actor: Test Bear",)
    assert wide.attack_patterns == (
        AttackPattern(name="Web Protocols", external_id="T1071.001"),
        AttackPattern(name="Phishing", external_id="T1566"),
    )
    assert wide.description.splitlines()[0] == "Summary"
    assert "btc: 1BoatSLRHtKNngkdXEeobR76b53LETtpyT" in wide.description


def test_times_rules_and_references_are_kept(wide: MispImport) -> None:
    lure = next(f for f in wide.observables if f.observable.value == "login.example.org")
    assert lure.first_seen == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert lure.last_seen == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert [(rule.name, rule.pattern_type) for rule in wide.rules] == [("Lure", "yara")]
    assert [found.url for found in wide.references] == ["https://news.example.org/story"]


def test_bare_event_is_read() -> None:
    event = import_event((DATA / "bare.json").read_bytes())
    assert (event.title, event.tlp) == ("A bare event", None)


def test_several_events_come_in_order() -> None:
    data = (DATA / "two-events.json").read_bytes()
    first, second = import_events(data)
    assert [first.title, second.title] == ["First", "Second"]
    assert [first.tlp, second.tlp] == [TLP.GREEN, None]
    with pytest.raises(InvalidInputError, match="holds 2 MISP events"):
        import_event(data)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("empty.json", "It has no attributes, objects, galaxies or reports"),
        ("only-attachment.json", "Files are not taken over"),
        ("not-misp.json", "not a MISP event file"),
        ("stix-bundle.json", "STIX bundle"),
        ("duplicate-keys.json", "stands twice"),
    ],
)
def test_file_without_an_event_is_refused_with_a_reason(name: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        import_events((DATA / name).read_bytes())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"17",
        b'"Event"',
        b'{"Event": []}',
        b'{"Event": null}',
        b'{"response": {"Attribute": []}}',
        b'{"response": [{"Event": {"info": "a"}}, 3]}',
        b'{"info": "a text"}',
        b'{"Event": {"info": " ", "Attribute": []}}',
        b'{"Event": {"info": ["a"], "Attribute": []}}',
        b"[" * 100 + b"]" * 100,
    ],
)
def test_other_json_is_refused(text: bytes) -> None:
    with pytest.raises((InvalidInputError, StrictJsonError)):
        misp_event.read_events(text)


def test_too_many_events_are_refused() -> None:
    one = b'{"Event": {"info": "a", "Attribute": []}}'
    with pytest.raises(TooLargeError):
        misp_event.read_events(b"[" + b",".join([one] * 201) + b"]")


def test_event_without_uuid_gets_the_same_one_each_time() -> None:
    text = b'{"Event": {"info": "a", "uuid": "none", "Attribute": []}}'
    first, second = (misp_event.read_events(text)[0].uuid for _ in range(2))
    assert first == second
    assert isinstance(first, UUID)


@pytest.mark.parametrize(
    ("event_tags", "attribute_tags", "expected"),
    [
        ([], [], None),
        (["tlp:white"], [], TLP.CLEAR),
        (["TLP:Clear"], [], TLP.CLEAR),
        (["tlp:amber+strict", "tlp:green"], [], TLP.AMBER_STRICT),
        (["tlp:green"], ["tlp:amber"], TLP.AMBER),
        (["tlp:amber"], ["tlp:white"], TLP.AMBER),
        ([], ["tlp:white"], None),
        ([], ["tlp:red"], TLP.RED),
        (["tlp:white", "tlp:ex:chr"], [], TLP.AMBER_STRICT),
        (["tlp:unclear"], [], TLP.AMBER_STRICT),
        (["tlpx:red", "type:OSINT"], [], None),
    ],
)
def test_label_is_the_strictest_and_never_a_guess(
    event_tags: list[str], attribute_tags: list[str], expected: TLP | None
) -> None:
    """TLP-2.0: what is not one of its five labels never makes an event weaker than AMBER+STRICT."""
    label, unknown = misp_context.tlp_of_tags(event_tags, attribute_tags)
    assert label is expected
    assert len(unknown) == sum("ex:" in tag or "unclear" in tag for tag in event_tags)


@pytest.mark.parametrize("severity", [None, 0, 1, 2, 3, 4, 5])
def test_threat_level_follows_the_severity(severity: int | None) -> None:
    level = misp_context.threat_level_id(severity)
    assert level == {None: "4", 0: "3", 1: "3", 2: "3", 3: "2", 4: "1", 5: "1"}[severity]
