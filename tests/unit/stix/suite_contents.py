"""Contents that use the whole wire profile, and strategies that make random ones."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from cirt.stix.content import (
    ImpactContent,
    IncidentContent,
    IndicatorContent,
    ObservableContent,
    Producer,
    TaskContent,
)
from cirt.stix.iep import CHOICES, IepContent
from cirt.stix.impact_rules import (
    CONFIDENTIALITY_LOSSES,
    INTEGRITY_ALTERATIONS,
    PHYSICAL_IMPACTS,
    RECOVERABILITIES,
    TASK_OUTCOMES,
    TRACEABILITIES,
)
from cirt.stix.marking import PAP_WORDS, TLP
from cirt.stix.observables import observable

NOW = datetime(2026, 11, 1, 10, 0, 0, 123000, tzinfo=UTC)
PRODUCER = Producer(
    id=UUID("0d3b6b1c-98a5-4a64-8c6a-3f1cf0a1d001"),
    name="CIRT of XA",
    code="XA",
    contact="duty@cirt.xa.example",
)
CIRCLE = Producer(
    id=UUID("c1c1e000-0000-4000-8000-00000000c1c1"),
    name="Water and power",
    code="XA",
    contact="duty@cirt.xa.example",
    is_circle=True,
)
POLICY = IepContent(
    name="Ask before acting", description="Policy of the circle.", start_date=NOW, tlp="green"
)
RANSOM = {
    "variety": "ransom-demand",
    "min_amount": 0,
    "max_amount": 1_500_000.5,
    "currency": "USD",
    "currency_actual": "BTC",
    "conversion_rate": 90_000.25,
    "conversion_time": "2026-10-30T00:00:00Z",
}
IMPACTS = (
    ImpactContent(key="a", category="monetary", details=RANSOM, criticality=70, started=NOW),
    ImpactContent(
        key="b",
        category="availability",
        details={"availability_impact": 75},
        superseded_by="c",
        ended=NOW,
    ),
    ImpactContent(
        key="c",
        category="availability",
        details={"availability_impact": 20},
        counts={"ics-plc": 4, "individual": 0},
        recoverability="supplemented",
        description="Back on reserve.",
    ),
    ImpactContent(
        key="d", category="physical", details={"impact_type": "unknown", "asset_type": "ics-plc"}
    ),
    ImpactContent(
        key="e", category="traceability", details={"traceability_impact": "accountability-lost"}
    ),
    ImpactContent(key="f", category="integrity", details={"alteration": "none"}),
    ImpactContent(key="g", category="external", details={"impact_type": "public-health"}),
    ImpactContent(
        key="h",
        category="confidentiality",
        details={"loss_type": "suspected-loss", "information_type": "pii", "record_count": 12},
    ),
)
TASKS = (
    TaskContent(
        key="a",
        name="Isolate the gateway",
        outcome="successful",
        task_types=("containment", "investigation"),
        priority=80,
        started=NOW,
        ended=NOW + timedelta(hours=2),
        description="Done by the night shift.",
    ),
    TaskContent(key="b", name="Tell the customers", outcome="pending"),
)
FULL = IncidentContent(
    id=UUID("7b0c9a1e-5f64-4a6e-9d0e-0f6f1c2f0a11"),
    reference="XA-2026-17",
    title="Pumps stopped",
    description="Three pumping stations stopped.",
    tlp=TLP.AMBER,
    pap="amber",
    iep=POLICY,
    producer=PRODUCER,
    created=NOW,
    modified=NOW + timedelta(days=1),
    started=NOW - timedelta(days=2),
    ended=NOW,
    rsit="availability:sabotage",
    severity=4,
    determination="confirmed",
    detection_methods=("system-outage",),
    impacted_entity_counts={"ics-plc": 9},
    sectors=("water",),
    techniques=("T0803", "T0883", "T1566.001"),
    observables=(
        ObservableContent(
            observable=observable("ipv4-addr", "198.51.100.7"),
            is_indicator=True,
            comment="C2",
            first_observed=NOW,
            last_observed=NOW + timedelta(hours=1),
            count=3,
        ),
        ObservableContent(observable=observable("ipv4-addr", "192.0.2.10"), is_victim=True),
        ObservableContent(observable=observable("vulnerability", "CVE-2021-44228")),
    ),
    indicators=(
        IndicatorContent(
            key="1", name="rule", pattern="rule a { condition: true }", pattern_type="yara"
        ),
    ),
    impacts=IMPACTS,
    tasks=TASKS,
)


def changed(**changes: Any) -> IncidentContent:
    """Return the full content with other values."""
    return dataclasses.replace(FULL, **changes)


texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
).filter(str.strip)
words = st.from_regex(r"[a-z]{2,8}(-[a-z]{2,8})?", fullmatch=True)
amounts = st.integers(0, 10**9) | st.floats(0, 1e9, allow_nan=False)
whole = st.integers(0, 2**53 - 1)
counted = st.dictionaries(words, whole, max_size=3)
times = st.none() | st.just(NOW)


def _unless_none(first: str, closed: tuple[str, ...], second: str) -> st.SearchStrategy[Any]:
    full = st.fixed_dictionaries(
        {first: st.sampled_from(closed), second: words},
        optional={} if second == "asset_type" else {"record_count": whole, "record_size": whole},
    )
    return full | st.just({first: "none"})


def _money(low: float, more: float, converted: bool, variety: str) -> dict[str, Any]:
    found = {"variety": variety, "min_amount": low, "max_amount": low + more, "currency": "EUR"}
    return {**RANSOM, **found} if converted else found


_DETAILS = {
    "availability": st.fixed_dictionaries({"availability_impact": st.integers(0, 100)}),
    "confidentiality": _unless_none("loss_type", CONFIDENTIALITY_LOSSES, "information_type"),
    "external": st.fixed_dictionaries({"impact_type": words}),
    "integrity": _unless_none("alteration", INTEGRITY_ALTERATIONS, "information_type"),
    "monetary": st.fixed_dictionaries({"variety": words})
    | st.builds(_money, amounts, amounts, st.booleans(), words),
    "physical": _unless_none("impact_type", PHYSICAL_IMPACTS, "asset_type"),
    "traceability": st.fixed_dictionaries({"traceability_impact": st.sampled_from(TRACEABILITIES)}),
}


@st.composite
def impacts(draw: Any) -> tuple[ImpactContent, ...]:
    """Some impacts; now and then the first took the place of another of its category."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        category = draw(st.sampled_from(sorted(_DETAILS)))
        found.append(
            ImpactContent(
                key=str(number),
                category=category,
                details=draw(_DETAILS[category]),
                criticality=draw(st.none() | st.integers(0, 100)),
                description=draw(st.just("") | texts),
                started=draw(times),
                ended=draw(times),
                recoverability=draw(st.sampled_from(["", *RECOVERABILITIES])),
                counts=draw(counted),
            )
        )
    if found and draw(st.booleans()):
        found.append(dataclasses.replace(found[0], key="old", superseded_by="0", ended=NOW))
    return tuple(found)


tasks = st.lists(
    st.builds(
        TaskContent,
        key=words,
        name=texts,
        outcome=st.sampled_from(TASK_OUTCOMES),
        description=st.just("") | texts,
        task_types=st.lists(words, max_size=2).map(tuple),
        priority=st.none() | st.integers(0, 100),
        started=times,
        ended=times,
    ),
    max_size=3,
    unique_by=lambda task: task.key,
).map(tuple)
policies = st.builds(
    IepContent,
    name=texts,
    description=texts,
    start_date=st.just(NOW),
    end_date=times,
    **{name: st.sampled_from(choices) for name, choices in CHOICES.items()},
)
observed = st.builds(
    ObservableContent,
    observable=st.sampled_from(
        [
            observable("ipv4-addr", "203.0.113.9"),
            observable("domain-name", "bad.example"),
            observable("file", "b" * 64),
            observable("vulnerability", "CVE-2024-3400"),
            observable("url", "https://bad.example/x"),
        ]
    ),
    is_indicator=st.booleans(),
    is_victim=st.booleans(),
    withdrawn=st.booleans(),
    comment=st.just("") | texts,
    first_observed=times,
    last_observed=times,
    count=st.none() | st.integers(1, 999_999_999),
)
contents = st.builds(
    changed,
    id=st.uuids(version=4),
    title=texts,
    description=st.just("") | texts,
    tlp=st.sampled_from(TLP),
    pap=st.sampled_from(["", *PAP_WORDS]),
    iep=st.none() | policies,
    producer=st.sampled_from([PRODUCER, CIRCLE, dataclasses.replace(PRODUCER, contact=None)]),
    started=times,
    ended=times,
    techniques=st.lists(st.sampled_from(["T0803", "T0883", "T1071", "T0800"]), max_size=3).map(
        tuple
    ),
    impacted_entity_counts=counted,
    observables=st.lists(observed, max_size=3).map(tuple),
    impacts=impacts(),
    tasks=tasks,
    revoked=st.booleans(),
)
