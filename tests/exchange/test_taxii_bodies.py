"""Bodies of requests: plain, in chunks, compressed; capped whatever they claim to become."""

import gzip
import http.client
import io
import json
import socket
import tracemalloc
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from cirt.errors import TooLargeError
from cirt.incidents.taxii_bodies import (
    ACCEPTED,
    BrokenBodyError,
    UnknownCodingError,
    coding_of,
    decoded,
)
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH, MEDIA_TYPE
from tests.exchange.machine_objects import indicator
from tests.exchange.running_server import Running, running

TEXT = json.dumps({"objects": [indicator(name=str(number)) for number in range(300)]}).encode()


def _bare(body: bytes) -> bytes:
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return machine.compress(body) + machine.flush()


FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", _bare),
    "stored": ("gzip", lambda body: gzip.compress(body, 0)),
}


class Slow(io.BytesIO):
    """A stream that gives one byte at a time."""

    def read(self, _size: int | None = -1, /) -> bytes:
        """Return the next byte."""
        return super().read(1)


@pytest.mark.parametrize("form", FORMS)
def test_compressed_body_is_read_in_pieces_of_any_size(form: str) -> None:
    """RFC 9110 8.4.1: gzip; deflate with its frame, and without, as some send it."""
    coding, compress = FORMS[form]
    body = compress(TEXT)
    cap = max(len(TEXT), len(body))
    assert decoded(io.BytesIO(body), coding, cap) == TEXT
    assert decoded(Slow(body), coding, cap) == TEXT
    assert decoded(io.BytesIO(TEXT), "identity", len(TEXT), len(TEXT)) == TEXT


@pytest.mark.parametrize("form", FORMS)
def test_compressed_body_that_is_not_whole_is_refused(form: str) -> None:
    """Cut off at any place, with something after it, two in a row, or something else altogether."""
    coding, compress = FORMS[form]
    body = compress(TEXT[:400])
    broken = [body[:size] for size in range(len(body))]
    broken += [body + b"\0", body + b"x", body + body, b"zz" + body, TEXT]
    for number in range(0, len(body), 7):  # a flipped bit is found by the checksum, if there is one
        flipped = bytearray(body)
        flipped[number] ^= 0x10
        if form in ("gzip", "stored") and number > 9:
            broken.append(bytes(flipped))
    for one in broken:
        with pytest.raises(BrokenBodyError):
            decoded(io.BytesIO(one), coding, 10_000)
    with pytest.raises(BrokenBodyError):
        decoded(io.BytesIO(TEXT[:-1]), "identity", len(TEXT), len(TEXT))


@pytest.mark.parametrize("form", FORMS)
def test_body_is_never_held_beyond_the_cap(form: str) -> None:
    """A bomb of 60 MB in 60 kB: refused, having held no more than the cap."""
    coding, compress = FORMS[form]
    cap = 500_000
    bomb = compress(b" " * 60_000_000) if form != "stored" else compress(b" " * (cap + 1))
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            decoded(io.BytesIO(bomb), coding, cap)
        assert tracemalloc.get_traced_memory()[1] < cap + len(bomb) + 400_000
    finally:
        tracemalloc.stop()
    assert len(decoded(io.BytesIO(compress(b" " * cap)), coding, cap + 10_000)) == cap
    with pytest.raises(TooLargeError):
        decoded(io.BytesIO(compress(TEXT)), coding, len(TEXT) - 1)
    with pytest.raises(TooLargeError):
        decoded(io.BytesIO(b" " * (cap + 1)), "identity", cap)


def test_codings_are_named_in_any_case_and_once() -> None:
    """RFC 9110 8.4: x-gzip is gzip; one coding over another is not taken."""
    for header, coding in (
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        (" GZip ", "gzip"),
        ("x-gzip", "gzip"),
        ("Deflate", "deflate"),
    ):
        assert coding_of(header) == coding
    for header in ("br", "zstd", "compress", "gzip, gzip", "gzip,deflate", "gzip;q=1", "\0"):
        with pytest.raises(UnknownCodingError):
            coding_of(header)


# on the wire


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None) -> Iterator[Running]:
    """One server process for all of these tests."""
    with running(tmp_path_factory.mktemp("bodies")) as found:
        yield found


def _headers(server: Running, **more: str) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in more.items()}
    return {
        "Authorization": f"Bearer {server.cast.tokens['XA']}",
        "Content-Type": MEDIA_TYPE,
        **given,
    }


def _error(answer: Any, status: int) -> str:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, MEDIA_TYPE)
    body = answer.json()
    assert body["http_status"] == str(status)
    return str(body["title"])


def _pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_server_takes_every_form_of_a_body(server: Running) -> None:
    """TAXII-2.1-5.5: plain and compressed, with a length and in chunks (RFC 9112 7.1)."""
    url = f"{server.collection()}objects/"
    sent: list[dict[str, Any]] = []
    for form in ("plain", *FORMS):
        coding, compress = FORMS.get(form, ("identity", bytes))
        for size in (0, 7, 100_000):  # 0: with a length; else a generator, which goes in chunks
            one = indicator(name=f"{form} {size}")
            sent.append(one)
            body = compress(json.dumps({"objects": [one]}).encode())
            data = _pieces(body, size) if size else body
            headers = _headers(server, Content_Encoding=coding)
            answer = requests.post(url, data=data, headers=headers, timeout=20)
            assert answer.status_code == 202, answer.text
            assert answer.json()["success_count"] == 1
    found = requests.get(url, headers=_headers(server), timeout=20).json()["objects"]
    assert found == sent


def test_a_server_refuses_every_broken_body(server: Running) -> None:
    """TAXII-2.1-3.6.1: 400 with a title, 415 with Accept-Encoding (RFC 7694), in chunks as well."""
    url = f"{server.collection(server.empty)}objects/"
    body = gzip.compress(TEXT)
    for data, word in (
        (body[:-9], "cut off"),
        (b"", "cut off"),
        (body + b"x", "follows"),
        (body + body, "follows"),
        (TEXT, "not gzip"),
    ):
        for given in (data, _pieces(data, 1_000)):
            headers = _headers(server, Content_Encoding="gzip")
            answer = requests.post(url, data=given, headers=headers, timeout=20)
            assert word in _error(answer, 400)
    for coding in ("br", "gzip, gzip"):
        headers = _headers(server, Content_Encoding=coding)
        answer = requests.post(url, data=body, headers=headers, timeout=20)
        _error(answer, 415)
        assert answer.headers["Accept-Encoding"] == ACCEPTED
    found = requests.get(url, headers=_headers(server), timeout=20)
    assert found.json() == {}


def test_a_server_holds_no_more_than_the_cap(server: Running) -> None:
    """TAXII-2.1-4.2: 413 for a length that says so, for endless chunks, and for bombs."""
    url = f"{server.collection(server.empty)}objects/"
    bomb = gzip.compress(b" " * 500_000_000, 9)
    blanks = b" " * 1_000_000
    before = _memory(server)
    for data, coding in (
        (b" " * (MAX_CONTENT_LENGTH + 1), "identity"),
        ((blanks for _ in range(60)), "identity"),
        (bomb, "gzip"),
        (_pieces(bomb, 5_000), "gzip"),
        ((gzip.compress(blanks, 0) for _ in range(60)), "identity"),
    ):
        headers = _headers(server, Content_Encoding=coding)
        answer = requests.post(url, data=data, headers=headers, timeout=60)
        _error(answer, 413)
    # the length alone is enough: nothing is waited for
    connection = _asked(server, urlsplit(url).path, _headers(server, Content_Length=str(10**12)))
    assert connection.getresponse().status == 413
    connection.close()
    assert _memory(server) - before < 3 * MAX_CONTENT_LENGTH
    assert requests.get(url, headers=_headers(server), timeout=20).json() == {}


def _asked(server: Running, path: str, headers: dict[str, str]) -> Any:
    """Return a connection on which the head of a POST was sent."""
    asked = urlsplit(server.url)
    line = http.client.HTTPConnection(str(asked.hostname), asked.port, timeout=10)
    line.putrequest("POST", path)
    for name, value in headers.items():
        line.putheader(name, value)
    line.endheaders()
    return line


def _begun(server: Running, path: str, headers: dict[str, str], body: bytes) -> Any:
    """Return a connection on which all of a request but its last bytes was sent."""
    line = _asked(server, path, headers | {"Content-Length": str(len(body))})
    line.send(body[:-20])
    return line


def test_a_slow_line_holds_up_no_other_writer(server: Running) -> None:
    """A body is read before the transaction begins, which on SQLite is the only one that writes."""
    url = f"{server.collection()}objects/"
    one, other = indicator(name="slow"), indicator(name="quick")
    body = json.dumps({"objects": [one]}).encode()
    slow = _begun(server, urlsplit(url).path, _headers(server), body)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    slow_person = _begun(server, "/sign-in", form, b"username=omar&password=" + b"x" * 50)
    # the other's answer comes while the slow ones have not ended: it would never come otherwise
    for _ in range(2):
        answer = requests.post(
            url, data=json.dumps({"objects": [other]}), headers=_headers(server), timeout=10
        )
        assert answer.status_code == 202, answer.text
    slow.send(body[-20:])
    status = json.loads(slow.getresponse().read())
    assert (status["success_count"], status["successes"][0]["id"]) == (1, one["id"])
    for line in (slow, slow_person):
        line.close()


def _memory(server: Running) -> int:
    """Return the most bytes that the server's processes held so far."""
    assert server.server.process is not None
    main = server.server.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    peaks = [Path(f"/proc/{one}/status").read_text() for one in (main, *children)]
    return sum(int(text.split("VmHWM:")[1].split()[0]) * 1_024 for text in peaks)


def test_a_server_answers_what_no_library_sends(server: Running) -> None:
    """Methods that nobody knows, two slashes, NUL, and no redirect; HEAD ends without a body."""
    asked = urlsplit(server.url)
    root = urlsplit(server.collection()).path
    for method, path, status in (
        ("PROPFIND", "/exchange/", 405),
        ("TRACE", f"{root}objects/", 405),
        ("BREW", f"{root}objects/", 405),
        ("GET", "/exchange//collections/", 404),
        ("GET", "/exchange/%00/", 404),
        ("GET", f"{root}objects/%00/", 404),
        ("GET", f"{root}objects/%ff/", 404),
        ("GET", "/exchange/../taxii2/", 404),
        ("GET", "/exchange/collections/machines-of-two/", 200),
        ("HEAD", f"{root}objects/", 200),
        ("OPTIONS", f"{root}objects/", 200),
        ("DELETE", f"{root}objects/indicator--{uuid.uuid4()}/", 404),
    ):
        with socket.create_connection((str(asked.hostname), asked.port or 0), timeout=10) as client:
            token = server.cast.tokens["XA"]
            client.sendall(
                f"{method} {path} HTTP/1.1\r\nHost: {asked.netloc}\r\nConnection: close\r\n"
                f"Authorization: Bearer {token}\r\n\r\n".encode()
            )
            answer = b"".join(iter(lambda: client.recv(65_536), b""))
        head, _blank, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == str(status).encode(), (method, path, head)
        assert b"content-type: application/taxii+json;version=2.1" in head.lower()
        assert b"\r\nlocation:" not in head.lower()
        assert (body == b"") is (method == "HEAD")
