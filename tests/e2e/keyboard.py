"""A person without a mouse: tabs to a control by its name, sees where the focus is, presses keys."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from babel.support import NullTranslations, Translations
from playwright.sync_api import Locator, Page, expect

from tests.server import ROOT

CATALOGUES = ROOT / "cirt" / "translations"
REACH = 150  # Tab presses within which a control must be found
MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# What has the focus: (role, name, value of a selection), or null for nothing.
FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const role = {A: "link", BUTTON: "button", SUMMARY: "summary", SELECT: "combobox", TEXTAREA: "textbox",
                MAIN: "main"}[one.tagName]
    ?? {radio: "radio", checkbox: "checkbox", submit: "button", file: "button"}[one.type] ?? "textbox";
  const labels = [...(one.labels ?? [])].map(each => each.textContent).join(" ");
  const name = one.getAttribute("aria-label") || labels || one.textContent;
  const plain = name.replace(/[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/g, "");
  return [role, plain.replace(/\\s+/g, " ").trim().slice(0, 200)];
}"""
# Whether the focus can be seen: on the element, its label or its frame, and inside the window.
SEEN = """() => {
  const one = document.activeElement;
  const around = [one, ...(one.labels ?? []), one.parentElement];
  const look = () => around.map(each => {
    const style = getComputedStyle(each);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
            style.borderColor, style.backgroundColor].join();
  }).join(" | ");
  const box = one.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.width > 0;
  const focused = look();
  one.blur();
  const plain = look();
  one.focus();
  return inside && focused !== plain;
}"""


def names(role: str, name: str, found: tuple[str, str] | None) -> bool:
    """Whether the focused control has the role and the name, or a name that begins with it."""
    return (
        found is not None
        and found[0] == role
        and (found[1] == name or found[1].startswith(f"{name} "))
    )


class Keyboard:
    """The keyboard of one page. seconds: how long each step took, in the order of the walk."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.words: NullTranslations = (
            NullTranslations() if language == "en" else Translations.load(CATALOGUES, [language])
        )
        self.seconds: dict[str, float] = {}

    def said(self, message: str, **params: object) -> str:
        """Return a sentence of the interface in the language of the walk."""
        text = str(self.words.gettext(message))
        return MARKS.sub("", text % params if params else text)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Take the time of a step."""
        begun = time.monotonic()
        try:
            yield
        except BaseException as fault:
            fault.add_note(f"in step {name}, at {self.page.url}, focus on {self.focused()}")
            raise
        self.seconds[name] = time.monotonic() - begun

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self) -> tuple[str, str] | None:
        """Return role and name of what has the focus."""
        found = self.page.evaluate(FOCUSED)
        return None if found is None else (found[0], found[1])

    @property
    def focus(self) -> Locator:
        """What has the focus."""
        return self.page.locator(":focus")

    def skip(self) -> None:
        """Leave head and navigation behind by the link for it, unless the address led further."""
        self.page.wait_for_load_state()
        if "#" in self.page.url:
            return
        self.press("Tab")
        link = self.focused()
        assert names("link", self.said("Skip to the content"), link), f"first is {link}"
        assert self.page.evaluate(SEEN), "the link that leads to the content cannot be seen"
        self.press("Enter")
        expect(self.page.locator("main")).to_be_focused()

    def reach(self, role: str, name: str, within: int = REACH, key: str = "Tab") -> Locator:
        """Tab to a control. Fails where it is not reached, or where the focus cannot be seen."""
        passed: list[tuple[str, str] | None] = []
        for _ in range(within):
            found = self.focused()
            if names(role, name, found):
                break
            if found != (passed[-1] if passed else None):
                passed.append(found)
            self.press(key)
        else:
            raise AssertionError(f"{role} {name!r} is not reached within {within}: {passed[:60]}")
        assert self.page.evaluate(SEEN), f"the focus cannot be seen on {role} {name!r}"
        expect(self.focus).to_have_accessible_name(re.compile(re.escape(name[:40])))
        return self.focus

    def send(self, role: str, name: str) -> None:
        """Reach a link or a button and press Enter."""
        self.reach(role, name)
        with self.page.expect_navigation():
            self.press("Enter")

    def open(self, role: str, name: str) -> None:
        """Reach a link or a button, press Enter, and stand at the next page's content."""
        self.send(role, name)
        self.skip()

    def unfold(self, name: str) -> None:
        """Reach what can be unfolded and unfold it."""
        self.reach("summary", name)
        self.press("Enter")

    def write(self, name: str, text: str) -> None:
        """Reach a field and write."""
        field = self.reach("textbox", name)
        self.press("Control+a")
        self.page.keyboard.type(text)
        expect(field).to_have_value(text)

    def write_day(self, name: str, day: date) -> None:
        """Reach a date and write it part by part, in the order of the browser's language (en-US)."""
        field = self.reach("textbox", name)
        self.page.keyboard.type(f"{day:%m%d%Y}")
        expect(field).to_have_value(day.isoformat())

    def choose(self, name: str, option: str) -> None:
        """Reach a selection and go through it with the arrow until the option stands there."""
        field = self.reach("combobox", name)
        self.press("Home")
        last = None
        while True:
            now = " ".join(field.evaluate("one => one.selectedOptions[0].textContent").split())
            if MARKS.sub("", now).startswith(option):
                return
            assert now != last, f"{name!r} has no option {option!r}"
            last = now
            self.press("ArrowDown")

    def pick(self, first: str, choice: str) -> None:
        """Tab into radio buttons, which has the focus at `first`, and go on to a choice."""
        self.reach("radio", first)
        for _ in range(12):
            if names("radio", choice, self.focused()):
                break
            self.press("ArrowDown")
        if not self.focus.is_checked():
            self.press("Space")
        expect(self.focus).to_have_accessible_name(re.compile("^" + re.escape(choice)))
        expect(self.focus).to_be_checked()

    def tick(self, name: str) -> None:
        """Reach a check box and tick it."""
        box = self.reach("checkbox", name)
        self.press("Space")
        expect(box).to_be_checked()


def steps_in(script: Path) -> list[str]:
    """Return the numbers of the steps that a script asks for, such as A1, in its order."""
    return re.findall(r"^\| ([AB]\d+) \|", script.read_text(), re.MULTILINE)
