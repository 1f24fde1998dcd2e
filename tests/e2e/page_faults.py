"""What is wrong with a page: for a phone, and by the rules of axe for people who see or hear otherwise."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

RULES = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
# what another language on another ground can change of a page that was looked at whole
GROUND_RULES = {
    "type": "rule",
    "values": [
        "color-contrast",
        "link-in-text-block",
        "target-size",
        "html-has-lang",
        "valid-lang",
    ],
}

# axe takes letters that join for pictures made by a font, and leaves them out where it looks at
# contrast: all of Arabic. Ours has no such pictures, and it is told so.
_AXE = (
    (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    + """;
CanvasRenderingContext2D.prototype.getImageData = () => ({data: new Uint8ClampedArray(4).fill(1)});
axe.configure({rules: [{id: "color-contrast", selector: "[data-look]"}]});"""
)

# Contrast takes most of axe's time, and a page says nearly all of it in a few looks. Of elements that look
# alike, in surroundings that do, it judges the first two and the last; of what does not lie where its
# surroundings put it, each: anything may be behind it.
_MARK = r"""() => {
  const STYLE = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "fontFamily",
    "textShadow", "textIndent", "filter", "mixBlendMode", "visibility", "clipPath"];
  const SIDES = ["marginTop", "marginRight", "marginBottom", "marginLeft"];
  const numbers = new Map(), looks = new Map(), alike = new Map();
  for (const one of document.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    const around = looks.get(one.parentElement) ?? {};
    const moved = around.moved
      || !["static", "relative"].includes(style.position) || style.float !== "none" || style.transform !== "none"
      || style.position === "relative" && [style.top, style.left].some(each => each !== "auto" && each !== "0px")
      || SIDES.some(side => style[side].startsWith("-"));
    const words = [around.look, one.tagName, one.className, one.control?.disabled,
      one.matches(":disabled, [aria-disabled], [inert]"), ...STYLE.map(name => style[name])].join("|");
    if (!numbers.has(words)) numbers.set(words, numbers.size);
    const look = numbers.get(words);
    looks.set(one, {look, moved});
    const said = [...one.childNodes].filter(each => each.nodeType === Node.TEXT_NODE)
      .map(each => each.data.trim()).join("");
    if (said === "" && !one.matches("input, select, textarea")) continue;
    const kind = [look, Math.min(said.length, 2), /[\p{L}\p{N}]/u.test(said), one.getClientRects().length > 0].join();
    if (moved) one.dataset.look = "";
    else alike.set(kind, [...alike.get(kind) ?? [], one]);
  }
  for (const all of alike.values()) for (const one of [...all.slice(0, 2), all.at(-1)]) one.dataset.look = "";
}"""
# of what is in order nothing is told: it is most of a page
_RUN = """rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"]})
  .then(result => result.violations)"""


def bring_axe(page: Page) -> None:
    """Let every address that a page goes to from now on have axe."""
    page.add_init_script(_AXE)


def faults_of(page: Page, path: str, rules: dict[str, object] | None = None) -> list[str]:
    """Return what is wrong with a page in its present language and look; rules: axe's, all of them."""
    page.set_viewport_size({"width": 360, "height": 740})
    answer = page.goto(path)
    wrong = (
        [] if answer and answer.status < 400 else [f"status {answer.status if answer else 'none'}"]
    )
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 360:
        wrong.append(f"{width} px wide on a 360 px phone")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate(_MARK)
    for violation in page.evaluate(_RUN, rules or RULES):
        nodes = [node["html"][:160] for node in violation["nodes"][:3]]
        wrong.append(f"{violation['id']}: {violation['help']}: {nodes}")
    return wrong
