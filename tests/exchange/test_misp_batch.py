"""Many reports in one run of the process: each as if it were alone, and none spoils another."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from cirt.errors import ForbiddenError, TooLargeError
from cirt.stix import misp_exchange
from cirt.stix.content import IncidentContent, ObservableContent
from cirt.stix.incident_reading import read_report
from cirt.stix.marking import TLP
from cirt.stix.misp_exchange import Shared, export_event, export_reports, import_event, import_files
from cirt.stix.misp_received import told
from cirt.stix.misp_writing import Cover
from cirt.stix.observables import observable
from cirt.stix.wire import build
from tests.exchange.misp_content import incident_of

DATA = Path(__file__).resolve().parent.parent / "data" / "misp"
AT = datetime(2026, 1, 2, tzinfo=UTC)


def _content(number: int) -> IncidentContent:
    content = incident_of(import_event((DATA / "wide.json").read_bytes()))
    own = ObservableContent(
        observable=observable("domain-name", f"own-{number}.example"), is_indicator=True
    )
    return replace(
        content,
        id=uuid5(content.id, str(number)),
        title=f"Incident {number}",
        observables=(*content.observables, own),
    )


def _shared(content: IncidentContent) -> Shared:
    objects = tuple(json.loads(build(content).body)["objects"])
    [root] = [one["id"] for one in objects if one["type"] == "report"]
    said = told(
        read_report(objects, root),
        event_uuid=content.id,
        producer=content.producer,
        tlp=content.tlp,
        at=AT,
    )
    return Shared(said, objects, Cover(stamp=1_767_312_000, published=True, tags=said.tags))


@pytest.fixture(scope="module")
def contents() -> list[IncidentContent]:
    return [_content(number) for number in range(5)]


def _values(body: bytes) -> set[tuple[str, str, bool]]:
    event = json.loads(body)["Event"]
    every = [*event["Attribute"], *(a for one in event["Object"] for a in one["Attribute"])]
    return {(one["type"], one["value"], one["to_ids"]) for one in every}


def test_each_report_is_converted_as_if_it_were_alone_T50(
    contents: list[IncidentContent],
) -> None:
    """CVE-2026-77761: nothing of one document appears in another."""
    shared = [_shared(content) for content in contents]
    together = export_reports(shared)
    [last_alone] = export_reports(shared[-1:])
    assert together[-1].body == last_alone.body
    assert [one.body for one in export_reports(shared[::-1])] == [
        one.body for one in together[::-1]
    ]
    for number, made in enumerate(together):
        text = made.body.decode()
        assert [f"own-{other}.example" in text for other in range(5)] == [
            other == number for other in range(5)
        ]


def test_report_of_our_profile_gives_the_event_that_its_producer_exports(
    contents: list[IncidentContent],
) -> None:
    [content, *_others] = contents
    [made] = export_reports([_shared(content)])
    own = export_event(content)
    assert _values(made.body) == _values(own.body)
    event, exported = json.loads(made.body)["Event"], json.loads(own.body)["Event"]
    for name in ("uuid", "info", "date", "threat_level_id", "analysis", "Tag", "Orgc"):
        assert event[name] == exported[name], name
    assert (event["published"], event["timestamp"]) == (True, "1767312000")


def test_report_on_which_the_conversion_fails_is_written_without_it_T51_T54(
    contents: list[IncidentContent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2026-77755: what kills the process costs one report its objects, and nobody anything else."""
    convert = misp_exchange._convert
    poison = str(contents[2].id)

    def dying(action: str, key: str, documents: Any) -> Any:
        if any(poison in json.dumps(one) for one in documents):
            raise TooLargeError("stopped")
        return convert(action, key, documents)

    whole = export_reports([_shared(content) for content in contents])
    monkeypatch.setattr(misp_exchange, "_convert", dying)
    made = export_reports([_shared(content) for content in contents])
    for number, (one, before) in enumerate(zip(made, whole, strict=True)):
        assert (one.body == before.body) == (number != 2)
        assert ("domain", f"own-{number}.example", True) in _values(one.body)


def test_file_that_kills_the_reader_is_refused_alone_T51(monkeypatch: pytest.MonkeyPatch) -> None:
    convert = misp_exchange._convert

    def dying(action: str, key: str, documents: Any) -> Any:
        if any("poison" in json.dumps(one) for one in documents):
            raise TooLargeError("stopped")
        return convert(action, key, documents)

    def file(key: UUID, value: str) -> bytes:
        one = {"type": "domain", "value": value, "category": "Network activity"}
        return json.dumps({"Event": {"uuid": str(key), "info": value, "Attribute": [one]}}).encode()

    monkeypatch.setattr(misp_exchange, "_convert", dying)
    keys = [uuid5(UUID(int=0), str(number)) for number in range(4)]
    values = ["a.example", "poison.example", "b.example", "c.example"]
    found = import_files({key: file(key, value) for key, value in zip(keys, values, strict=True)})
    assert [isinstance(one, TooLargeError) for one in found.values()] == [
        False, True, False, False,
    ]  # fmt: skip


def test_red_report_is_no_event(contents: list[IncidentContent]) -> None:
    """TLP-2.0-RED: whoever asks, and whatever else is asked with it."""
    red = replace(contents[0], tlp=TLP.RED)
    with pytest.raises(ForbiddenError):
        export_reports([_shared(contents[1]), _shared(red)])
