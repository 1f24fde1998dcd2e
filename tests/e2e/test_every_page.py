"""Every page, in Arabic on the light ground and in English on the dark: accessible, fit for a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from cirt import routing
from tests.e2e.crawl import faults_everywhere, routes
from tests.e2e.page_faults import bring_axe, faults_of
from tests.server import Server

# what a link on a page does not lead to, with the reason
NOT_CRAWLED = {
    "operations.live": "for machines",
    "operations.ready": "for machines",
    "metrics.figures": "for machines",
    "account.welcome": "needs a link made by an administrator",
    "account.recovery_codes": "only with a second factor",
    "account.disable_second_factor": "only with a second factor",
    "account.code": "only with a second factor",
    "account.sign_in": "no link for those who are signed in; looked at by its own test",
    "assessments.evidence_file": "a download",
    "incidents.import_status": "lasts as long as an import; another test follows one",
    "incidents.remove_rule": "only where a rule was imported",
    "assessments.prepare_instrument": "only while nothing is answered; its own test opens it",
    "assessments.close": "only from an agreed assessment; the walk by keyboard opens it",
    "assessments.reopen": "only from an agreed assessment; the life's own tests open it",
    "assessments.preview": "shows an uploaded workbook; its own test opens it",
    "operations.cancel_job": "only where work waits or runs; its own test opens it",
    "inbox.intake_status": "lasts as long as a large file; its own test follows one",
    "recall.receipt": "only where a withdrawal came from elsewhere; its own test downloads one",
    "releases.plan": "a form leads to it; the test below opens it",
    "instruments.undo": "only where a provision was corrected; its own test opens it",
}


@pytest.mark.browser
@pytest.mark.timeout(900)
def test_every_page_is_reachable_accessible_and_fits_a_phone(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    application = routes(tmp_path)
    found, wrong = faults_everywhere(visit, application)
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
@pytest.mark.parametrize(("language", "theme"), [("ar", "light"), ("en", "dark")])
def test_pages_without_signing_in_are_accessible(
    visit: Callable[..., Page], site: Server, language: str, theme: str
) -> None:
    page = visit(None, color_scheme=theme)
    bring_axe(page)
    page.goto(f"/?lang={language}")
    wrong = [
        f"{path}: {fault}"
        for path in ("/", "/sign-in", "/help", "/no-such-page")
        for fault in faults_of(page, path)
        if not (path == "/no-such-page" and fault == "status 404")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.browser
@pytest.mark.parametrize(("language", "theme"), [("ar", "light"), ("en", "dark")])
def test_plan_of_a_release_is_accessible(
    visit: Callable[..., Page], language: str, theme: str
) -> None:
    """The page that the boxes of “Sharing” lead to, with all the circles of the analyst."""
    page = visit("analyst", "XA", color_scheme=theme)
    bring_axe(page)
    page.goto("/incidents/")
    page.locator("main a[href*='/incidents/']:has-text('tax portal')").first.click()
    page.goto(f"{page.url}/sharing")
    page.locator("main form[action$='/sharing/plan']").evaluate(
        "form => { form.querySelectorAll('input[type=checkbox]').forEach(one => one.checked = true);"
        " form.submit() }"
    )
    page.wait_for_url("**/sharing/plan?*")
    assert faults_of(page, f"{page.url}&lang={language}") == []


@pytest.mark.browser
def test_every_page_says_that_it_is_a_demonstration(visit: Callable[..., Page]) -> None:
    page = visit("analyst")
    for path in ("/", "/incidents/", "/help", "/no-such-page"):
        page.goto(path)
        assert "This is a demonstration" in page.inner_text("body"), path
