"""Answers that come before the request was read to its end: they say that the connection ends."""

import io
from collections.abc import Iterable
from typing import Any

from cirt.large_bodies import Wsgi, announced


class UnreadBodies:
    """An application whose answer says so when the server will not read on.

    Whoever may not write, writes to what is not there, or writes too much is answered at once; what
    they still send is not waited for. The server then closes the connection, and a client that kept
    it for its next request would lose that one unless the answer says "Connection: close"
    (RFC 9112, sections 9.3 and 9.6). HTTP/2 has no such header and ends the one stream.
    """

    def __init__(self, application: Wsgi) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer as the application does."""
        size = announced(environ)
        if not size or not environ["SERVER_PROTOCOL"].startswith("HTTP/1"):
            return self.application(environ, start_response)
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], size)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if body.left > 0:
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *more)

        return self.application(environ, start)


class _Body(io.IOBase):
    """The body of a request, which counts the bytes that are left of it: 0 at its end."""

    def __init__(self, stream: Any, size: float) -> None:
        self._stream = stream
        self.left = size

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, b"" at the end; all that are left if size is negative."""
        part: bytes = self._stream.read(size) if size >= 0 else self._stream.read()
        is_end = size < 0 or (size > 0 and not part)
        self.left = 0 if is_end else self.left - len(part)
        return part
