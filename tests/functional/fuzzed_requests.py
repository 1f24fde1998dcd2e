"""Requests as nobody should send them: seeded, of every route, with every kind of sign-in and body."""

import gzip
import json
import random
import re
import uuid
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from tests.functional.fuzzed_values import (
    ACCEPTS,
    ENCODINGS,
    KNOWN_ID,
    METHODS,
    NASTY,
    PARAMETERS,
    SAMPLES,
    TYPES,
    bomb,
    mutate,
)

_FIELD = re.compile(r'name="([\w.\[\]-]{1,60})"')

_LINK = re.compile(r'(?:href|action)="(/[^"#?]*)')

_NOT_FOLLOWED = ("/sign-out", "/static/")

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_STIX_ID = re.compile(rf"[a-z][a-z-]{{2,30}}--{_ID.pattern}")


@dataclass(frozen=True)
class Request:
    """One request, ready to be sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        """Return it as a fault is reported, short enough to be read."""
        return f"{self.method} {self.path[:300]} {self.headers!r:.600} {self.body[:300]!r} ({len(self.body)} bytes)"


@dataclass
class Fuzzer:
    """Makes requests out of the routes, and learns values and fields from what it is answered.

    tokens: of machines. cookies: of people who are signed in. more: further JSON samples.
    arguments: name of an argument -> values that fit; further ones are read off the links. links:
    of the pages that a person saw.
    """

    chance: random.Random
    routes: Map
    tokens: Sequence[str]
    cookies: Sequence[str] = ()
    more: Sequence[Any] = ()
    arguments: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    stix_ids: list[str] = field(default_factory=lambda: [KNOWN_ID])
    fields: list[str] = field(default_factory=lambda: ["title", "reason", "version", "file"])
    forms: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose the routes to send to: all but those that would only end the sessions."""
        self.rules = [rule for rule in self.routes.iter_rules() if "sign-out" not in rule.rule]

    def request(self) -> Request:
        """Return the next request."""
        chance = self.chance
        rule = chance.choice(self.rules)
        usual = sorted((rule.methods or {"GET"}) - {"OPTIONS", "HEAD"}) or ["GET"]
        method = chance.choice(usual) if chance.random() < 0.85 else chance.choice(METHODS)
        headers: dict[str, str] = {}
        cookie = self._sign_in(rule, headers)
        if chance.random() < 0.6:
            headers["Accept"] = chance.choice(ACCEPTS)
        if chance.random() < 0.1:
            headers[chance.choice(["Range", "If-Match", "Idempotency-Key", "Accept-Language"])] = (
                self._header()
            )
        if chance.random() < 0.05:
            headers[chance.choice(["Host", "X-Forwarded-For", "X-Forwarded-Proto", "Origin"])] = (
                self._header()
            )
        path = self._path(rule)
        if self.links.get(cookie) and chance.random() < 0.6:
            # what this person can reach, as it is or with a strange question
            path = chance.choice(self.links[cookie]) + chance.choice(["", f"?{self._parameter()}"])
            method = chance.choice(["GET", "POST"])
        body = b"" if method == "GET" and chance.random() < 0.9 else self._body(headers, cookie)
        return Request(method, path, headers, body)

    def learn(self, cookie: str, text: str) -> None:
        """Take ids, field names and form tokens out of an answer."""
        adapter = self.routes.bind("localhost")
        links = [link for link in _LINK.findall(text)[:80] if not link.startswith(_NOT_FOLLOWED)]
        if cookie:
            self.links[cookie] = _kept(self.links.get(cookie, []), links)
        for link in dict.fromkeys(links):
            with suppress(HTTPException, RequestRedirect):
                _endpoint, values = adapter.match(unquote(link), method="GET")
                for name, value in values.items():
                    known = self.arguments.get(name, [])
                    self.arguments[name] = _kept(known, [str(value)])
        self.ids = _kept(self.ids, _ID.findall(text)[:40])
        self.stix_ids = _kept(self.stix_ids, _STIX_ID.findall(text)[:20])
        self.fields = _kept(self.fields, _FIELD.findall(text)[:60])
        found = _TOKEN.search(text)
        if cookie and found:
            self.forms[cookie] = found[1]

    def _sign_in(self, rule: Rule, headers: dict[str, str]) -> str:
        chance = self.chance
        is_machine = rule.rule.startswith(("/exchange", "/taxii2", "/api"))
        kind = chance.random()
        if is_machine == (kind < 0.85) and self.tokens:
            token = chance.choice(self.tokens)
            if chance.random() < 0.03:
                token = token[:-1] + chance.choice(["", "x", "é"])
            headers["Authorization"] = chance.choice(["Bearer ", "bearer "]) + token
        elif kind < 0.97 and self.cookies:
            headers["Cookie"] = chance.choice(self.cookies)
            return headers["Cookie"]
        elif chance.random() < 0.5:
            headers["Authorization"] = chance.choice(
                ["Basic !!", "Basic Og==", "Digest x", "Bearer"]
            )
        return ""

    def _path(self, rule: Rule) -> str:
        parts = []
        for is_argument, text in rule._trace:
            parts.append(self._value(text) if is_argument else text)
        path = "/" + "".join(parts).partition("|")[2].lstrip("/")
        if self.chance.random() < 0.02:
            path += self.chance.choice(["/", "//", "/..;/", "%2f", "?", ";a=b"])
        if self.chance.random() < 0.5:
            path += "?" + "&".join(self._parameter() for _ in range(self.chance.randint(1, 3)))
        return path

    def _value(self, name: str) -> str:
        known = self.arguments.get(name)
        if known and self.chance.random() < 0.8:
            return quote(self.chance.choice(known), safe="")
        kind = self.chance.random()
        if kind < 0.45 and self.ids:
            return self.chance.choice(self.ids)
        if kind < 0.65:
            return quote(self.chance.choice(self.stix_ids), safe="")
        if kind < 0.75:
            return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        return self._quoted() or "x"

    def _quoted(self) -> str:
        text = str(self.chance.choice(NASTY)).encode("utf-8", "surrogatepass")
        return quote(text[:2_000], safe="") if self.chance.random() < 0.9 else "%ff%fe"

    def _parameter(self) -> str:
        name = self.chance.choice(PARAMETERS)
        kind = self.chance.random()
        if kind < 0.3:
            return f"{quote(name)}={self.chance.choice([1, 2, 10, 100, 1000, 10**9])}"
        if kind < 0.5:
            return f"{quote(name)}={quote(self.chance.choice(self.stix_ids))}"
        return f"{quote(name)}={self._quoted()}"

    def _header(self) -> str:
        text = str(self.chance.choice(NASTY)).encode("ascii", "ignore").decode()
        return re.sub(r"[\x00-\x1f\x7f]", "", text)[:200]

    def _body(self, headers: dict[str, str], cookie: str) -> bytes:
        chance = self.chance
        kind = chance.random()
        if cookie and kind < 0.8:
            fields = {
                name: str(chance.choice([*NASTY, "x", "2026-01-01T00:00", "green", "yes"])).encode(
                    "utf-8", "replace"
                )
                for name in chance.sample(self.fields, min(len(self.fields), chance.randint(0, 12)))
            }
            if chance.random() < 0.95 and cookie in self.forms:
                fields["csrf_token"] = self.forms[cookie].encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return urlencode(fields).encode()
        if kind < 0.1:
            headers["Content-Type"] = chance.choice(TYPES)
            return chance.randbytes(chance.choice([1, 10, 1000]))
        headers["Content-Type"] = chance.choice(TYPES[:3] if chance.random() < 0.8 else TYPES)
        body = chance.choice([self._mutated, self._mutated, self._mutated, self._strange])()
        if chance.random() < 0.15:
            headers["Content-Encoding"] = chance.choice(ENCODINGS)
            body = chance.choice([gzip.compress, zlib.compress, bytes, lambda _body: bomb()])(body)
        return body

    def _mutated(self) -> bytes:
        value = json.loads(json.dumps(self.chance.choice([*SAMPLES, *self.more])))
        for _ in range(self.chance.choice([0, 1, 1, 2, 5])):
            mutate(value, self.chance, self.stix_ids)
        return json.dumps(value, ensure_ascii=self.chance.random() < 0.7).encode(
            "utf-8", "surrogatepass"
        )

    def _strange(self) -> bytes:
        chance = self.chance
        text = self._mutated().decode("utf-8", "replace")
        return chance.choice(
            [
                b"[" * 100_000,
                b'{"objects":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
                b'{"objects":[' + b"{}," * 2_000 + b"{}]}",
                b'{"objects":[' + b"9" * 100_000 + b"]}",
                b'{"objects":[NaN,Infinity,-Infinity,1e999]}',
                b'{"objects":[],"objects":[{}]}',
                b"\xef\xbb\xbf" + text.encode(),
                text.encode("utf-16"),
                text.encode("utf-32"),
                text.encode("utf-8")[: chance.randint(0, 200)],
                text.encode("latin-1", "replace") + b"\xff\xfe",
                b"",
                b"null",
            ]
        )


Send = Callable[[Request], tuple[int, str]]


def run(fuzzer: Fuzzer, send: Send, count: int) -> list[str]:
    """Send so many requests and return the faults. send: answers with status and text."""
    faults = []
    for number in range(count):
        request = fuzzer.request()
        status, text = send(request)
        fuzzer.learn(request.headers.get("Cookie", ""), text)
        if status == 500 or status in (502, 504):
            faults.append(f"request {number} was answered by {status}: {request}")
    return faults


def _kept(known: list[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*new, *known]))[:400]
