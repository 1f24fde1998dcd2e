"""Every page: reachable, accessible (axe), no wider than a phone, in both languages and looks."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import flask
import pytest
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

from cirt import routing
from cirt.app import create_app
from cirt.settings import read_settings
from tests.server import Server

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# what a link on a page does not lead to, with the reason
NOT_CRAWLED = {
    "web.health_live": "for machines",
    "web.health_ready": "for machines",
    "account.welcome": "needs a link made by an administrator",
    "account.recovery_codes": "only with a second factor",
    "account.disable_second_factor": "only with a second factor",
    "account.code": "only with a second factor",
    "account.sign_in": "no link for those who are signed in; looked at by its own test",
    "assessments.evidence_file": "a download",
    "incidents.import_status": "lasts as long as an import; another test follows one",
    "incidents.remove_rule": "only where a rule was imported",
}
ROLES = (
    ("analyst", "XA"),
    ("releasing-officer", "XA"),
    ("focal-point", "XA"),
    ("assessor", "XZ"),
    ("administrator", None),
)
# each language and each theme once: colours follow the theme, and directions the language
COMBINATIONS = [("ar", "light"), ("en", "dark")]


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    """The application, for its routes alone."""
    return create_app(read_settings({}, data_dir=tmp_path_factory.mktemp("routes")))


def _crawl(page: Page, application: flask.Flask, found: dict[str, str]) -> list[str]:
    """Visit one page of every route that links lead to; return the new addresses."""
    adapter = application.url_map.bind("localhost")
    queue, seen, new = ["/"], dict[str, int](), []
    while queue:
        path = queue.pop(0)
        page.goto(path)
        for href in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            parts = urlsplit(href)
            target = parts.path + (
                f"?{parts.query}" if parts.query and "lang=" not in parts.query else ""
            )
            if (
                f"{parts.scheme}://{parts.netloc}"
                != page.url[: len(f"{parts.scheme}://{parts.netloc}")]
            ):
                continue
            try:
                endpoint, _arguments = adapter.match(parts.path)
            except HTTPException as error:
                raise AssertionError(f"{path} links to {target}, which no route serves") from error
            # a few pages of each route: not every one has all links
            if seen.get(endpoint, 0) >= 3 or endpoint == "static" or target in queue:
                continue
            seen[endpoint] = seen.get(endpoint, 0) + 1
            answer = page.request.get(target)
            assert answer.status < 400, f"{path} links to {target}: {answer.status}"
            if "text/html" not in answer.headers.get("content-type", ""):
                found.setdefault(endpoint, "")
                continue
            queue.append(target)
            if endpoint not in found:
                found[endpoint] = target
                new.append(target)
    return new


def _check(page: Page, path: str) -> list[str]:
    """Return what is wrong with a page in its present language and look."""
    page.set_viewport_size({"width": 360, "height": 740})
    answer = page.goto(path)
    wrong = (
        [] if answer and answer.status < 400 else [f"status {answer.status if answer else 'none'}"]
    )
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 360:
        wrong.append(f"{width} px wide on a 360 px phone")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(AXE)
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    for violation in result["violations"]:
        nodes = [node["html"][:160] for node in violation["nodes"][:3]]
        wrong.append(f"{violation['id']}: {violation['help']}: {nodes}")
    return wrong


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_every_page_is_reachable_accessible_and_fits_a_phone(
    visit: Callable[..., Page], application: flask.Flask
) -> None:
    found: dict[str, str] = {}
    wrong: list[str] = []
    for role, administration in ROLES:
        page = visit(role, administration)
        faults: list[str] = []
        page.on("pageerror", lambda error, faults=faults: faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda message, faults=faults: (
                message.type == "error" and faults.append(f"console: {message.text}")
            ),
        )
        new = _crawl(page, application, found)
        for language, theme in COMBINATIONS:
            page.context.add_cookies(
                [
                    {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
                    for name, value in (("cirt_language", language), ("cirt_theme", theme))
                ]
            )
            page.goto("/account")
            page.click(f"footer button[name=theme][value={theme}]")
            for path in new:
                for fault in _check(page, path):
                    wrong.append(f"{role} {language} {theme} {path}: {fault}")
                direction = page.get_attribute("html", "dir")
                if direction != ("rtl" if language == "ar" else "ltr"):
                    wrong.append(f"{language} {path}: dir={direction}")
        wrong += [f"{role}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)
    pages = {
        rule.endpoint
        for rule in application.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and (opening := routing.opening_of(application, rule.endpoint)) is not None
        and opening.audience != routing.MACHINE
        and rule.endpoint != "static"
    }
    unreached = pages - set(found) - set(NOT_CRAWLED)
    assert not unreached, f"no link leads to {sorted(unreached)}"


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme"), COMBINATIONS)
def test_pages_without_signing_in_are_accessible(
    visit: Callable[..., Page], site: Server, language: str, theme: str
) -> None:
    page = visit(None, color_scheme=theme)
    page.goto(f"/?lang={language}")
    wrong = [
        f"{path}: {fault}"
        for path in ("/", "/sign-in", "/help", "/no-such-page")
        for fault in _check(page, path)
        if not (path == "/no-such-page" and fault == "status 404")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.browser
def test_every_page_says_that_it_is_a_demonstration(visit: Callable[..., Page]) -> None:
    page = visit("analyst")
    for path in ("/", "/incidents/", "/help", "/no-such-page"):
        page.goto(path)
        assert "This is a demonstration" in page.inner_text("body"), path
