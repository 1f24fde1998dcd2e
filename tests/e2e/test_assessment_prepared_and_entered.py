"""An assessment is prepared, filled in the table and agreed: without scripts, by keyboard, on a phone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def _press_button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def _step(page: Page, address: str, step: str) -> None:
    page.goto(f"{address}/{step}")
    _fits(page)
    page.locator("main form button[type=submit]").press("Enter")


def test_assessment_is_prepared_entered_and_agreed_without_scripts(
    visit: Callable[..., Page],
) -> None:
    page = visit("focal-point", "XA", java_script_enabled=False, **PHONE)
    page.goto("/assessments/new?lang=en")
    page.locator("#title").fill("Prepared on a phone")
    page.locator("#instrument").select_option("cirt-readiness@2.0.0")
    _press_button(page, "Start")
    expect(
        page.get_by_role("heading", name="What is still missing before the workshop")
    ).to_be_visible()
    address = re.sub(r"/prepare$", "", page.url)
    _fits(page)

    # the preparation, item by item
    page.get_by_label("Length of the workshop").select_option("3")
    _press_button(page, "Start from a usual agenda")
    expect(page.get_by_text("Every dimension has its place on the agenda.")).to_be_visible()
    first = page.locator("tr", has_text="Opening by the host")
    first.get_by_role("button", name=re.compile("^Later")).press("Enter")
    titles = page.locator("section[aria-labelledby=agenda] tbody th").all_inner_texts()
    assert titles.index(next(one for one in titles if "Opening by the host" in one)) == 1
    page.goto(f"{address}/participants/new")
    page.locator("#name").fill("Samira Haddad")
    page.locator("#name").press("Enter")
    expect(page.get_by_text("Participants named: 1.")).to_be_visible()
    _fits(page)

    # nothing is answered before the collecting begins, and the page says so
    page.goto(f"{address}/table?dimension=D1")
    expect(page.get_by_text("its questions cannot be answered yet")).to_be_visible()
    expect(page.get_by_role("button", name="Save the page")).to_have_count(0)
    _step(page, address, "advance/begin")

    # the table, from select to select by keyboard alone
    page.goto(f"{address}/table?dimension=D1")
    _fits(page)
    page.locator("[id='choice-D1-Q1']").focus()
    page.keyboard.type("3")
    for _time in range(2):  # over the closed part with the reason to the comment
        page.keyboard.press("Tab")
    page.keyboard.type("The decree was shown")
    page.locator("[id='choice-D1-Q2']").focus()
    page.keyboard.type("Not applicable")
    _press_button(page, "Save the page")
    expect(page.get_by_text("1 answer was saved.")).to_be_visible()
    expect(page.get_by_text("D1-Q2: Say why the question does not apply here.")).to_be_visible()
    expect(page.locator("[id='choice-D1-Q1']")).to_have_value("3")
    expect(page.locator("[name='comment:D1-Q1']")).to_have_value("The decree was shown")
    expect(page.locator("[id='choice-D1-Q2']")).to_have_value("not-applicable")
    _fits(page)
    page.locator("[name='reason:D1-Q2']").fill("There is no such body")
    _press_button(page, "Save the page")
    expect(page.get_by_text("1 answer was saved.")).to_be_visible()
    expect(page.locator("[data-error-summary]")).to_have_count(0)

    # a filter is kept from question to question
    page.goto(f"{address}/questions/D1-Q1?show=no-evidence")
    expect(page.get_by_text("Question 1 of 1")).to_be_visible()
    page.locator("input[name=for_review]").check()
    page.locator("button[value=next]").press("Enter")
    expect(page).to_have_url(re.compile(r"\?show=no-evidence$"))
    page.goto(f"{address}?show=for-review")
    expect(page.get_by_role("link", name=re.compile("^D1-Q1"))).to_be_visible()
    _fits(page)

    for step in ("advance/workshop", "advance/review", "agree"):
        _step(page, address, step)
    page.goto(f"{address}/questions/D1-Q1")
    expect(page.get_by_text("The country agreed to this assessment on")).to_be_visible()
    expect(page.locator("input[name=choice]").first).to_be_disabled()
    _fits(page)


def test_filter_is_kept_by_the_keys(visit: Callable[..., Page]) -> None:
    page = visit("focal-point", "XA")
    page.goto("/assessments/new?lang=en")
    page.locator("#title").fill("Stepped through")
    page.locator("#instrument").select_option("cirt-readiness@1.0.0")
    _press_button(page, "Start")
    address = re.sub(r"/prepare$", "", page.url)
    _step(page, address, "advance/begin")
    page.wait_for_url(re.compile("/details$"))
    for question in ("D1-Q2", "D3-Q1"):
        page.goto(f"{address}/questions/{question}")
        page.locator("input[name=disputed]").check()
        expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.goto(f"{address}/questions/D1-Q2?show=disputed")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile(r"/D3-Q1\?show=disputed$"))
    page.keyboard.press("2")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"/D1-Q2\?show=disputed$"))
