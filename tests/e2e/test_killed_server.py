"""A server killed while answers are being saved: what it said is saved, is saved."""

import json
import random
import re
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from cirt.db import Database
from tests.server import Server, free_port


class Typist:
    """A person who answers questions one after the other, as the page's script does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
        )
        user = server.user("assessor")
        page = self._get("/sign-in")
        self._post(
            "/sign-in",
            {
                "username": user["username"],
                "password": user["password"],
                "csrf_token": self._token(page),
            },
        )
        listing = self._get("/assessments/")
        self.assessments = sorted(set(re.findall(r"/assessments/[0-9a-f-]{36}", listing)))

    def _get(self, path: str) -> str:
        with self.opener.open(self.server.url + path, timeout=20) as answer:
            return str(answer.read().decode())

    def _post(self, path: str, fields: dict[str, Any], **headers: str) -> str:
        request = urllib.request.Request(
            self.server.url + path, data=urllib.parse.urlencode(fields).encode(), headers=headers
        )
        with self.opener.open(request, timeout=20) as answer:
            return str(answer.read().decode())

    @staticmethod
    def _token(page: str) -> str:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found is not None
        return found[1]

    def questions(self, assessment: str) -> list[str]:
        """Return the addresses of the readiness questions, which have five levels; none of others."""
        pages = [self._get(assessment)]
        dimensions = sorted(set(re.findall(rf"{assessment}/dimensions/[\w-]+", pages[0])))
        pages += [self._get(address) for address in dimensions]
        return sorted(
            {
                url
                for page in pages
                for url in re.findall(rf"{assessment}/questions/D\d+-Q\d+", page)
            }
        )

    def type_until_cut(
        self, questions: list[str], saved: dict[str, str], sent: dict[str, str], number: list[int]
    ) -> None:
        """Save comments, noting each that was sent and acknowledged, until the connection breaks."""
        revisions: dict[str, str] = {}
        try:
            page = self._get(questions[0])
            token = self._token(page)
            while True:
                question = questions[number[0] % len(questions)]
                number[0] += 1
                if question not in revisions:
                    found = re.search(r'name="revision"[^>]*value="(\d+)"', self._get(question))
                    assert found is not None
                    revisions[question] = found[1]
                sent[question] = text = f"acknowledged {number[0]}."
                body = json.loads(
                    self._post(
                        question,
                        {
                            "csrf_token": token,
                            "choice": str(number[0] % 5),
                            "reason": "",
                            "comment": text,
                            "revision": revisions[question],
                        },
                        Accept="application/json",
                    )
                )
                assert body["saved"] is True
                revisions[question] = str(body["revision"])
                saved[question] = text
        except (urllib.error.URLError, ConnectionError, TimeoutError, OSError):
            return


def kill_rounds(folder: Path, rounds: int, seed: int) -> int:
    """Kill a server at random moments while answers are saved; return how many were acknowledged."""
    chance = random.Random(seed)
    server = Server(folder / "data", free_port()).start()
    saved: dict[str, str] = {}
    sent: dict[str, str] = {}
    number = [0]
    try:
        questions = _open_questions(Typist(server))
        for _ in range(rounds):
            thread = threading.Thread(
                target=Typist(server).type_until_cut, args=(questions, saved, sent, number)
            )
            thread.start()
            time.sleep(chance.uniform(0.4, 1.6))
            server.kill()
            thread.join(30)
            assert not thread.is_alive()
            server.start()
            reader = Typist(server)
            lost = {
                url: text
                for url, text in saved.items()
                if not _holds(reader._get(url), text, sent[url])
            }
            assert not lost, f"acknowledged and gone: {lost}"
    finally:
        server.kill()
    database = Database(f"sqlite:///{server.data_dir / 'cirt.sqlite3'}")
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    database.dispose()
    return number[0]


def _open_questions(typist: Typist) -> list[str]:
    """Return the addresses of the questions of an assessment that takes answers."""
    for assessment in typist.assessments:
        found = typist.questions(assessment)
        if found and 'name="comment"' in typist._get(found[0]):
            return found
    raise AssertionError("no assessment takes answers")


def _holds(page: str, saved: str, sent: str) -> bool:
    """Return whether a page shows its acknowledged comment, or a later one that was on its way."""
    return saved in page or sent in page


def test_acknowledged_answers_survive_kills(
    tmp_path: Path, demonstration_at: Callable[[Path], Path]
) -> None:
    demonstration_at(tmp_path / "data")
    assert kill_rounds(tmp_path, rounds=3, seed=20261122) > 10


@pytest.mark.parametrize("command", ["demo"])
def test_start_is_quick_and_small(tmp_path: Path, command: str) -> None:
    """The memory of the serving process stays under 150 MB (its start is measured by the bench)."""
    server = Server(tmp_path / "data", free_port(), (command,)).start()
    try:
        typist = Typist(server)
        for path in ("/", "/assessments/", "/capabilities", "/help"):
            typist._get(path)
        assert server.process is not None
        assert largest_process(server.process.pid) < 150 * 1024
    finally:
        server.kill()


def largest_process(group: int) -> int:
    """Return the resident kilobytes of the largest process of a process group."""
    sizes = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) != group:
                continue
            status = (stat.parent / "status").read_text()
        except (OSError, IndexError):
            continue
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found:
            sizes.append(int(found[1]))
    return max(sizes)
