"""Answers that come before the request was read to its end: they say that the connection ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

_Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class UnreadBodies:
    """An application whose answer says so when the server will not read on.

    Whoever may not write, writes to what is not there, or writes too much is answered at once; what
    they still send is not waited for. The server then closes the connection, and a client that kept
    it for its next request would lose that one unless the answer says "Connection: close"
    (RFC 9112, sections 9.3 and 9.6). HTTP/2 has no such header and ends the one stream.
    """

    def __init__(self, application: _Wsgi) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        length = environ.get("CONTENT_LENGTH") or ""
        has_body = length not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ
        if not has_body or not environ["SERVER_PROTOCOL"].startswith("HTTP/1"):
            return self.application(environ, start_response)
        # eight digits are enough: no body of more is read to its end
        left = int(length) if length.isdecimal() and len(length) <= 8 else None
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], left)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if not body.is_read:
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *more)

        return self.application(environ, start)


class _Body:
    """The body of a request, and whether it was read to its end.

    left: bytes that are still to be read; None where the request does not say how many it has.
    """

    def __init__(self, stream: Any, left: int | None) -> None:
        self._stream = stream
        self._left = left
        self.is_read = False

    def _noted(self, part: bytes, *, is_end: bool) -> bytes:
        if self._left is not None:
            self._left -= len(part)
        self.is_read = self.is_read or is_end or (self._left is not None and self._left <= 0)
        return part

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, b"" at the end."""
        part: bytes = self._stream.read(size) if size >= 0 else self._stream.read()
        return self._noted(part, is_end=size != 0 and (size < 0 or not part))

    def readline(self, size: int = -1) -> bytes:
        """Return a line, b"" at the end."""
        part: bytes = self._stream.readline(size) if size >= 0 else self._stream.readline()
        return self._noted(part, is_end=size != 0 and not part)

    def readlines(self, _hint: int = -1) -> list[bytes]:
        """Return all lines."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        """Give line after line."""
        while line := self.readline():
            yield line
