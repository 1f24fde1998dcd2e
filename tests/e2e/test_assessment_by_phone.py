"""An assessment in Arabic: on a phone, with an unreliable server, by keyboard, without scripts."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from tests.server import Server, free_port

pytestmark = pytest.mark.browser

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
TITLE = "National readiness, first round"  # of XB, half done
COMMENT = "اطلعنا على سياسة مكتوبة من صفحتين في مقر الفريق"
REASON = "لا توجد بعد ترتيبات إقليمية يمكن الانضمام إليها"
ARABIC = re.compile("[\u0621-\u0652]{3}")
SERVER_BACK = 45_000  # milliseconds: the start of the server and the longest pause between retries


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, demonstration_at: Callable[[Path], Path]
) -> Iterator[Server]:
    """A demonstration of this file's own: its tests write to it and kill it."""
    data = demonstration_at(tmp_path_factory.mktemp("phone") / "data")
    server = Server(data, free_port()).start()
    yield server
    server.kill()


def _open_assessment(page: Page) -> str:
    """Go to the half-done assessment in Arabic; return its path."""
    page.goto("/assessments/?lang=ar")
    address = page.get_by_role("link", name=TITLE).get_attribute("href")
    assert address is not None
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    return address


def _level(page: Page, value: str) -> Locator:
    return page.locator(f"label.level:has(input[name=choice][value='{value}'])")


def _expect_state(page: Page, state: str, timeout: float = 10_000) -> None:
    """Wait until the page says, in Arabic and to a screen reader, how the work stands."""
    line = page.get_by_role("status").and_(page.locator("[data-save-state]"))
    expect(line).to_have_attribute("data-state", state, timeout=timeout)
    expect(line).to_have_text(ARABIC)
    expect(line).to_be_visible()


def _tool(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_dimension_is_answered_on_a_phone_and_reaches_results_and_report(
    visit: Callable[..., Page], tmp_path: Path
) -> None:
    page = visit("assessor", "XZ", **PHONE)
    address = _open_assessment(page)
    page.locator(".task", has=page.get_by_text("D9", exact=True)).get_by_role("link").tap()
    expect(page).to_have_url(re.compile("/questions/D9-Q1$"))

    _level(page, "3").tap()
    _expect_state(page, "saved")
    page.locator("#comment").fill(COMMENT)
    _expect_state(page, "unsaved")
    _expect_state(page, "saved")
    page.locator("button[value=next]").tap()
    expect(page).to_have_url(re.compile("/questions/D9-Q2$"))
    _level(page, "2").tap()
    _expect_state(page, "saved")
    page.locator("a[data-key=n]").tap()
    expect(page).to_have_url(re.compile("/questions/D9-Q3$"))
    page.goto(f"{address}/questions/D10-Q1")

    # "not applicable" asks for a reason, beside the field that lacks it
    _level(page, "not-applicable").tap()
    _expect_state(page, "refused")
    page.locator("button[value=next]").tap()
    beside = page.locator(".field.has-error", has=page.locator("#reason"))
    expect(beside.locator(".field-error")).to_have_text(ARABIC)
    expect(page.locator("#reason")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.locator("[data-error-summary] a").tap()
    expect(page.locator("#reason")).to_be_focused()
    page.locator("#reason").fill(REASON)
    _expect_state(page, "saved")
    page.locator("button[value=next]").tap()
    expect(page).to_have_url(re.compile("/questions/D10-Q2$"))

    page.goto(f"{address}/results")
    figure = page.locator("details.guidance", has=page.get_by_text("D9", exact=True))
    figure.locator("summary").tap()
    expect(figure.locator("tbody tr").first.locator("td").first).to_have_text("3")
    expect(figure.locator("tbody tr").nth(1).locator("td").first).to_have_text("2")
    left_out = page.locator("details.guidance", has=page.get_by_text("D10", exact=True))
    left_out.locator("summary").tap()
    expect(left_out.get_by_text(REASON)).to_be_visible()

    link = page.locator("a[href$='/report/ar.pdf']").get_attribute("href")
    assert link is not None
    answer = page.request.get(link)  # the page would open it in the browser's own viewer
    assert answer.headers["content-type"] == "application/pdf"
    report = tmp_path / "report.pdf"
    report.write_bytes(answer.body())
    _check_report(report)


def _check_report(report: Path) -> None:
    """The report is tagged, carries its fonts, and its Arabic text reads in logical order."""
    facts = _tool("pdfinfo", str(report))
    assert re.search(r"^Tagged: +yes$", facts, re.MULTILINE), facts
    fonts = _tool("pdffonts", str(report)).splitlines()[2:]
    assert fonts
    for line in fonts:  # the five last columns: embedded, subset, Unicode map, object number
        assert line.split()[-5:-2] == ["yes", "yes", "yes"], line
    words = re.sub(
        r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+", " ", _tool("pdftotext", report, "-")
    )
    assert COMMENT in words
    assert REASON in words


def test_text_typed_while_the_server_is_dead_is_saved_when_it_is_back(
    visit: Callable[..., Page], site: Server
) -> None:
    page = visit("assessor", "XZ", **PHONE)
    question = f"{_open_assessment(page)}/questions/D12-Q1"
    page.goto(question)
    _level(page, "1").tap()
    _expect_state(page, "saved")
    page.locator("#comment").press_sequentially("بدأت الحملة ")
    site.kill()
    page.locator("#comment").press_sequentially("قبل عام")
    _expect_state(page, "failed")
    site.start()
    _expect_state(page, "saved", timeout=SERVER_BACK)
    page.goto(question)
    expect(page.locator("#comment")).to_have_value("بدأت الحملة قبل عام")

    # the battery runs out before the server is back: the text waits on this device
    site.kill()
    page.locator("#comment").press("Control+End")
    page.locator("#comment").press_sequentially(" ونصف")
    _expect_state(page, "failed")
    context = page.context
    page.close()
    site.start()
    page = context.new_page()
    page.goto(question)
    expect(page.locator("#comment")).to_have_value("بدأت الحملة قبل عام ونصف")
    _expect_state(page, "saved", timeout=SERVER_BACK)
    page.goto(question)
    expect(page.locator("#comment")).to_have_value("بدأت الحملة قبل عام ونصف")
    expect(page.locator("input[name=choice][value='1']")).to_be_checked()


def _first_save_held(page: Page, question: str) -> list[Route]:
    """Open a question, hold back the first save of it, and return where that appears."""
    under_way: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST" and not under_way:
            under_way.append(route)
        else:
            route.continue_()

    page.goto(question)
    page.route(page.url, hold)
    return under_way


def test_button_pressed_during_a_slow_save_is_no_conflict_with_oneself(
    visit: Callable[..., Page],
) -> None:
    page = visit("assessor", "XZ", **PHONE)
    address = _open_assessment(page)
    under_way = _first_save_held(page, f"{address}/questions/D14-Q1")
    with page.expect_request(lambda request: request.method == "POST"):
        _level(page, "2").tap()
    page.locator("#comment").fill(COMMENT)
    page.locator("button[value=next]").tap()
    _expect_state(page, "saving")
    under_way[0].continue_()
    expect(page).to_have_url(re.compile("/questions/D14-Q2$"))
    page.goto(f"{address}/questions/D14-Q1")
    expect(page.locator("#comment")).to_have_value(COMMENT)
    expect(page.locator("input[name=choice][value='2']")).to_be_checked()


def test_link_followed_during_a_slow_save_leaves_nothing_behind(
    visit: Callable[..., Page],
) -> None:
    page = visit("assessor", "XZ", **PHONE)
    address = _open_assessment(page)
    under_way = _first_save_held(page, f"{address}/questions/D11-Q4")
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    with page.expect_request(lambda request: request.method == "POST"):
        _level(page, "1").tap()
    _level(page, "not-known").tap()
    page.locator("#comment").fill(COMMENT)
    page.locator("a[data-key=n]").tap()
    page.locator("a[data-key=n]").tap()  # impatient
    _expect_state(page, "saving")
    under_way[0].continue_()
    expect(page).to_have_url(re.compile("/questions/D11-Q5$"))
    page.goto(f"{address}/questions/D11-Q4")
    expect(page.locator("input[name=choice][value='not-known']")).to_be_checked()
    expect(page.locator("#comment")).to_have_value(COMMENT)
    expect(page.locator("[data-save-state]")).to_be_empty()  # the server has it, not this device

    # what cannot be saved is not left without a question
    _level(page, "not-applicable").tap()
    _expect_state(page, "refused")
    assert asked == []
    page.locator("a[data-key=n]").tap()
    expect(page).to_have_url(re.compile("/questions/D11-Q5$"))
    assert asked == ["beforeunload"]


# marks everything that the Tab key must reach; one of several radio buttons stands for its group
MARK = """() => {
  const groups = new Set();
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary")) {
    if (one.disabled || one.type === "hidden" || !one.checkVisibility({visibilityProperty: true})) continue;
    if (one.type === "radio") {
      if (groups.has(one.name)) continue;
      groups.add(one.name);
    }
    one.dataset.reach = one.type === "radio" ? "radio " + one.name : one.outerHTML.slice(0, 120);
  }
  return [...document.querySelectorAll("[data-reach]")].map(one => one.dataset.reach);
}"""
# what has the focus, and whether it, its label or its frame looks different from without the focus
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const around = [one, ...(one.labels ?? []), one.parentElement];
  const look = () => around.map(each => {
    const style = getComputedStyle(each);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
            style.borderColor, style.backgroundColor, style.insetInlineStart, style.top].join();
  }).join(" | ");
  const box = one.getBoundingClientRect();
  const radio = one.type === "radio";
  const name = radio ? "radio " + one.name : one.outerHTML.slice(0, 120);
  const seen = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const focused = look();
  one.blur();
  const plain = look();
  one.focus();
  return {name: name.replace(/ data-reach="[^"]*"/, ""), reach: one.dataset.reach ?? name,
          seen, marked: focused !== plain};
}"""


def test_question_is_answered_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    page = visit("assessor", "XZ")
    address = _open_assessment(page)
    page.goto(f"{address}/questions/D11-Q1")
    page.keyboard.press("2")
    expect(page.locator("input[name=choice][value='2']")).to_be_checked()
    expect(page.locator("input[name=choice][value='2']")).to_be_focused()
    _expect_state(page, "saved")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/questions/D11-Q2$"))
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("/questions/D11-Q1$"))
    expect(page.locator("input[name=choice][value='2']")).to_be_checked()
    # in a text the same keys are letters
    page.locator("#comment").press("n")
    expect(page.locator("#comment")).to_have_value("n")
    _expect_state(page, "saved")

    page.reload()
    to_reach = set(page.evaluate(MARK))
    assert len(to_reach) > 15
    reached: set[str] = set()
    unmarked = []
    for _ in range(2 * len(to_reach)):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None:
            break
        reached.add(focused["reach"])
        if not (focused["seen"] and focused["marked"]):
            unmarked.append(focused["name"])
    assert not to_reach - reached, "the Tab key does not reach these"
    assert not unmarked, "the focus cannot be seen on these"

    # and by Enter, from the first level to the next question
    page.locator("button[value=next]").press("Enter")
    expect(page).to_have_url(re.compile("/questions/D11-Q2$"))


def test_question_is_saved_by_its_button_without_scripts(visit: Callable[..., Page]) -> None:
    page = visit("assessor", "XZ", java_script_enabled=False, **PHONE)
    question = f"{_open_assessment(page)}/questions/D13-Q1"
    page.goto(question)
    page.locator("input[name=choice][value='not-applicable']").check()
    page.locator("button[value=stay]").tap()
    expect(page.locator(".field.has-error .field-error")).to_have_text(ARABIC)
    page.locator("input[name=choice][value='2']").check()
    page.locator("#comment").fill(COMMENT)
    page.locator("button[value=stay]").tap()
    expect(page.locator(".alert[role=status]")).to_have_text(ARABIC)
    assert urlsplit(page.url).path == question
    expect(page.locator("input[name=choice][value='2']")).to_be_checked()
    expect(page.locator("#comment")).to_have_value(COMMENT)
