"""The walk of docs/walk.md by keyboard alone: a country without a national CIRT, then one with."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from cirt.assessments.instruments import Instrument, latest_instrument
from cirt.assessments.instruments.model import Applies
from cirt.assessments.lifecycle import Act, Standing, State, refusal
from cirt.clock import now
from tests.e2e.keyboard import MARKS, Keyboard, steps_in
from tests.server import ROOT, Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SCRIPT = ROOT / "docs" / "walk.md"
SHOTS = os.environ.get("WALK_SHOTS")  # a folder for pictures of the steps and their times
WORKSHOP = date(2027, 3, 1)
DUE = date(2027, 2, 1)
TARGET = date(2027, 5, 31)
FIRST = "D1"  # the dimension that is answered question by question

# what the plan's page says: of each action its code, question, text, what it needs, and why
READ_PLAN = """() => [...document.querySelectorAll("section[aria-labelledby^=phase-]")].flatMap(section =>
  [...section.querySelectorAll("li.task")].map(task => {
    const facts = task.querySelector(".hint:has(> a[href*='/questions/'])");
    const said = one => one.textContent.trim();
    return {
      code: task.id,
      phase: section.getAttribute("aria-labelledby").slice(6),
      question: said(facts.querySelector("a")),
      text: said(task.querySelector("bdi[lang]")),
      level: Number((facts.textContent.match(/\\D+\\d+-Q\\d+\\D+(\\d)\\D+(\\d)/) ?? [])[2] ?? 0),
      needs: [...task.querySelectorAll(".hint > a[href^='#']")].map(said),
      why: [...task.querySelectorAll("ul.hint li")].map(said),
      owner: facts.textContent.includes(OWNER),
    };
  }))"""


@dataclass(frozen=True)
class Country:
    """What is entered in one of the two walks. answers: level of a question, else `usual`."""

    letter: str
    language: str
    administration: str
    lead: tuple[str, str]
    title: str
    stage: str
    profile: str
    scope: str
    people: tuple[tuple[str, str], ...]
    document: str
    comment: str
    interview: str
    cause: str
    owner: str
    dropped: str
    usual: int
    answers: Mapping[str, int]
    not_known: str
    not_applicable: tuple[str, str]
    finding: tuple[str, str]


def _levels(**groups: str) -> dict[str, int]:
    """Return the level of each question from lists by level: l2="D1-Q1 D1-Q2"."""
    return {one: int(key[1:]) for key, ids in groups.items() for one in ids.split()}


WITHOUT = Country(
    letter="A",
    language="ar",
    administration="XA",
    lead=("assessor", "XZ"),
    title="الجولة بلوحة المفاتيح: بلد بلا فريق",
    stage="No",
    profile="foundation",
    scope="الحكومة المركزية والقطاعات الحرجة، منذ بداية العام الماضي.",
    people=(
        ("رئيسة قسم الشبكات", "وزارة الاتصالات"),
        ("ضابط الجرائم الإلكترونية", "الشرطة"),
    ),
    document="مسودة الاستراتيجية الوطنية للأمن السيبراني",
    comment="قيل لنا إن بلاغات الخارج تصل إلى هيئة التنظيم",
    interview="رئيسة قسم الشبكات في هيئة التنظيم",
    cause="لم تكلَّف أي هيئة بالعمل",
    owner="هيئة تنظيم الاتصالات",
    dropped="تقوم به جهة أخرى في مشروع قائم",
    usual=0,
    answers=_levels(
        l1="D1-Q5 D2-Q1 D2-Q3 D2-Q4 D3-Q5 D4-Q2 D4-Q5 D5-Q6 D10-Q3 D11-Q1 D12-Q1 D12-Q3 D13-Q4"
        " D14-Q1 D14-Q2 D15-Q5",
        l2="D3-Q2 D3-Q4 D10-Q5 D13-Q1",
    ),
    not_known="D1-Q2",
    not_applicable=("D7-Q7", "لا توجد جامعة في البلد، ويدرس الطلاب في الخارج"),
    finding=("لا أحد يتلقى البلاغات الواردة من الخارج", "D15-Q5"),
)
WITH = Country(
    letter="B",
    language="en",
    administration="XB",
    lead=("focal-point", "XB"),
    title="Walk by keyboard: a country with a CIRT",
    stage="Yes",
    profile="operational",
    scope="The national CIRT and those it serves, since the beginning of last year.",
    people=(("Head of the national CIRT", "CIRT"), ("Head of risk", "Central bank")),
    document="Incident procedure of the national CIRT",
    comment="Shown: the decision of the host, signed last year",
    interview="Head of the national CIRT, in her office",
    cause="Reviews were held by word of mouth; no rule asks for a record",
    owner="Head of the national CIRT",
    dropped="Already agreed with the operators outside this plan",
    usual=2,
    answers=_levels(
        l0="D13-Q2 D14-Q5",
        l1="D1-Q4 D2-Q3 D2-Q5 D5-Q5 D6-Q4 D6-Q5 D6-Q7 D7-Q3 D8-Q7 D9-Q7 D10-Q6 D11-Q4 D11-Q5"
        " D12-Q5 D13-Q5 D14-Q1 D14-Q6 D16-Q6",
        l3="D3-Q2 D4-Q2 D4-Q3 D5-Q1 D6-Q1 D6-Q2 D7-Q1 D8-Q4 D9-Q1 D10-Q1 D10-Q5 D15-Q1 D15-Q7"
        " D16-Q4",
    ),
    not_known="",
    not_applicable=("D7-Q7", "Specialists study abroad under an agreement with two neighbours"),
    finding=("Closed incidents are looked back at without a record", "D6-Q7"),
)


@dataclass
class Walked:
    """What was seen on a walk."""

    plan: list[dict[str, Any]] = field(default_factory=list)
    verdict: str = ""
    outlook: list[str] = field(default_factory=list)  # today, then when the plan is done
    dropped: list[str] = field(default_factory=list)  # the same, after an action was dropped
    lock: str = ""
    closed_at: datetime | None = None
    report: str = ""
    seconds: dict[str, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, demonstration_at: Callable[[Path], Path]
) -> Iterator[Server]:
    """A demonstration of this file's own: the walks write to it."""
    data = demonstration_at(tmp_path_factory.mktemp("walk") / "data")
    server = Server(data, free_port()).start()
    yield server
    server.kill()


class Walk(Keyboard):
    """One walk through the script; its methods are the script's steps, in their order."""

    def __init__(self, page: Page, site: Server, country: Country) -> None:
        super().__init__(page, country.language)
        self.site = site
        self.country = country
        self.instrument: Instrument = latest_instrument("cirt-readiness")
        exists = country.stage == "Yes"
        self.asked = [one.id for one in self.instrument.questions if one.applies.asked(exists)]
        self.seen = Walked(seconds=self.seconds)

    def walk(self) -> Walked:
        """Walk all steps."""
        steps = [
            self.sign_in, self.start, self.frame, self.participants, self.documents, self.agenda,
            self.begin, self.answer_one_by_one, self.evidence, self.answer_in_table, self.results,
            self.workshop, self.review, self.finding, self.propose, self.what_if,
            self.change_plan, self.report, self.agree, self.close,
        ]  # fmt: skip
        for number, act in enumerate(steps, 1):
            with self.step(f"{self.country.letter}{number}"):
                act()
            if SHOTS:
                print(act.__name__, round(self.seconds[f"{self.country.letter}{number}"], 1))
            if SHOTS:
                name = f"{self.country.letter}{number:02}-{act.__name__}.png"
                self.page.screenshot(path=Path(SHOTS) / name, full_page=True)
        return self.seen

    def tab(self, message: str) -> None:
        """Go to a tab of the assessment."""
        self.open("link", self.said(message))

    def enter(self, role: str, administration: str) -> None:
        """Sign in on the page for it."""
        user = self.site.user(role, administration)
        self.write(self.said("User name"), user["username"])
        self.write(self.said("Password"), user["password"])
        self.open("button", self.said("Sign in"))

    def to_assessments(self) -> None:
        """Go to the list of assessments by the navigation above the content."""
        self.reach("link", self.said("Assessments"), key="Shift+Tab")
        with self.page.expect_navigation():
            self.press("Enter")
        self.skip()

    def sign_in(self) -> None:
        self.page.goto("/sign-in")
        name = {"en": "English", "ar": "العربية"}[self.country.language]
        if self.page.locator("html").get_attribute("lang") != self.country.language:
            self.reach("summary", "Language:")
            self.press("Enter")
            self.open("link", name)
        else:
            self.skip()
        self.enter(*self.country.lead)
        expect(self.page.locator("html")).to_have_attribute("lang", self.country.language)

    def start(self) -> None:
        self.to_assessments()
        self.open("link", self.said("Start an assessment"))
        self.choose(self.said("Country (administration)"), self.country.administration)
        self.write(self.said("Title"), self.country.title)
        language = {"en": "English", "ar": "Arabic"}[self.country.language]
        title = self.instrument.title.in_language(self.country.language).text
        self.choose(self.said("Instrument"), title)
        assert self.instrument.version in self.focus.evaluate(
            "one => one.selectedOptions[0].textContent"
        )
        self.choose(self.said("Language of the workshop"), self.said(language))
        open_ = self.said("To be found out: ask the questions for both cases")
        self.pick(open_, self.said(self.country.stage))
        self.open("button", self.said("Start"))
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.country.title)
        self.missing = self.unsettled()
        assert self.missing > 2

    def unsettled(self) -> int:
        """Return how many points of the preparation are missing."""
        return self.page.locator("section[aria-labelledby=checklist-title] .status-todo").count()

    def frame(self) -> None:
        self.open("link", self.said("Change scope, profile, workshop"))
        self.write(self.said("Scope"), self.country.scope)
        profile = self.page.locator(f"select option[value={self.country.profile}]").text_content()
        self.choose(self.said("Target profile"), str(profile))
        self.write_day(self.said("First day of the workshop"), WORKSHOP)
        self.write(self.said("Place of the workshop"), self.country.people[0][1])
        self.open("button", self.said("Save"))
        expect(self.page.locator("main")).to_contain_text(str(profile))

    def participants(self) -> None:
        for function, organization in self.country.people:
            self.open("link", self.said("Add a participant"))
            self.write(self.said("Name"), function)
            self.write(self.said("Organization"), organization)
            self.write(self.said("Function"), function)
            self.open("button", self.said("Save"))
        for function, _organization in self.country.people:
            expect(self.page.get_by_role("link", name=function)).to_be_visible()

    def documents(self) -> None:
        self.open("link", self.said("Ask for a document"))
        self.write(self.said("Document"), self.country.document)
        self.write(self.said("Asked of"), self.country.people[0][1])
        self.write_day(self.said("Due on"), DUE)
        self.open("button", self.said("Save"))
        expect(self.page.get_by_role("link", name=self.country.document)).to_be_visible()

    def agenda(self) -> None:
        self.choose(self.said("Length of the workshop"), self.said("Three days"))
        self.open("button", self.said("Start from a usual agenda"))
        days = [self.said("Day %(number)s", number=one) for one in (1, 2, 3)]
        for day in days:
            expect(self.page.get_by_role("heading", name=day, exact=True)).to_be_visible()
        assert self.unsettled() < self.missing

    def begin(self) -> None:
        self.page.reload()
        self.skip()
        self.open("link", self.said("Begin collecting answers"))
        self.open("button", self.said("Begin collecting answers"))
        self.expect_state("Collecting answers")

    def expect_state(self, message: str) -> None:
        """Check where the assessment stands, on its page of details."""
        expect(self.page.locator("[aria-current=step]")).to_have_text(self.said(message))

    def level(self, question_id: str) -> int:
        return self.country.answers.get(question_id, self.country.usual)

    def answer_one_by_one(self) -> None:
        self.tab("Questions")
        mine = [one for one in self.asked if one.startswith(f"{FIRST}-")]
        dimension = self.instrument.question(mine[0])
        title = next(one.title for one in self.instrument.dimensions if dimension in one.questions)
        self.open("link", title.in_language(self.country.language).text)
        for position, question_id in enumerate(mine):
            assert urlsplit(self.page.url).path.endswith(f"/questions/{question_id}")
            if question_id == self.country.not_known:
                self.pick(self.said("Not answered yet"), self.said("Not known"))
            else:
                self.press(str(self.level(question_id)))
            if position == 0:
                self.write(self.said("Comment"), self.country.comment)
                self.press("Control+s")
                self.expect_saved()
                self.page.reload()
                self.skip()
                comment = self.page.get_by_label(self.said("Comment"), exact=False).first
                expect(comment).to_have_value(self.country.comment)
                expect(self.chosen(self.level(question_id))).to_be_checked()
            with self.page.expect_navigation():
                self.press("n")
        self.press("p")
        expect(self.page).to_have_url(re.compile(f"/questions/{mine[-1]}$"))
        expect(self.chosen(self.level(mine[-1]))).to_be_checked()

    def chosen(self, level: int) -> Any:
        return self.page.locator(f"input[data-level='{level}']")

    def expect_saved(self) -> None:
        line = self.page.locator("[data-save-state]")
        expect(line).to_have_attribute("data-state", "saved")
        expect(line).to_be_visible()

    def evidence(self) -> None:
        self.skip()
        self.open("button", self.said("Save and add evidence"))
        self.pick(self.said("File"), self.said("Interview"))
        self.write(self.said("Reference"), self.country.interview)
        self.write_day(self.said("Date"), now().date())
        self.open("button", self.said("Add"))
        shown = self.page.locator("section[aria-labelledby=evidence-title]")
        expect(shown).to_contain_text(self.country.interview)

    def answer_in_table(self) -> None:
        self.open("link", self.said("All questions"))
        self.open("link", self.said("Enter in a table"))
        self.choose(self.said("Dimension"), self.said("All dimensions"))
        self.choose(self.said("Show"), self.said("Unanswered"))
        self.open("button", self.said("Show"))
        rest = [one for one in self.asked if not one.startswith(f"{FIRST}-")]
        outside, reason = self.country.not_applicable
        for question_id in rest:
            answer = self.said("Answer to %(id)s", id=question_id)
            if question_id == outside:
                self.choose(answer, self.said("Not applicable"))
                self.unfold(self.said("Why the question does not apply"))
                self.write(self.said("Why %(id)s does not apply", id=question_id), reason)
            else:
                self.reach("combobox", answer, within=30)
                self.press(str(self.level(question_id)))
        self.open("button", self.said("Save the page"))
        # nothing was lost: every answer is there when the page is asked for again
        self.page.goto(self.page.url.partition("?")[0] + "?dimension=all")
        stored = self.page.eval_on_selector_all(
            "select[name^='choice:']",
            "all => Object.fromEntries(all.map(one => [one.name.slice(7), one.value]))",
        )
        expected = {one: str(self.level(one)) for one in self.asked}
        expected[outside] = "not-applicable"
        if self.country.not_known:
            expected[self.country.not_known] = "not-known"
        assert stored == expected
        self.skip()

    def results(self) -> None:
        self.tab("Results")
        panel = self.page.locator("section[aria-labelledby=verdict-title]")
        self.seen.verdict = panel.inner_text()
        self.unfold(self.said("Every minimum, what needs work first"))
        expect(panel.locator("details[open] table")).to_be_visible()

    def workshop(self) -> None:
        self.tab("Prepare")
        self.open("link", self.said("Note who came"))
        for function, _organization in self.country.people:
            self.choose(function, self.said("Came"))
        self.open("button", self.said("Save"))
        self.tab("Details")
        self.open("link", self.said("Begin the workshop"))
        self.open("button", self.said("Begin the workshop"))
        self.expect_state("Workshop")

    def review(self) -> None:
        self.open("link", self.said("Begin the review"))
        self.open("button", self.said("Begin the review"))
        self.expect_state("Review")

    def finding(self) -> None:
        self.tab("Findings")
        self.open("link", self.said("Add a finding"))
        title, question_id = self.country.finding
        self.write(self.said("Title"), title)
        self.write(self.said("Root cause"), self.country.cause)
        self.write(self.said("Questions"), question_id)
        self.open("button", self.said("Save"))
        expect(self.page.get_by_role("link", name=question_id)).to_be_visible()
        self.open("link", self.country.title)  # the trail above the heading

    def propose(self) -> None:
        self.tab("Plan")
        self.open("link", self.said("Propose a plan"))
        self.write_day(self.said("First day of the plan"), WORKSHOP)
        self.open("button", self.said("Propose"))
        self.seen.plan = self.read_plan()

    def read_plan(self) -> list[dict[str, Any]]:
        """Return the plan as its page shows it."""
        plan: list[dict[str, Any]] = self.page.evaluate(
            READ_PLAN.replace("OWNER", json.dumps(self.country.owner))
        )
        return plan

    def codes(self) -> list[str]:
        return [one["code"] for one in self.read_plan()]

    def change_plan(self) -> None:
        before = self.codes()
        first, second, last = before[0], before[1], before[-1]
        self.open("link", self.said("Edit") + f" {first}")
        self.write(self.said("Owner"), self.country.owner)
        self.write_day(self.said("Target date"), TARGET)
        self.open("button", self.said("Save"))
        assert [one["owner"] for one in self.read_plan()].count(True) == 1

        self.open("button", self.said("Down") + f" {first}")
        assert self.codes()[:2] == [second, first]
        self.from_the_top()
        self.open("button", self.said("Take the recommended order again"))
        assert self.codes() == before

        # the plan is long: the totals lead to each phase
        self.reach("link", self.said("Establish"))
        self.press("Enter")
        self.open("link", self.said("Drop") + f" {last}")
        self.send("button", self.said("Drop the action"))  # without a reason: it asks for one
        expect(self.page.locator("[data-error-summary]")).to_be_focused()
        self.reach("link", self.said("Say why the action is dropped."))
        self.press("Enter")
        expect(self.page.get_by_label(self.said("Reason"))).to_be_focused()
        self.write(self.said("Reason"), self.country.dropped)
        self.open("button", self.said("Drop the action"))
        assert self.codes() == before[:-1]
        expect(self.page.get_by_text(self.country.dropped)).to_be_visible()
        self.seen.dropped = self.look_ahead()

    def from_the_top(self) -> None:
        """Ask for the page again, from its beginning."""
        self.page.goto(self.page.url.partition("#")[0])
        self.skip()

    def look_ahead(self) -> list[str]:
        """Return the verdict of today and the one when every phase is done."""
        self.from_the_top()
        self.open("link", self.said("What if"))
        late = self.said("All up to the end of: %(phase)s", phase=self.said("Establish"))
        self.open("link", late)
        return (
            self.page.locator("[aria-live=polite] table")
            .first.locator("tbody tr")
            .all_inner_texts()
        )

    def what_if(self) -> None:
        self.seen.outlook = self.look_ahead()
        self.open("link", self.said("The plan"))

    def report(self) -> None:
        self.tab("Report")
        self.open("link", self.said("Read the report"))
        self.seen.report = self.page.locator("article.report").inner_text()

    def agree(self) -> None:
        if self.country.lead[0] != "focal-point":
            self.reach("summary", self.said("Your account:"), key="Shift+Tab")
            self.press("Enter")
            self.open("button", self.said("Sign out"))
            self.open("link", self.said("Sign in"))
            self.enter("focal-point", self.country.administration)
        self.to_assessments()
        self.open("link", self.country.title)
        self.tab("Details")
        self.open("link", self.said("Agree and lock"))
        self.open("button", self.said("Agree and lock"))
        self.expect_state("Agreed and locked")

    def close(self) -> None:
        self.open("link", self.said("Close the assessment"))
        self.open("button", self.said("Close the assessment"))
        self.seen.closed_at = now()
        self.expect_state("Closed")
        self.tab("Questions")
        title = self.instrument.dimensions[0].title.in_language(self.country.language).text
        self.open("link", title)
        self.seen.lock = self.page.locator("main .alert-warning").inner_text()
        was = self.chosen(self.level(f"{FIRST}-Q1"))
        expect(was).to_be_checked()
        self.press("4")
        expect(was).to_be_checked()
        expect(self.page.locator("input[name=choice]:enabled")).to_have_count(0)


@pytest.fixture(scope="module")
def walked(site: Server, chromium: Any) -> dict[str, Walked]:
    """Both walks; a request to another host fails them, and a browser that warns of a loss."""
    found: dict[str, Walked] = {}
    for country in (WITHOUT, WITH):
        context = chromium.new_context(base_url=site.url, locale="en-US", reduced_motion="reduce")
        page = context.new_page()
        strangers: list[str] = []
        asked: list[str] = []
        page.on(
            "request",
            lambda request, to=strangers: (
                request.url.startswith(site.url) or to.append(request.url)
            ),
        )
        page.on("dialog", lambda dialog, to=asked: (to.append(dialog.type), dialog.accept()))
        found[country.letter] = Walk(page, site, country).walk()
        assert not strangers
        assert not asked  # whether to leave a page: everything on it was saved
        context.close()
    if SHOTS:
        lines = [f"{n} {took:.1f}" for one in found.values() for n, took in one.seconds.items()]
        (Path(SHOTS) / "seconds.txt").write_text("\n".join(lines) + "\n")
        for letter, one in found.items():
            (Path(SHOTS) / f"plan-{letter}.json").write_text(
                json.dumps(one.plan, ensure_ascii=False, indent=1)
            )
    return found


COUNTRIES = pytest.mark.parametrize("country", [WITHOUT, WITH], ids=["without", "with"])


def _spoken(country: Country) -> Callable[..., str]:
    return Keyboard(None, country.language).said  # type: ignore[arg-type]


def test_every_step_of_the_script_was_walked(walked: dict[str, Walked]) -> None:
    done = [step for one in walked.values() for step in one.seconds]
    assert done == steps_in(SCRIPT)


@COUNTRIES
def test_verdict_and_outlook_are_what_the_answers_give(
    walked: dict[str, Walked], country: Country
) -> None:
    said, seen = _spoken(country), walked[country.letter]
    assert said("Not every minimum is met") in seen.verdict
    # without a team its own questions are still to come; with one, the plan reaches the profile
    after = "Open: answers are missing" if country is WITHOUT else "Every minimum is met"
    below = said("Not every minimum is met")
    assert below in seen.outlook[0]
    assert said(after) in seen.outlook[1]
    # what is dropped stays below its minimum
    assert below in seen.dropped[1]


@COUNTRIES
def test_needs_stand_before_what_needs_them_and_every_action_says_why(
    walked: dict[str, Walked], country: Country
) -> None:
    plan = walked[country.letter].plan
    assert len(plan) > 20
    places = {one["code"]: place for place, one in enumerate(plan)}
    assert any(one["needs"] for one in plan)
    for one in plan:
        assert one["text"]
        assert one["why"], f"{one['code']} does not say why it is there"
        for need in one["needs"]:
            assert places[need] < places[one["code"]]


def test_two_plans_differ_as_they_should(walked: dict[str, Walked]) -> None:
    instrument = latest_instrument("cirt-readiness")
    without, with_ = walked["A"].plan, walked["B"].plan

    def stages(plan: list[dict[str, Any]]) -> list[Applies]:
        return [instrument.question(one["question"]).applies for one in plan]

    def first(question_id: str) -> int:
        return next(n for n, one in enumerate(without) if one["question"] == question_id)

    # without a team: nothing that only a team can do, and no step to keep one working
    assert Applies.AFTER not in stages(without)
    assert Applies.BEFORE in stages(without)
    assert without[0]["phase"] == "assess"
    assert {"design", "establish"} <= {one["phase"] for one in without}
    # who answers until then, who does the work, the business case, the host: before everything else
    early = ("D15-Q5", "D1-Q1", "D15-Q4", "D1-Q6")
    half = len(without) // 3
    for question_id in early:
        assert first(question_id) < half
    assert first("D15-Q5") < first("D7-Q6")
    # with a team: its own work is put into operation and checked, and nothing founds it again
    assert Applies.BEFORE not in stages(with_)
    assert Applies.AFTER in stages(with_)
    looked_back = [one["question"] for one in with_]
    assert {"D6-Q7", "D7-Q3", "D8-Q1"} <= set(looked_back)
    assert sum(one["level"] == 3 for one in with_) > sum(one["level"] == 3 for one in without)
    shared = {(one["question"], one["level"]) for one in without} & {
        (one["question"], one["level"]) for one in with_
    }
    assert len(shared) < min(len(without), len(with_)) / 4


@COUNTRIES
def test_report_carries_the_plan_and_closing_says_why_nothing_can_be_edited(
    walked: dict[str, Walked], country: Country
) -> None:
    said, seen = _spoken(country), walked[country.letter]
    assert seen.plan[0]["text"] in seen.report
    assert country.finding[0] in seen.report
    assert country.owner in seen.report
    why = refusal(Standing(State.CLOSED, seen.closed_at, seen.closed_at), Act.ANSWER)
    assert why is not None
    assert MARKS.sub("", seen.lock).strip() == said(why.message, **why.params)
