"""Hostile text in every field that a person can fill: it is shown, as text, and does nothing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.server import Server, free_port

pytestmark = pytest.mark.browser

POLYGLOT = (
    "\"'></textarea></title><script>window.__ran=1</script>"
    "<img src=/no-such-picture onerror=window.__ran=1>"
    '<a href="javascript:window.__ran=1">{{7*7}}${7*7}</a>'
)
BEGINNING = POLYGLOT[:50]  # all of it, wherever long values are shortened
OVERRIDE = "\u202e"  # turns all that follows round, unless the text is isolated
NOT_SHOWN = {"attached"}  # the content of a file
PASSWORD = "seven quiet lanterns 41"
USERNAME = "hostile.person"
UUID = re.compile("[0-9a-f]{8}-[0-9a-f-]{27}")

WRONG = r"""() => {
  const wrong = [];
  if (window.__ran !== undefined) wrong.push("a script ran");
  if (document.querySelector("a[href^='javascript:' i]")) wrong.push("a javascript: link");
  if (document.querySelector("img[src*='no-such-picture']")) wrong.push("an injected picture");
  const text = document.body.innerText;
  if (text.includes(">49$") || text.includes("}}49")) wrong.push("a template was run");
  const width = document.documentElement.scrollWidth;
  if (width > 360) {
    const wide = [...document.querySelectorAll("main *")].filter(one => {
      const box = one.getBoundingClientRect();
      return box.right > 361 || box.left < -1;
    });
    wrong.push(`${width} px wide: ${wide.slice(0, 3).map(one => one.outerHTML.slice(0, 60))}`);
  }
  // an override must not turn round what follows it: it ends with its isolate, its block or its line
  const bounds = (element) => {
    const style = getComputedStyle(element);
    return style.display !== "inline" || /isolate|plaintext/.test(style.unicodeBidi);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const place = node.data.lastIndexOf("\u202e");
    if (place < 0 || !node.parentElement.checkVisibility()) continue;
    let holder = node.parentElement;
    while (!bounds(holder)) holder = holder.parentElement;
    if (holder.matches("textarea, option")) continue;
    const following = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    following.currentNode = node;
    let after = node.data.slice(place + 1);
    while (!after.includes("\u2069") && following.nextNode()) {
      const next = following.currentNode;
      if (next.nodeType === Node.TEXT_NODE) {
        let around = next.parentElement;
        while (!bounds(around)) around = around.parentElement;
        if (around === holder) after += next.data;
      } else if (next.tagName === "BR" || getComputedStyle(next).display === "block") break;
    }
    if (getComputedStyle(holder).whiteSpace.startsWith("pre")) after = after.split("\n")[0];
    after = after.split("\u2069")[0];
    if (/[\p{L}\p{N}]/u.test(after)) wrong.push(`turned round: ${after.trim().slice(0, 60)}`);
  }
  return wrong;
}"""


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, demonstration_at: Callable[[Path], Path]
) -> Iterator[Server]:
    """A demonstration of this file's own, which gets hostile content."""
    data = demonstration_at(tmp_path_factory.mktemp("hostile") / "data")
    server = Server(data, free_port()).start()
    yield server
    server.kill()


# files, and what is much alike and holds nothing that was typed here
NOT_LOOKED_AT = re.compile(
    r"\.(pdf|json|csv|xlsx|docx|pem|zip)$|/detection/|/file$|/workbook$|^/instruments/.|/questions/(?!D1-Q1\b)"
)


def hostile(mark: str, length: int = 200) -> str:
    """Return a hostile text that ends in a very long word; the mark tells one from another."""
    return f"{mark} {POLYGLOT}".ljust(length - 1, "W") + OVERRIDE


class Watch:
    """Looks at every page: what ran, what was injected, what is too wide or turned round."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.shown: set[str] = set()
        page.set_viewport_size({"width": 360, "height": 740})
        page.on("dialog", lambda dialog: (self._note("a dialog"), dialog.dismiss()))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("console", self._console)

    def _note(self, fault: str) -> None:
        self.wrong.append(f"{urlsplit(self.page.url).path}: {fault}")

    def _console(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        # the browser itself remarks every answer 422; all else is a fault
        if getattr(message, "type", "") == "error" and "422" not in text:
            self._note(f"console: {text}")

    def look(self) -> None:
        """Look at the page as it stands."""
        self.page.wait_for_selector("footer")  # one that waits for a job opens itself anew
        for fault in self.page.evaluate(WRONG):
            self._note(fault)
        typed = self.page.eval_on_selector_all(
            "input, textarea", "all => all.map(one => one.value)"
        )
        text = " ".join([*self.page.inner_text("body").split(), *typed])
        self.shown |= set(re.findall(r"([a-z-]+) " + re.escape(BEGINNING), text))

    def go(self, path: str) -> None:
        """Open a page and look at it."""
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status < 400, f"{path}: {answer.status}"
        self.look()

    def send(self, path: str, fields: dict[str, object], refused: bool = False) -> None:
        """Fill a form and send it; look at the page before and after."""
        self.go(path)
        for name, value in fields.items():
            field = self.page.locator(f"main [name='{name}']")
            if isinstance(value, Path):
                field.set_input_files(value)
            elif field.first.get_attribute("type") in ("radio", "checkbox"):
                for each in value if isinstance(value, list) else [value]:
                    self.page.locator(f"main [name='{name}'][value='{each}']").check()
            elif field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(str(value))
            else:
                field.evaluate("one => one.removeAttribute('maxlength')")
                field.fill(str(value))
        form = self.page.locator(
            "main form", has=self.page.locator(f"[name='{next(iter(fields))}']")
        )
        with self.page.expect_navigation():
            form.locator("button[type=submit]:visible").first.click()
        self.look()
        errors = self.page.locator(".field-error").all_inner_texts()
        assert bool(errors) is refused, f"{path}: {errors}"

    def crawl(self, own: set[str], most: int = 120) -> int:
        """Open every page about the hostile content that links lead to; return how many."""
        queue, seen = ["/"], {"/"}
        while queue and len(seen) <= most:
            self.go(queue.pop(0))
            links = self.page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
            for href in links:
                parts = urlsplit(href)
                target = parts.path
                found = UUID.search(target)
                if (
                    target not in seen
                    and "lang=" not in parts.query
                    and (found is None or found[0] in own)
                    and not NOT_LOOKED_AT.search(target)
                ):
                    seen.add(target)
                    queue.append(target)
        return len(seen)


def _uuid(page: Page) -> str:
    found = UUID.search(page.url)
    assert found is not None, page.url
    return found[0]


def _make_people_and_circle(admin: Watch, own: set[str]) -> str:
    """Add an administration, a machine, a circle and a person; return the person's link."""
    page = admin.page
    admin.send(
        "/directory/administrations/new",
        {
            "code": "XE",
            "name_en": hostile("name-english"),
            "name_ar": hostile("name-arabic"),
            "team_name": hostile("team"),
            "source": hostile("source"),
        },
    )
    admin.send("/directory/administrations/new", {"code": hostile("code")}, refused=True)
    admin.send("/circles/new", {"title": hostile("circle"), "description": hostile("purpose", 900)})
    own.add(circle := _uuid(page))
    for code in ("XA", "XB", "XE"):
        members = f"/circles/{circle}/members"
        admin.go(members)
        option = page.locator("select[name=administration] option", has_text=f"{code} ")
        value = option.first.get_attribute("value")
        admin.send(members, {"administration": value})
    page.goto("/directory/tokens/new")
    choice = page.locator("select[name=administration] option", has_text="XA").first
    administration = choice.get_attribute("value")
    admin.send(
        "/directory/tokens/new",
        {"administration": administration, "label": hostile("machine"), "scopes": ["taxii.read"]},
    )
    admin.send(
        "/directory/users/new",
        {"administration": administration, "name": hostile("person"), "username": hostile("user")},
        refused=True,
    )
    admin.send(
        "/directory/users/new",
        {
            "administration": administration,
            "name": hostile("person"),
            "username": USERNAME,
            "roles": ["focal-point", "analyst"],
        },
    )
    link = page.inner_text("#link").strip()
    admin.go("/directory/")
    user = page.get_by_role("link", name=USERNAME).get_attribute("href")
    found = UUID.search(user or "")
    assert found is not None
    own.add(found[0])
    return link


def _fill_assessment(person: Watch, own: set[str], folder: Path) -> None:
    page = person.page
    person.send("/assessments/new", {"title": hostile("assessment")})
    own.add(_uuid(page))
    assessment = f"/assessments/{_uuid(page)}"
    question = f"{assessment}/questions/D1-Q1"
    _fill_preparation(person, assessment)
    _confirm(person, f"{assessment}/advance/begin")
    for level in ("3", "not-applicable"):
        person.send(
            question,
            {
                "choice": level,
                "reason": hostile("reason", 800),
                "comment": hostile("comment", 2000),
            },
        )
    person.send(
        f"{question}/evidence/new", {"kind": "interview", "reference": hostile("reference", 900)}
    )
    attached = folder / "<img src=no-such-picture onerror=window.__ran=1>{{7*7}}.txt"
    attached.write_text(hostile("attached"))
    person.send(
        f"{question}/evidence/new",
        {"kind": "file", "file": attached, "reference": hostile("file-reference", 900)},
    )
    person.send(f"{question}/remarks", {"text": hostile("remark", 900)})
    in_table = {"choice:D1-Q2": "2", "comment:D1-Q2": hostile("in-table", 900)}
    person.send(f"{assessment}/table?dimension=D1", in_table)
    person.send(f"{assessment}/access", {"username": hostile("assessor")}, refused=True)
    for step in ("advance/workshop", "advance/review", "agree", "close"):
        _confirm(person, f"{assessment}/{step}")
    person.send(f"{assessment}/reopen", {"reason": hostile("reopening", 800), "to": "collecting"})


def _confirm(person: Watch, path: str) -> None:
    person.go(path)
    with person.page.expect_navigation():
        person.page.locator("main form button[type=submit]").click()
    person.look()


def _fill_preparation(person: Watch, assessment: str) -> None:
    person.send(
        f"{assessment}/prepare/frame",
        {"scope": hostile("scope", 900), "workshop_place": hostile("place")},
    )
    person.send(
        f"{assessment}/participants/new",
        {
            "name": hostile("participant"),
            "organization": hostile("organization"),
            "function": hostile("function"),
        },
    )
    person.send(
        f"{assessment}/documents/new",
        {
            "title": hostile("document"),
            "from_whom": hostile("asked-of"),
            "note": hostile("document-note", 900),
        },
    )
    person.send(
        f"{assessment}/agenda/new",
        {"title": hostile("agenda"), "starts": "09:00", "note": hostile("agenda-note", 900)},
    )


def _fill_incident(person: Watch, own: set[str]) -> str:
    page = person.page
    fields: dict[str, object] = {
        "title": hostile("incident", 300),
        "description": hostile("description", 3000),
        "tlp": "amber",
    }
    wrong = {"countries": hostile("countries"), "techniques": hostile("techniques")}
    person.send("/incidents/new", fields | wrong, refused=True)
    person.send("/incidents/new", fields)
    own.add(_uuid(page))
    incident = f"/incidents/{_uuid(page)}"
    account = {
        "type": "user-account",
        "value": hostile("account").rstrip(OVERRIDE),  # values take no direction marks
        "comment": hostile("observable", 900),
    }
    person.send(f"{incident}/observables/new", account)
    domain = {"type": "domain-name", "value": hostile("domain")}
    person.send(f"{incident}/observables/new", domain, refused=True)
    person.send(
        f"{incident}/observables/paste",
        {"text": f"http://paste.example.net/{POLYGLOT}{OVERRIDE} {'w' * 60}.example.net"},
    )
    page.get_by_role("button", name="Add what is ticked").click()
    person.look()
    person.send(f"{incident}/edit", {"tlp": "green", "reason": hostile("lowering", 800)})
    person.go(f"/incidents/?text={'W' * 150}")
    person.go("/incidents/?text=%3Cscript%3Ewindow.__ran=1%3C/script%3E%E2%80%AE")
    return incident


def _import_event(person: Watch, own: set[str], folder: Path) -> None:
    event = {
        "uuid": "7d1c2b3a-0000-4000-8000-0000000000aa",
        "info": hostile("event-info", 300),
        "date": "2026-01-05",
        "Orgc": {"name": hostile("organisation"), "uuid": "7d1c2b3a-0000-4000-8000-0000000000ab"},
        "Tag": [{"name": "tlp:green"}, {"name": hostile("tag")}],
        "EventReport": [
            {
                "uuid": "7d1c2b3a-0000-4000-8000-0000000000ac",
                "name": hostile("report-name"),
                "content": hostile("report-content", 900),
            }
        ],
        "Galaxy": [
            {
                "type": "threat-actor",
                "name": "Threat Actor",
                "GalaxyCluster": [{"type": "threat-actor", "value": hostile("group"), "meta": {}}],
            }
        ],
        "Attribute": [
            {
                "uuid": f"7d1c2b3a-0000-4000-8000-0000000001{number:02}",
                "type": kind,
                "category": category,
                "value": value,
                "to_ids": True,
                "comment": hostile(f"attribute-{chr(97 + number)}", 400),
            }
            for number, (kind, category, value) in enumerate(
                (
                    ("domain", "Network activity", "login.example.org"),
                    ("filename", "Payload delivery", hostile("file-name")),
                    ("link", "External analysis", f"javascript:window.__ran=1//{POLYGLOT}"),
                    ("yara", "Payload installation", f'rule x {{ strings: $a = "{POLYGLOT}" }}'),
                    ("text", "Other", hostile("attribute-text", 900)),
                    ("no-such-type", "Other", hostile("unknown-value")),
                )
            )
        ],
    }
    path = folder / "<svg onload=window.__ran=1>.json"
    path.write_text(json.dumps({"Event": event}), encoding="utf-8")
    page = person.page
    person.go("/incidents/import")
    page.set_input_files("input[type=file]", path)
    page.get_by_role("button", name="Import").click()
    # the page loads itself again until the file is read: only then can it be looked at
    expect(page.get_by_text("1 event was read.")).to_be_visible(timeout=60_000)
    own.add(_uuid(page))
    person.look()
    page.locator("main .task-title").click()
    own.add(_uuid(page))
    person.look()


def _release(person: Watch, officer: Watch, own: set[str], incident: str) -> None:
    """Refuse a first release and approve a second, both with the hostile incident in them."""
    for decision in ("end", "approve"):
        page = person.page
        person.go(f"{incident}/sharing")
        page.get_by_role("checkbox", name="circle ").first.check()
        page.get_by_role("button", name="Plan the release").click()
        person.look()
        page.get_by_role("button", name="Prepare", exact=True).click()
        person.look()
        own.add(_uuid(page))
        release = f"/releases/{_uuid(page)}"
        if decision == "end":
            officer.send(f"{release}/end", {"reason": hostile("refusal", 800)})
        else:
            officer.go(f"{release}/approve")
            with officer.page.expect_navigation():
                officer.page.get_by_role("button", name="Approve and release").click()
            officer.look()


@pytest.mark.timeout(300)
def test_hostile_text_is_shown_as_text_on_every_page(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    """T-30, T-72: what a person, a partner or a file says never becomes part of a page."""
    own: set[str] = set()
    admin = Watch(visit("administrator"))
    link = _make_people_and_circle(admin, own)
    person = Watch(visit(None))
    person.page.context.add_cookies(
        [{"name": "cirt_language", "value": "en", "domain": "127.0.0.1", "path": "/"}]
    )
    person.send(urlsplit(link).path, {"password": PASSWORD, "password_again": PASSWORD})
    person.send("/sign-in", {"username": hostile("sign-in"), "password": "x"}, refused=True)
    person.send("/sign-in", {"username": USERNAME, "password": PASSWORD})

    _fill_assessment(person, own, tmp_path)
    incident = _fill_incident(person, own)
    _import_event(person, own, tmp_path)
    officer = Watch(visit("releasing-officer", "XA"))
    _release(person, officer, own, incident)
    partner = Watch(visit("analyst", "XB"))
    focal_point = Watch(visit("focal-point", "XA"))

    assert person.crawl(own) > 30
    for watch in (admin, officer, partner, focal_point):
        assert watch.crawl(own) > 8
    person.page.context.add_cookies(
        [{"name": "cirt_language", "value": "ar", "domain": "127.0.0.1", "path": "/"}]
    )
    assert person.crawl(own) > 30
    watches = (admin, person, officer, partner, focal_point)
    assert not (wrong := sorted({fault for each in watches for fault in each.wrong})), "\n".join(
        wrong
    )
    shown = set().union(*(each.shown for each in watches))
    typed = set(re.findall(r'hostile\("([a-z-]+)"', Path(__file__).read_text()))
    assert typed - shown == NOT_SHOWN
    assert "incident" in partner.shown, "the partner reads what was released"
