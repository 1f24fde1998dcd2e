"""The body of a request as machines send it: at once or in chunks, plain or compressed.

Never more than the cap is held, whatever a compressed body claims to become: what is too large is
refused as soon as that shows.
"""

import io
import zlib
from collections.abc import Iterator
from typing import IO, Final

import flask

from cirt.errors import N_, InvalidInputError, TooLargeError, UnsupportedError
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
DEFLATE: Final = "deflate"

ACCEPTED: Final = ", ".join((GZIP, DEFLATE, IDENTITY))
"""The header Accept-Encoding of a refusal: what is taken (RFC 7694, section 3)."""

# "x-gzip" is the same by RFC 9110, section 8.4.1.3
_NAMES: Final = {"": IDENTITY, IDENTITY: IDENTITY, GZIP: GZIP, "x-gzip": GZIP, DEFLATE: DEFLATE}

_AT_ONCE: Final = 65_536  # bytes read, and bytes inflated, in one go


class UnknownCodingError(UnsupportedError):
    """The body is in a coding that is not taken: answer 415 with Accept-Encoding."""


class BrokenBodyError(InvalidInputError):
    """The body is not what its Content-Encoding says: answer 400."""


def coding_of(header: str | None) -> str:
    """Return the coding that a Content-Encoding header names, "identity" without one.

    Raises UnknownCodingError; more than one coding, one over the other, is unknown too.
    """
    found = _NAMES.get((header or "").strip().lower())
    if found is None:
        raise UnknownCodingError(
            N_("Send the body plain, or with Content-Encoding gzip or deflate, once.")
        )
    return found


def body_of(request: flask.Request, most: int = MAX_CONTENT_LENGTH) -> bytes:
    """Return the decoded body of a request, at most `most` bytes.

    Raises TooLargeError, before anything is read where Content-Length says so; UnknownCodingError;
    BrokenBodyError. Chunks (RFC 9112, section 7.1) are joined by the server below.
    """
    if "body" not in flask.g:  # a transaction that met another one is done again with the same
        coding = coding_of(request.headers.get("Content-Encoding"))
        if (request.content_length or 0) > most:
            raise _too_large(most)
        flask.g.body = decoded(request.stream, coding, most, request.content_length)
    body: bytes = flask.g.body
    return body


def decoded(stream: IO[bytes], coding: str, most: int, length: int | None = None) -> bytes:
    """Return what a stream holds in a coding; both the coded and the decoded form are capped.

    length: bytes that must come before the stream ends; None where that was not said.
    """
    inflation = None if coding == IDENTITY else _Inflation(coding)
    found, received = io.BytesIO(), 0
    while chunk := stream.read(_AT_ONCE):
        received += len(chunk)
        for part in inflation.parts(chunk) if inflation else (chunk,):
            if found.tell() + len(part) > most:
                raise _too_large(most)
            found.write(part)
        if received > most:
            raise _too_large(most)
    if length is not None and received != length:
        raise BrokenBodyError(N_("The body is shorter than Content-Length says."))
    if inflation:
        inflation.finish()
    return found.getvalue()


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(
        N_("The body is larger than max_content_length, which is %(most)s bytes."), most=most
    )


class _Inflation:
    """One compressed stream: gzip (RFC 1952), or deflate with its frame (RFC 1950) or bare (RFC 1951)."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self.start = b""
        self.machine: zlib._Decompress | None = None

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk becomes, in pieces of limited size."""
        if self.machine is None:
            self.start += chunk
            if len(self.start) < 2:  # two bytes tell a bare stream from a framed one
                return
            self.machine, chunk = zlib.decompressobj(self._frame()), self.start
        while True:
            if self.machine.eof:
                raise self._broken(N_("Something follows the end of the %(coding)s body."))
            try:
                part = self.machine.decompress(chunk, _AT_ONCE)
            except zlib.error:
                raise self._broken(
                    N_("The body is not %(coding)s, as Content-Encoding says.")
                ) from None
            if part:
                yield part
            chunk = self.machine.unused_data or self.machine.unconsumed_tail
            if not chunk and len(part) < _AT_ONCE:
                return

    def finish(self) -> None:
        """Raise BrokenBodyError unless the stream ended where it says."""
        if self.machine is None or not self.machine.eof:
            raise self._broken(N_("The %(coding)s body is cut off."))

    def _frame(self) -> int:
        if self.coding == GZIP:
            return 16 + zlib.MAX_WBITS
        method, check = self.start[0] & 15, int.from_bytes(self.start[:2], "big") % 31
        # clients in the field leave the frame out (RFC 9110, section 8.4.1.2)
        return zlib.MAX_WBITS if (method, check) == (8, 0) else -zlib.MAX_WBITS

    def _broken(self, message: str) -> BrokenBodyError:
        return BrokenBodyError(message, coding=self.coding)
