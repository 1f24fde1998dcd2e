"""A running demonstration and a real browser."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.server import Server, free_port

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",  # drawn by the processor at once, not by a made-up card
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory, demonstration_at: Callable[[Path], Path]
) -> Iterator[Server]:
    """A demonstration, started as the README says."""
    data = demonstration_at(tmp_path_factory.mktemp("site") / "data")
    server = Server(data, free_port()).start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(site: Server, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return a page signed in as somebody; any request to another host fails the test."""
    contexts: list[Any] = []

    def make(role: str | None = None, administration: str | None = None, **options: Any) -> Page:
        # what moves is drawn again and again, and no test looks at it
        context = chromium.new_context(base_url=site.url, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        strangers: list[str] = []
        page.on(
            "request",
            lambda request: request.url.startswith(site.url) or strangers.append(request.url),
        )
        page.on("close", lambda _page: strangers and pytest.fail(f"asked other hosts: {strangers}"))
        if role is not None:
            user = site.user(role, administration)
            page.goto("/sign-in?lang=en")
            page.fill("input[name=username]", user["username"])
            page.fill("input[name=password]", user["password"])
            page.click("main button[type=submit]")
            page.wait_for_url(f"{site.url}/")
        return page

    yield make
    for context in contexts:
        context.close()
