"""Fuzzed requests at a real server: no fault, no answer late, no memory without end."""

import http.client
import os
import random
import re
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from http.cookiejar import CookieJar
from pathlib import Path

from cirt.app import create_app
from cirt.settings import read_settings
from tests.e2e.test_killed_server import largest_process
from tests.functional.fuzzed_requests import Fuzzer, Request, run
from tests.functional.fuzzed_values import real_samples
from tests.server import ROOT, Server, free_port
from tests.soak.doses import SEED, dose

MOST_SECONDS = 5
MOST_MEGABYTES = 500
CLIENTS = 2
SIGN_IN_AFTER = 2_000


def requests() -> str:
    """Send fuzzed requests to the demonstration, from several clients at once."""
    count = dose(100_000)
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name) / "data", free_port()).start()
        try:
            return _sent(server, count)
        finally:
            server.kill()


def _sent(server: Server, count: int) -> str:
    settings = read_settings({}, data_dir=server.data_dir)
    routes = create_app(settings).url_map
    samples = real_samples(Path(os.environ.get("CIRT_REAL_DATA", ROOT.parent / "shared" / "data")))
    clients = [_Client(server, routes, samples, SEED + number) for number in range(CLIENTS)]
    assert server.process is not None
    clients[0].run(min(1_000, count // 10))
    before = largest_process(server.process.pid) // 1024
    threads = [threading.Thread(target=client.run, args=(count // CLIENTS,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults = [fault for client in clients for fault in client.faults]
    assert server.process.poll() is None, "the server ended"
    assert not faults, f"seed {SEED}, {len(faults)} faults: " + "\n".join(faults[:10])
    after = largest_process(server.process.pid) // 1024
    assert after < MOST_MEGABYTES, f"{after} MB after {count} requests, {before} MB before"
    said = sum((client.said for client in clients), Counter[int]())
    unanswered = sum((client.unanswered for client in clients), Counter[str]())
    answers = ", ".join(f"{number} × {status}" for status, number in sorted(said.items()) if status)
    without = ", ".join(f"{number} × {name}" for name, number in sorted(unanswered.items()))
    return (
        f"{said.total()} requests, answers: {answers}; no answer, not sent or the connection closed:"
        f" {without or 'none'}; no 500, the slowest {max(client.slowest for client in clients):.1f} s,"
        f" memory {before} → {after} MB"
    )


class _Client:
    """One sender with its own seed, signed in as everybody of the demonstration."""

    def __init__(self, server: Server, routes: object, samples: list[object], seed: int) -> None:
        self.server = server
        credentials = server.credentials()
        self.fuzzer = Fuzzer(
            random.Random(seed),
            routes,  # type: ignore[arg-type]
            [one["token"] for one in (*credentials["taxii"], *credentials["api"])],
            more=samples,
        )
        self.users = {(one["username"], one["password"]) for one in credentials["users"]}
        self.connection: http.client.HTTPConnection | None = None
        self.faults: list[str] = []
        self.said, self.unanswered = Counter[int](), Counter[str]()
        self.slowest = 0.0

    def run(self, count: int) -> None:
        """Send so many requests, signing in anew at times: some of them end a session."""
        try:
            for start in range(0, count, SIGN_IN_AFTER):
                self.sign_in()
                self.faults += run(self.fuzzer, self.send, min(SIGN_IN_AFTER, count - start))
        except Exception as fault:  # noqa: BLE001 - shown by the caller's own thread
            self.faults.append(repr(fault))

    def sign_in(self) -> None:
        """Get sessions for everybody who can, and first links and form tokens."""
        cookies = []
        for username, password in sorted(self.users):
            cookie = _cookie(self.server.url, username, password)
            if cookie:
                cookies.append(cookie)
        self.fuzzer.cookies = cookies
        for cookie in cookies:
            for path in ("/", "/incidents/", "/circles/", "/inbox/", "/assessments/", "/releases/"):
                self.fuzzer.learn(
                    cookie, self.send(Request("GET", path, {"Cookie": cookie}, b""))[1]
                )

    def send(self, request: Request) -> tuple[int, str]:
        """Send one request and return status and text; 0 when the server hung up."""
        begin = time.perf_counter()
        status, text = self._answer(request)
        took = time.perf_counter() - begin
        self.slowest = max(self.slowest, took)
        if took > MOST_SECONDS:
            self.faults.append(f"{took:.1f} s: {request}")
        self.said[status] += 1
        return status, text

    def _answer(self, request: Request) -> tuple[int, str]:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            self.connection.request(
                request.method, request.path, body=request.body, headers=request.headers
            )
            answer = self.connection.getresponse()
            body = answer.read(2_000_000)
            if answer.will_close or not answer.isclosed():
                self._close()
            return answer.status, body.decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._close()
            self.unanswered[type(error).__name__] += 1
            return 0, ""

    def _close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _cookie(url: str, username: str, password: str) -> str:
    """Return the cookie of a new session, "" when this person cannot sign in any more."""
    jar = CookieJar()
    opener = urllib.request.build_opener(
        urllib.request.HTTPCookieProcessor(jar), urllib.request.ProxyHandler({})
    )
    try:
        with opener.open(f"{url}/sign-in", timeout=20) as answer:
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
        fields = {"username": username, "password": password}
        fields["csrf_token"] = found[1] if found else ""
        with opener.open(f"{url}/sign-in", urllib.parse.urlencode(fields).encode(), timeout=20):
            pass
    except OSError:
        return ""
    return "; ".join(f"{one.name}={one.value}" for one in jar)
