"""Cases on the web: recording, reading, changing, listing; who may, and what goes wrong."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt import access, audit
from cirt.access import visible
from cirt.db import Database
from cirt.incidents import cases
from cirt.incidents.case_details import CaseDetails
from cirt.incidents.case_models import Incident, IncidentChange
from cirt.stix.marking import TLP
from tests.conftest import Browser, Cast

Make = Callable[[str | None], Browser]

FIELDS = {
    "title": "Mail server of the ministry sends spam",
    "description": "Seen by two partners.",
    "language": "en",
    "tlp": "amber+strict",
    "rsit": 'rsit:abusive-content="spam"',
    "severity": "2",
    "investigation_status": "open",
    "determination": "confirmed",
    "started_at": "2026-03-01T08:00",
    "detected_at": "2026-03-01T09:30",
    "countries": "XA, xb",
    "sectors": ["public-administration"],
    "failed": ["detection"],
    "pap": "amber",
    "detection_methods": ["user-reporting", "human-review"],
    "entity_counts-kind": ["employee", "", "system"],
    "entity_counts-number": ["340", "", "0"],
}


@pytest.fixture
def make_incident(database: Database, cast: Cast) -> Callable[..., uuid.UUID]:
    """Return a function that records an incident of a person and returns its id."""

    def make(who: str = "nadia", **fields: Any) -> uuid.UUID:
        with database.writing() as session:
            details = CaseDetails(**{"title": "A case", **fields})
            return cases.create_incident(session, cast.actors[who], details).id

    return make


def _form(page: Any) -> dict[str, str]:
    text = page.get_data(as_text=True)
    found = re.search(r'name="revision"[^>]*value="(\d+)"', text)
    return {"revision": found[1] if found else ""}


def test_recording_leads_to_the_summary(browser: Make) -> None:
    nadia = browser("nadia")
    answer = nadia.post("/incidents/new", FIELDS)
    assert answer.status_code == 302
    page = nadia.get(answer.location).get_data(as_text=True)
    for text in (
        "Mail server of the ministry",
        "TLP:AMBER+STRICT",
        "Spam",
        "2 – Medium",
        "XB",
        "Detection",
        "PAP:AMBER",
        "A report by users",
        "Employees: 340",
        "Systems: 0",
    ):
        assert text in page
    assert re.search(r"XA-\d{4}-0001", page)
    assert "Crosses a border" in page


def test_list_shows_and_narrows(browser: Make, make_incident: Callable[..., uuid.UUID]) -> None:
    make_incident(title="Defaced site", severity=3, rsit='rsit:intrusions="system-compromise"')
    make_incident(title="Phishing of 100% of staff", investigation_status="closed")
    nadia = browser("nadia")
    assert "2 incidents" in nadia.get("/incidents/").get_data(as_text=True)
    for query, title in (
        ("severity=3", "Defaced site"),
        ("class=intrusions", "Defaced site"),
        ("status=closed", "Phishing"),
        ("text=100%25", "Phishing"),
        ("text=-0001", "Defaced site"),
    ):
        page = nadia.get(f"/incidents/?{query}").get_data(as_text=True)
        assert title in page and "1 incident," in page, query
    for query in (
        "text=100_",
        "severity=9",
        "page=99999999&text=nothing%07",
        "class=%25",
        "severity=²",
    ):
        assert nadia.get(f"/incidents/?{query}").status_code == 200, query


def test_pages_need_a_sign_in(browser: Make, make_incident: Callable[..., uuid.UUID]) -> None:
    incident_id = make_incident()
    nobody = browser(None)
    for path in (
        "",
        "new",
        "import",
        f"{incident_id}",
        f"{incident_id}/edit",
        f"{incident_id}/misp.json",
    ):
        answer = nobody.get(f"/incidents/{path}")
        assert answer.status_code == 302 and "/sign-in" in answer.location


READING = ("", "/observables", "/bundle", "/history", "/export", "/misp.json", "/stix.json")
CHANGING = ("/edit", "/observables/paste", "/observables/new")


@pytest.mark.parametrize("username", ["boris", "chen"])
def test_other_administrations_find_nothing(
    browser: Make, make_incident: Callable[..., uuid.UUID], username: str
) -> None:
    incident_id = make_incident(tlp=TLP.CLEAR)
    other = browser(username)
    for path in READING + CHANGING:
        assert other.get(f"/incidents/{incident_id}{path}").status_code == 404, path
    assert other.post(f"/incidents/{incident_id}/edit", FIELDS).status_code == 404
    assert "A case" not in other.get("/incidents/").get_data(as_text=True)


@pytest.mark.parametrize("username", ["root", "amina", "farid"])
def test_other_roles_may_not(
    browser: Make, make_incident: Callable[..., uuid.UUID], username: str
) -> None:
    incident_id = make_incident(tlp=TLP.CLEAR)
    other = browser(username)
    assert other.get("/incidents/").status_code == 403
    assert other.get("/incidents/new").status_code == 403
    for path in READING + CHANGING:
        assert other.get(f"/incidents/{incident_id}{path}").status_code in (403, 404), path


def test_releasing_officer_reads_and_changes_nothing(
    browser: Make, make_incident: Callable[..., uuid.UUID]
) -> None:
    incident_id = make_incident(tlp=TLP.GREEN)
    omar = browser("omar")
    for path in ("", "/observables", "/bundle", "/history", "/stix.json"):
        assert omar.get(f"/incidents/{incident_id}{path}").status_code == 200, path
    for path in CHANGING:
        assert omar.get(f"/incidents/{incident_id}{path}").status_code == 403, path
    assert omar.post(f"/incidents/{incident_id}/edit", FIELDS).status_code == 403
    assert omar.get("/incidents/new").status_code == 403


def test_wrong_methods_and_ids(browser: Make, make_incident: Callable[..., uuid.UUID]) -> None:
    incident_id = make_incident()
    nadia = browser("nadia")
    assert nadia.post(f"/incidents/{incident_id}").status_code == 405
    assert nadia.get(f"/incidents/{incident_id}/observables/take").status_code == 405
    assert nadia.get(f"/incidents/{uuid.uuid4()}").status_code == 404
    assert nadia.get("/incidents/not-an-id").status_code == 404
    assert nadia.get(f"/incidents/{incident_id}/origin").status_code == 404


def test_forms_need_their_token(browser: Make, make_incident: Callable[..., uuid.UUID]) -> None:
    incident_id = make_incident()
    nadia = browser("nadia")
    for path in ("new", f"{incident_id}/edit", f"{incident_id}/observables/take", "import"):
        answer = nadia.client.post(f"/incidents/{path}", data=FIELDS)
        assert answer.status_code == 400, path


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "  "}, "Give the incident a title."),
        ({"title": "x" * 301}, "Shorten this to 300 characters"),
        ({"title": "a\x07b"}, "control character"),
        ({"description": "x" * 20_001}, "Shorten this to 20000 characters"),
        ({"description": "\x1b[31m"}, "control character"),
        ({"ended_at": "2026-02-01T00:00"}, "cannot have ended before it started"),
        ({"detected_at": "2026-02-01T00:00"}, "cannot have been detected before it started"),
        ({"reported_at": "2026-02-01T00:00"}, "cannot have been reported before it started"),
        ({"detected_at": "2999-01-01T00:00"}, "lies in the future"),
        ({"started_at": "0001-01-01T00:00"}, "before 1970"),
        ({"started_at": "soon"}, "Not a valid datetime value"),
        ({"countries": "Atlantis"}, "is no country code"),
        ({"techniques": "T99"}, "is no ATT&amp;CK technique"),
        ({"held": ["detection"]}, "cannot have failed and held"),
        ({"tlp": "purple"}, "Not a valid choice"),
        ({"severity": "7"}, "Not a valid choice"),
        ({"readers": [str(uuid.uuid4())]}, "is not a valid choice"),
        ({"pap": "violet"}, "Not a valid choice"),
        ({"detection_methods": ["luck"]}, "is not a valid choice"),
        ({"entity_counts-number": ["many", "", "0"]}, "as digits, from 0 to"),
        ({"entity_counts-kind": ["", "", "system"]}, "Say what the number 340 counts"),
        ({"entity_counts-kind": ["system", "", "system"]}, "stands twice"),
        ({"entity_counts-kind": ["A b", "", "system"]}, "Choose one of the entries"),
    ],
)
def test_bad_input_is_explained_and_kept(
    browser: Make, database: Database, change: dict[str, Any], sentence: str
) -> None:
    answer = browser("nadia").post("/incidents/new", {**FIELDS, **change})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "Seen by two partners." in page or "description" in change
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 0


def test_numbers_have_no_gap_after_a_refusal(browser: Make, database: Database, cast: Cast) -> None:
    nadia = browser("nadia")
    nadia.post("/incidents/new", FIELDS)
    nadia.post("/incidents/new", {**FIELDS, "countries": "?"})
    nadia.post("/incidents/new", FIELDS)
    browser("boris").post("/incidents/new", FIELDS)
    with database.reading() as session:
        found = sorted(session.scalars(sa.select(Incident.reference)))
    assert [reference[:2] + reference[7:] for reference in found] == [
        "XA-0001",
        "XA-0002",
        "XB-0001",
    ]


def test_conflict_is_shown_side_by_side_and_nothing_is_lost(
    browser: Make, make_incident: Callable[..., uuid.UUID], database: Database
) -> None:
    incident_id = make_incident(tlp=TLP.AMBER_STRICT)
    url = f"/incidents/{incident_id}/edit"
    nadia = browser("nadia")
    seen = _form(nadia.get(url))
    assert nadia.post(url, {**FIELDS, **seen, "title": "Theirs, saved first"}).status_code == 302
    answer = nadia.post(url, {**FIELDS, **seen, "title": "Mine, saved second"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Theirs, saved first" in page and "Mine, saved second" in page
    assert "Nothing was overwritten" in page
    with database.reading() as session:
        assert session.get_one(Incident, incident_id).title == "Theirs, saved first"
    again = nadia.post(url, {**FIELDS, **_form(answer), "title": "Mine, saved second"})
    assert again.status_code == 302
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Theirs, saved first" in history and "Mine, saved second" in history


def test_what_recipients_may_do_and_counts_are_in_history_and_conflict(
    browser: Make, make_incident: Callable[..., uuid.UUID], database: Database
) -> None:
    incident_id = make_incident()
    url = f"/incidents/{incident_id}/edit"
    nadia = browser("nadia")
    page = nadia.get(url).get_data(as_text=True)
    assert "do nothing that touches the attacker" in page
    seen = _form(nadia.get(url))
    with database.reading() as session:
        before = session.get_one(Incident, incident_id).content_changed_at
    assert nadia.post(url, {**FIELDS, **seen}).status_code == 302
    with database.reading() as session:
        row = session.get_one(Incident, incident_id)
        assert (row.pap, row.entity_counts) == ("amber", {"employee": 340, "system": 0})
        assert row.detection_methods == ["human-review", "user-reporting"]
        assert row.content_changed_at > before
    answer = nadia.post(
        url, {**FIELDS, **seen, "pap": "red", "entity_counts-number": ["7", "", ""]}
    )
    conflict = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "PAP:RED" in conflict and "Employees: 340" in conflict and "Employees: 7" in conflict
    history = nadia.get(f"/incidents/{incident_id}/history").get_data(as_text=True)
    assert "Employees: 340, Systems: 0" in history and "PAP:AMBER" in history


def test_more_rows_store_nothing_and_keep_what_was_typed(
    browser: Make, make_incident: Callable[..., uuid.UUID], database: Database
) -> None:
    """Without scripts: the button sends the form and gets it back with empty rows."""
    incident_id = make_incident()
    nadia = browser("nadia")
    for path in ("new", f"{incident_id}/edit"):
        answer = nadia.post(f"/incidents/{path}", {**FIELDS, "title": "Kept", "more_rows": "yes"})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert 'value="Kept"' in page and 'value="340"' in page
        assert page.count('name="entity_counts-kind"') == 5
    with database.reading() as session:
        assert [row.title for row in session.scalars(sa.select(Incident))] == ["A case"]


def test_lowering_a_marking_needs_a_reason(
    browser: Make, make_incident: Callable[..., uuid.UUID], database: Database
) -> None:
    """TLP-2.0: the source decides; the act and its reason stay in the history."""
    incident_id = make_incident(tlp=TLP.AMBER)
    url = f"/incidents/{incident_id}/edit"
    nadia = browser("nadia")
    seen = _form(nadia.get(url))
    answer = nadia.post(url, {**FIELDS, **seen, "tlp": "green"})
    assert answer.status_code == 422 and "Say why the marking is lowered" in answer.get_data(
        as_text=True
    )
    assert (
        nadia.post(
            url, {**FIELDS, **seen, "tlp": "green", "reason": "The source agreed."}
        ).status_code
        == 302
    )
    with database.reading() as session:
        assert session.get_one(Incident, incident_id).tlp == "green"
        change = session.scalars(
            sa.select(IncidentChange).where(IncidentChange.kind == "edited")
        ).one()
        assert change.reason == "The source agreed."
        assert change.fields["tlp"] == ["amber", "green"]


@pytest.mark.parametrize("tlp", list(TLP))
def test_red_is_for_named_persons(
    browser: Make, make_incident: Callable[..., uuid.UUID], cast: Cast, tlp: TLP
) -> None:
    """TLP-2.0-RED: named recipients only; the matrix of who sees which marking."""
    plain = make_incident(tlp=tlp, title="Not named")
    named = make_incident(tlp=tlp, title="Omar named", readers=frozenset({cast.users["omar"]}))
    nadia, omar = browser("nadia"), browser("omar")
    for incident_id in (plain, named):
        assert nadia.get(f"/incidents/{incident_id}").status_code == 200
    expected = 404 if tlp is TLP.RED else 200
    assert omar.get(f"/incidents/{plain}").status_code == expected
    assert omar.get(f"/incidents/{named}").status_code == 200
    listed = omar.get("/incidents/").get_data(as_text=True)
    assert "Omar named" in listed
    assert ("Not named" in listed) == (tlp is not TLP.RED)


def test_red_leaves_by_no_file(browser: Make, make_incident: Callable[..., uuid.UUID]) -> None:
    """TLP-2.0-RED: the screen only."""
    incident_id = make_incident(tlp=TLP.RED)
    nadia = browser("nadia")
    for path in ("export", "misp.json", "stix.json"):
        answer = nadia.get(f"/incidents/{incident_id}/{path}")
        assert answer.status_code == 403
        assert "leaves by no file" in answer.get_data(as_text=True)
    page = nadia.get(f"/incidents/{incident_id}/bundle")
    assert page.status_code == 200 and "Download the bundle" not in page.get_data(as_text=True)


def test_who_makes_it_red_still_sees_it(database: Database, cast: Cast) -> None:
    with database.writing() as session:
        incident = cases.create_incident(session, cast.actors["boris"], CaseDetails(title="A case"))
        incident.created_by = None
        session.flush()
        details = CaseDetails(title="A case", tlp=TLP.RED)
        cases.edit_incident(session, cast.actors["boris"], incident, details, revision=1)
        session.flush()
        assert access.allowed(session, cast.actors["boris"], "incident.read", incident)


def test_reading_a_strict_case_is_noted(
    browser: Make, make_incident: Callable[..., uuid.UUID], database: Database
) -> None:
    quiet, noted = make_incident(tlp=TLP.AMBER), make_incident(tlp=TLP.AMBER_STRICT)
    nadia = browser("nadia")
    for incident_id in (quiet, noted):
        nadia.get(f"/incidents/{incident_id}")
        nadia.get(f"/incidents/{incident_id}/bundle")
    with database.reading() as session:
        seen = session.scalars(
            sa.select(audit.AuditEntry).where(audit.AuditEntry.action == "incident.view")
        )
        assert [(entry.subject, entry.details["page"]) for entry in seen] == [
            (f"incident:{noted}", "detail"),
            (f"incident:{noted}", "bundle"),
        ]
        assert not list(audit.broken_links(session))


def test_allowed_and_visible_agree(
    database: Database, cast: Cast, make_incident: Callable[..., uuid.UUID]
) -> None:
    ids = []
    for who in ("nadia", "boris", "chen"):
        for tlp in TLP:
            ids.append(make_incident(who, tlp=tlp))
            readers = frozenset({cast.users["omar"]} if who == "nadia" else {cast.users[who]})
            ids.append(make_incident(who, tlp=tlp, readers=readers))
    actions = ("incident.read", "incident.edit", "incident.export")
    with database.reading() as session:
        rows = [session.get_one(Incident, incident_id) for incident_id in ids]
        counts = set()
        for name, actor in cast.actors.items():
            for action in actions:
                seen = {
                    row.id for row in session.scalars(visible(actor, Incident, action)).unique()
                }
                may = {row.id for row in rows if access.allowed(session, actor, action, row)}
                assert seen == may, (name, action)
                counts.add((name, action, len(seen)))
    assert ("nadia", "incident.read", 10) in counts
    assert ("omar", "incident.read", 9) in counts
    assert ("omar", "incident.edit", 0) in counts
    assert ("root", "incident.read", 0) in counts


def test_start_page_counts_only_what_one_may_see(
    browser: Make, make_incident: Callable[..., uuid.UUID]
) -> None:
    make_incident(severity=4)
    make_incident(severity=4, tlp=TLP.RED)
    make_incident(severity=1, investigation_status="closed")
    nadia = browser("nadia").get("/").get_data(as_text=True)
    omar = browser("omar").get("/").get_data(as_text=True)
    # TLP:RED is in no figure, not even for who recorded it (exits.WAYS)
    for page in (nadia, omar):
        assert re.search(r"4 – Severe</dt>\s*<dd>1<", page)
    assert "Record what happened" not in browser("amina").get("/").get_data(as_text=True)
