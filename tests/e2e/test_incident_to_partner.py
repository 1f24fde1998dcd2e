"""From an incident to a partner's machine, through the hands of two persons; and a MISP file in."""

import base64
import hashlib
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import rfc8785
from playwright.sync_api import Page, expect

from tests.server import ROOT, Server, free_port

pytestmark = pytest.mark.browser

TITLE = "False invoices in the name of the customs office"
CIRCLE = "Regional exchange"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TEXT = f"""Forwarded by the help desk:
The invoice linked to hxxps://customs-invoice[.]example[.]com/pay?no=7 (host 203.0.113[.]99),
sent from billing[@]customs-invoice[.]example[.]com. Hash of the file that came with it:
{HASH}
Our own mail server is 198.51.100[.]3."""
FOR_DETECTION = {
    "billing[@]customs-invoice[.]example[.]com",
    "hxxps://customs-invoice[.]example[.]com/pay?no=7",
    "203[.]0[.]113[.]99",
    HASH,
}
OWN_ADDRESS = "198[.]51[.]100[.]3"
EVENT = ROOT / "config" / "seed" / "misp" / "powerpool.json"
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, demonstration_at: Callable[[Path], Path]
) -> Iterator[Server]:
    """A demonstration of this file's own: its test releases an incident."""
    data = demonstration_at(tmp_path_factory.mktemp("exchange") / "data")
    server = Server(data, free_port()).start()
    yield server
    server.kill()


class Machine:
    """A partner's machine: it has a token and speaks TAXII 2.1, with the standard library alone."""

    def __init__(self, site: Server, administration: str) -> None:
        token = next(
            each for each in site.credentials()["taxii"] if each["administration"] == administration
        )
        pair = f"{token['username']}:{token['token']}".encode()
        self.headers = {
            "Accept": "application/taxii+json;version=2.1",
            "Authorization": f"Basic {base64.b64encode(pair).decode()}",
        }
        self.discovery = token["discovery_url"]
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, url: str) -> bytes:
        """Return what stands at an address. Raises HTTPError."""
        request = urllib.request.Request(url, headers=self.headers)
        with self.opener.open(request, timeout=20) as answer:
            return bytes(answer.read())

    def collections(self) -> dict[str, str]:
        """Return the addresses of the collections, by title, as a client discovers them."""
        root = urljoin(self.discovery, json.loads(self.get(self.discovery))["default"])
        listed = json.loads(self.get(f"{root}collections/")).get("collections", [])
        return {each["title"]: f"{root}collections/{each['id']}/" for each in listed}


def _fact(page: Page, term: str) -> str:
    """Return the value beside a term on a page."""
    row = page.locator("main .fact", has=page.get_by_text(term, exact=True)).first
    return row.locator("dd").inner_text().strip()


def _record_incident(page: Page) -> str:
    """Record an incident with what a pasted text speaks of; return its path."""
    page.goto("/incidents/?lang=en")
    page.get_by_role("link", name="Record an incident").click()
    page.get_by_label("Title").fill(TITLE)
    page.locator("#description").fill("Eleven importers got an invoice. None of them paid it.")
    page.locator("input[name=tlp][value=amber]").check()
    page.get_by_role("button", name="Record the incident").click()
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    address = page.url

    page.get_by_role("link", name="Observables", exact=True).click()
    page.get_by_role("link", name="Paste a text").click()
    page.locator("#text").fill(TEXT)
    page.get_by_role("button", name="Find observables").click()
    # addresses for documentation are not proposed; all others are
    expect(page.get_by_label(f"Keep {OWN_ADDRESS}")).not_to_be_checked()
    expect(page.get_by_label(f"Keep {HASH}")).to_be_checked()
    for value in FOR_DETECTION:
        page.get_by_label(f"Keep {value}", exact=True).check()
        page.get_by_label(f"{value} is for detection", exact=True).check()
    page.get_by_role("button", name="Add what is ticked").click()
    shown = {value.strip() for value in page.locator("main tbody th .code").all_inner_texts()}
    assert shown >= FOR_DETECTION
    assert OWN_ADDRESS not in shown
    return address


def test_incident_reaches_the_partner_in_the_bytes_that_were_approved(
    visit: Callable[..., Page], site: Server
) -> None:
    analyst = visit("analyst", "XA")
    incident = _record_incident(analyst)
    analyst.get_by_role("link", name="Sharing", exact=True).click()
    analyst.get_by_role("checkbox", name=CIRCLE).check()
    analyst.get_by_role("button", name="Plan the release").click()
    analyst.get_by_role("button", name="Prepare", exact=True).click()
    release = analyst.url
    digest = _fact(analyst, "SHA-256")
    assert DIGEST.fullmatch(digest)
    expect(analyst.get_by_text("Nothing has left yet.")).to_be_visible()
    expect(analyst.get_by_role("link", name="Approve these bytes")).to_have_count(0)
    machine = Machine(site, "XB")
    collection = machine.collections()[CIRCLE]
    assert TITLE.encode() not in machine.get(f"{collection}objects/")

    officer = visit("releasing-officer", "XA")
    officer.get_by_role("link", name="Releases", exact=True).first.click()
    officer.get_by_role("link", name=TITLE).click()
    assert officer.url == release
    assert _fact(officer, "SHA-256") == digest
    bundle = officer.request.get(f"{release}/bundle.json").body()
    assert hashlib.sha256(bundle).hexdigest() == digest
    officer.get_by_role("link", name="Approve these bytes").click()
    assert _fact(officer, "SHA-256") == digest
    expect(officer.get_by_text("Demonstration State B").first).to_be_visible()
    acknowledged = officer.get_by_role("checkbox", name="I saw what the recipients")
    if acknowledged.count():
        acknowledged.check()
    officer.get_by_role("button", name="Approve and release").click()
    expect(officer.locator("main .alert[role=status]").first).to_be_visible()

    _check_arrival(machine.get(f"{collection}objects/"), bundle, digest)
    partner = visit("analyst", "XB")
    partner.goto("/circles/")
    partner.get_by_role("link", name=CIRCLE).click()
    partner.get_by_role("link", name=TITLE).click()
    expect(partner.get_by_role("heading", name=TITLE)).to_be_visible()

    _check_that_others_see_nothing(visit, site, [partner.url, release, incident], collection)


def _check_arrival(answer: bytes, bundle: bytes, digest: str) -> None:
    """What the machine got holds every approved object, in the approved bytes."""
    approved: dict[str, Any] = json.loads(bundle)
    arrived = {each["id"]: each for each in json.loads(answer)["objects"]}
    for each in approved["objects"]:
        assert rfc8785.dumps(each) in answer, each["id"]
    rebuilt = approved | {"objects": [arrived[each["id"]] for each in approved["objects"]]}
    assert hashlib.sha256(rfc8785.dumps(rebuilt)).hexdigest() == digest
    patterns = {each["pattern"] for each in arrived.values() if each["type"] == "indicator"}
    assert "[ipv4-addr:value = '203.0.113.99']" in patterns
    assert not any("198.51.100.3" in pattern for pattern in patterns)


def _check_that_others_see_nothing(
    visit: Callable[..., Page], site: Server, pages: list[str], collection: str
) -> None:
    """An administration outside the circle does not learn that it exists, by page or machine."""
    outsider = visit("analyst", "XC")
    circle = re.sub("/reports/.*", "", pages[0])
    for address in [circle, *pages]:
        answer = outsider.goto(address)
        assert answer is not None
        assert answer.status == 404, address
        assert TITLE not in outsider.content()
        assert CIRCLE not in outsider.content()
    for address in ("/", "/circles/", "/releases/", "/incidents/"):
        outsider.goto(address)
        assert TITLE not in outsider.content(), address
        assert CIRCLE not in outsider.content(), address
    machine = Machine(site, "XC")
    assert CIRCLE not in machine.collections()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        machine.get(f"{collection}objects/")


def test_misp_file_is_imported_while_the_page_waits_and_can_leave_again(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit("analyst", "XB")
    page.goto("/incidents/?lang=en")
    page.get_by_role("link", name="Import from MISP").click()
    page.set_input_files("input[type=file]", EVENT)
    page.get_by_role("button", name="Import").click()
    # nobody touches the page: it ends by itself when the worker has read the file
    expect(page.get_by_text("1 event was read.")).to_be_visible(timeout=60_000)
    page.locator("main .task-title").click()

    expect(page.get_by_text("attributes were carried.")).to_be_visible()
    losses = page.get_by_role("table", name="Not carried")
    expect(losses).to_be_visible()
    for cells in losses.locator("tbody tr").all():
        assert all(text.strip() for text in cells.locator("td").all_inner_texts())

    page.get_by_role("link", name="Summary").click()
    page.get_by_role("link", name="Export").click()
    for name, kind in (("Download the MISP event", "Event"), ("Download the bundle", "objects")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        download.value.save_as(tmp_path / "file.json")
        assert json.loads((tmp_path / "file.json").read_bytes())[kind]
