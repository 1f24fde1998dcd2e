"""Every page that links lead to, for each role, and what is wrong with it."""

import html
import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from tests.e2e.page_faults import GROUND_RULES, RULES, bring_axe, faults_of

ROLES = (
    ("analyst", "XA"),
    ("releasing-officer", "XA"),
    ("releasing-officer", "XB"),  # who is asked by XA: to let it in, to withdraw what it sent
    ("focal-point", "XA"),
    ("assessor", "XZ"),
    ("administrator", None),
)


_LINK = re.compile(r"<a\s[^>]*?\bhref=\"([^\"]*)\"")


def _links(text: str) -> list[str]:
    """Return the addresses that a page links to."""
    return [html.unescape(address) for address in _LINK.findall(text)]


@contextmanager
def _reading(page: Page) -> Iterator[Callable[[str], tuple[int, str, str]]]:
    """Ask for pages as the person who signed in on a browser's page, without drawing them.

    What it gives returns status, kind and text, of the last page where an answer leads on.
    """
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    with closing(http.client.HTTPConnection(urlsplit(page.url).netloc)) as connection:

        def read(target: str) -> tuple[int, str, str]:
            connection.request("GET", target, headers={"Cookie": cookies})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status in (301, 302, 303, 307, 308):
                parts = urlsplit(urljoin(target, answer.headers["Location"]))
                return read(parts.path + (f"?{parts.query}" if parts.query else ""))
            kind = answer.headers.get("Content-Type", "")
            return answer.status, kind, body.decode() if "text/html" in kind else ""

        yield read


def crawl(page: Page, application: flask.Flask, found: dict[str, str]) -> list[str]:
    """Ask for some pages of every route that links lead to; return the new addresses.

    found: endpoint -> address, "" for what is no page; added to.
    """
    with _reading(page) as read:
        return _crawl(page.url, read, application.url_map.bind("localhost"), found)


def _crawl(
    start: str,
    read: Callable[[str], tuple[int, str, str]],
    adapter: MapAdapter,
    found: dict[str, str],
) -> list[str]:
    here = "{0.scheme}://{0.netloc}".format(urlsplit(start))
    texts = {"/": read("/")[2]}
    queue, asked, seen, new = ["/"], set[str](), dict[str, int](), []
    while queue:
        path = queue.pop(0)
        for href in _links(texts.pop(path)):
            parts = urlsplit(urljoin(f"{here}{path}", href))
            target = parts.path + (
                f"?{parts.query}" if parts.query and "lang=" not in parts.query else ""
            )
            if f"{parts.scheme}://{parts.netloc}" != here:
                continue
            try:
                endpoint, _arguments = adapter.match(parts.path)
            except HTTPException as error:
                raise AssertionError(f"{path} links to {target}, which no route serves") from error
            # a few pages of each route: not every one has all links
            if seen.get(endpoint, 0) >= 3 or endpoint == "static" or target in asked:
                continue
            asked.add(target)
            seen[endpoint] = seen.get(endpoint, 0) + 1
            status, kind, text = read(target)
            assert status < 400, f"{path} links to {target}: {status}"
            if "text/html" not in kind:
                found.setdefault(endpoint, "")
                continue
            texts[target] = text
            queue.append(target)
            if endpoint not in found:
                found[endpoint] = target
                new.append(target)
    return new


def faults_everywhere(
    visit: Callable[..., Page], application: flask.Flask
) -> tuple[dict[str, str], list[str]]:
    """Return what was found, and what is wrong with it in Arabic, light, and in English, dark."""
    found: dict[str, str] = {}
    wrong: list[str] = []
    for role, administration in ROLES:
        page = visit(role, administration)
        bring_axe(page)
        said: list[str] = []
        page.on("pageerror", lambda error, said=said: said.append(f"script: {error}"))
        page.on(
            "console",
            lambda message, said=said: (
                message.type == "error" and said.append(f"console: {message.text}")
            ),
        )
        new = crawl(page, application, found)
        for language, theme, direction, rules in (
            ("ar", "light", "rtl", RULES),
            ("en", "dark", "ltr", GROUND_RULES),
        ):
            _put_on(page, language, theme)
            for path in new:
                faults = faults_of(page, path, rules)
                wrong += [f"{role} {path} ({language}): {one}" for one in faults]
                if page.get_attribute("html", "dir") != direction:
                    wrong.append(f"{path} ({language}): its direction")
        wrong += [f"{role}: {each}" for each in said]
    return found, wrong


def _put_on(page: Page, language: str, theme: str) -> None:
    page.context.add_cookies(
        [
            {"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}
            for name, value in (("cirt_language", language), ("cirt_theme", theme))
        ]
    )
    page.goto("/account")
    page.click(f"footer button[name=theme][value={theme}]")


def routes(folder: Path) -> flask.Flask:
    """Return the application, for its routes alone."""
    from cirt.app import create_app
    from cirt.settings import read_settings

    return create_app(read_settings({}, data_dir=folder))
