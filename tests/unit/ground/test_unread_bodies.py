"""An answer says that its connection ends when the request was not read to its end."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from cirt.unread_bodies import UnreadBodies

BODY = b"first\nsecond\nthird"


def _says_close(work: Callable[[Any], object], **environ: Any) -> bool:
    said: list[tuple[str, str]] = []

    def application(given: dict[str, Any], start: Any) -> list[bytes]:
        work(given["wsgi.input"])
        start("200 OK", [("Content-Type", "text/plain")])
        return []

    UnreadBodies(application)(
        {"SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(BODY), **environ},
        lambda _status, headers: said.extend(headers),
    )
    assert said[0] == ("Content-Type", "text/plain")
    return said[1:] == [("Connection", "close")]


READ_ALL: dict[str, Callable[[Any], object]] = {
    "whole": lambda stream: stream.read(),
    "more": lambda stream: [stream.read(1_000), stream.read(1_000)],
    "in parts": lambda stream: [stream.read(7) for _ in range(4)],
    "lines": list,
    "lines at once": lambda stream: stream.readlines(),
}
READ_A_PART: dict[str, Callable[[Any], object]] = {
    "nothing": lambda _stream: None,
    "no byte": lambda stream: stream.read(0),
    "no byte of a line": lambda stream: stream.readline(0),
    "a part": lambda stream: stream.read(7),
    "a line": lambda stream: stream.readline(),
    "a part of a line": lambda stream: stream.readline(3),
}
ANNOUNCED = [{"CONTENT_LENGTH": str(len(BODY))}, {"HTTP_TRANSFER_ENCODING": "chunked"}]


@pytest.mark.parametrize("announced", ANNOUNCED)
@pytest.mark.parametrize("way", [*READ_ALL, *READ_A_PART])
def test_connection_ends_unless_all_was_read(way: str, announced: dict[str, str]) -> None:
    work = (READ_ALL | READ_A_PART)[way]
    assert _says_close(work, **announced) is (way in READ_A_PART)


def test_a_body_of_so_many_bytes_was_read_when_they_were() -> None:
    """The end itself need not be asked for; without a length nobody knows it before."""
    whole, chunked = ANNOUNCED
    assert not _says_close(lambda stream: stream.read(len(BODY)), **whole)
    assert _says_close(lambda stream: stream.read(len(BODY)), **chunked)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "0"},
        {"CONTENT_LENGTH": str(len(BODY)), "SERVER_PROTOCOL": "HTTP/2"},
    ],
)
def test_nothing_is_said_without_a_body_or_where_connections_carry_many(
    environ: dict[str, str],
) -> None:
    assert not _says_close(lambda _stream: None, **environ)


@pytest.mark.parametrize("length", ["many", "9" * 5_000])
def test_a_length_that_is_none_ends_the_connection(length: str) -> None:
    assert _says_close(lambda stream: stream.read(7), CONTENT_LENGTH=length)


def test_what_the_application_reads_is_what_was_sent() -> None:
    read: list[Any] = []

    def work(stream: Any) -> None:
        read.extend((stream.read(2), stream.readline(), stream.readline(3), *stream))

    _says_close(work, CONTENT_LENGTH=str(len(BODY)))
    assert read == [b"fi", b"rst\n", b"sec", b"ond\n", b"third"]
