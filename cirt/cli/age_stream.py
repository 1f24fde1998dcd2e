"""age encryption as streams: a backup of any size passes through in pieces of 64 KiB.

The format is age-encryption.org/v1 (C2SP, age.md): a header that holds the file's key, wrapped
for a passphrase (scrypt) or for a recipient's key (X25519), then ChaCha20-Poly1305 in the STREAM
construction. The tools `age` and `rage` read and write the same. The library pyrage, which reads
and writes it too, holds whole files in memory where a passphrase is used; the tests compare both.
"""

import base64
import hmac
import io
import os
from collections.abc import Iterator
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cirt.errors import N_, InvalidInputError

MAGIC: Final = b"age-encryption.org/v1"
CHUNK: Final = 64 * 1024
_TAG = 16
_WORK = 18  # log2 of scrypt's N, as the tool `age` has it: 256 MiB and about a second
_MOST_WORK = 22
_MOST_HEADER = 64 * 1024

DAMAGED = N_("This file is no backup of this program, or it is damaged.")


class Sink(Protocol):
    """Where bytes can be written to, piece by piece."""

    def write(self, data: bytes, /) -> int | None:
        """Take bytes."""


class Source(Protocol):
    """Where bytes can be read from, piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, b"" at the end."""

    def readline(self, size: int = -1, /) -> bytes:
        """Return the bytes up to the next line feed."""


class WrongKeyError(InvalidInputError):
    """The passphrase or the key does not open the file."""


class Lock(Protocol):
    """Whoever a file is for."""

    def wrap(self, file_key: bytes) -> tuple[list[str], bytes]:
        """Return the stanza's arguments and its body."""


class Opener(Protocol):
    """Whoever can open a file."""

    def unwrap(self, arguments: list[str], body: bytes) -> bytes | None:
        """Return the file's key, None when this stanza is for somebody else."""


class Passphrase:
    """A passphrase locks and opens."""

    def __init__(self, passphrase: str, *, work: int = _WORK) -> None:
        self._passphrase = passphrase.encode()
        self._work = work

    def wrap(self, file_key: bytes) -> tuple[list[str], bytes]:
        """Return the scrypt stanza."""
        salt = os.urandom(16)
        key = self._key(salt, self._work)
        body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
        return ["scrypt", _b64(salt), str(self._work)], body

    def unwrap(self, arguments: list[str], body: bytes) -> bytes | None:
        """Return the file's key."""
        if arguments[:1] != ["scrypt"] or len(arguments) != 3 or not arguments[2].isdecimal():
            return None
        if int(arguments[2]) > _MOST_WORK:
            raise InvalidInputError(DAMAGED)
        key = self._key(_unb64(arguments[1]), int(arguments[2]))
        return _opened(key, body)

    def _key(self, salt: bytes, work: int) -> bytes:
        salt = b"age-encryption.org/v1/scrypt" + salt
        return Scrypt(salt=salt, length=32, n=1 << work, r=8, p=1).derive(self._passphrase)


class Recipient:
    """A public key (age1…) locks; whoever has it cannot open."""

    def __init__(self, text: str) -> None:
        self._public = _bech32(text, "age")

    def wrap(self, file_key: bytes) -> tuple[list[str], bytes]:
        """Return the X25519 stanza."""
        ephemeral = X25519PrivateKey.generate()
        share = ephemeral.public_key().public_bytes_raw()
        secret = ephemeral.exchange(X25519PublicKey.from_public_bytes(self._public))
        key = _hkdf(secret, share + self._public, b"age-encryption.org/v1/X25519")
        body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
        return ["X25519", _b64(share)], body


class Identity:
    """A secret key (AGE-SECRET-KEY-1…) opens what was locked for its public key."""

    def __init__(self, text: str) -> None:
        self._secret = X25519PrivateKey.from_private_bytes(_bech32(text, "age-secret-key-"))

    def unwrap(self, arguments: list[str], body: bytes) -> bytes | None:
        """Return the file's key, None when the stanza is for another key."""
        if arguments[:1] != ["X25519"] or len(arguments) != 2:
            return None
        share = _unb64(arguments[1])
        secret = self._secret.exchange(X25519PublicKey.from_public_bytes(share))
        public = self._secret.public_key().public_bytes_raw()
        key = _hkdf(secret, share + public, b"age-encryption.org/v1/X25519")
        return _opened(key, body)


class Sealer(io.RawIOBase):
    """A file to write to: what is written comes out encrypted. `close` writes the end."""

    def __init__(self, out: Sink, lock: Lock) -> None:
        super().__init__()
        self._out, self._waiting, self._n = out, bytearray(), 0
        file_key = os.urandom(16)
        arguments, body = lock.wrap(file_key)
        header = MAGIC + b"\n-> " + " ".join(arguments).encode() + b"\n" + _wrapped(body) + b"---"
        out.write(header + b" " + _b64(_mac(file_key, header)).encode() + b"\n")
        nonce = os.urandom(16)
        out.write(nonce)
        self._cipher = ChaCha20Poly1305(_hkdf(file_key, nonce, b"payload"))

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Take bytes; whole pieces leave at once."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # the last piece is marked, and must not be empty
            self._send(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        """Write the last piece; the stream that it goes to stays open."""
        self._send(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _send(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._cipher.encrypt(_nonce(self._n, last=last), piece, None))
        self._n += 1


def opened(source: Source, opener: Opener) -> io.BufferedReader:
    """Return a file that gives the content of an encrypted one.

    Raises WrongKeyError when the opener does not fit, InvalidInputError for a damaged file; the
    latter also while it is read.
    """
    file_key = None
    header, stanzas, mac = _header(source)
    for arguments, body in stanzas:
        file_key = file_key or opener.unwrap(arguments, body)
    if file_key is None:
        raise WrongKeyError(N_("This passphrase or key does not open the backup."))
    if not hmac.compare_digest(_mac(file_key, header), mac):
        raise InvalidInputError(DAMAGED)
    key = _hkdf(file_key, _exactly(source, 16), b"payload")
    return io.BufferedReader(_Opened(_pieces(source, ChaCha20Poly1305(key))), CHUNK)


class _Opened(io.RawIOBase):
    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def _pieces(source: Source, cipher: ChaCha20Poly1305) -> Iterator[bytes]:
    n, piece = 0, _read(source, CHUNK + _TAG)
    while True:
        following = _read(source, CHUNK + _TAG)
        try:
            yield cipher.decrypt(_nonce(n, last=not following), piece, None)
        except InvalidTag as error:
            raise InvalidInputError(DAMAGED) from error
        if not following:
            return
        n, piece = n + 1, following


def _header(source: Source) -> tuple[bytes, list[tuple[list[str], bytes]], bytes]:
    """Return the bytes that the MAC covers, the stanzas and the MAC."""
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(b"---"):
        line = source.readline(1000)
        if not line.endswith(b"\n") or sum(map(len, lines)) > _MOST_HEADER:
            raise InvalidInputError(DAMAGED)
        lines.append(line)
    if lines[0] != MAGIC + b"\n":
        raise InvalidInputError(DAMAGED)
    stanzas: list[tuple[list[str], str]] = []
    for line in lines[1:-1]:
        text = line.decode("ascii", "replace").rstrip("\n")
        if text.startswith("-> "):
            stanzas.append((text[3:].split(" "), ""))
        elif stanzas:
            stanzas[-1] = (stanzas[-1][0], stanzas[-1][1] + text)
    covered = b"".join(lines[:-1]) + b"---"
    mac = _unb64(lines[-1][4:].decode("ascii", "replace").strip())
    return covered, [(arguments, _unb64(body)) for arguments, body in stanzas], mac


def _read(source: Source, size: int) -> bytes:
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _exactly(source: Source, size: int) -> bytes:
    found = _read(source, size)
    if len(found) != size:
        raise InvalidInputError(DAMAGED)
    return found


def _opened(key: bytes, body: bytes) -> bytes | None:
    try:
        return ChaCha20Poly1305(key).decrypt(bytes(12), body, None)
    except InvalidTag:
        return None


def _hkdf(secret: bytes, salt: bytes | None, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_hkdf(file_key, None, b"header"), header, "sha256")


def _nonce(n: int, *, last: bool) -> bytes:
    return n.to_bytes(11, "big") + bytes([last])


def _wrapped(body: bytes) -> bytes:
    text = _b64(body)  # 64 characters a line; the last line is shorter, empty if need be
    lines = [text[start : start + 64] for start in range(0, len(text) + 1, 64)]
    return "".join(f"{line}\n" for line in lines).encode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise InvalidInputError(DAMAGED) from error


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _bech32(text: str, prefix: str) -> bytes:
    """Return the 32 bytes of a key in BIP 173's form. Raises InvalidInputError."""
    wrong = InvalidInputError(N_("This is no key of age: it begins with %(prefix)s."))
    wrong.params["prefix"] = f"{prefix}1"
    text = text.strip().lower()
    human, _one, data = text.rpartition("1")
    if human != prefix or set(data) - set(_BECH32) or len(data) < 6:
        raise wrong
    values = [_BECH32.index(one) for one in data]
    spread = [ord(one) >> 5 for one in human] + [0] + [ord(one) & 31 for one in human]
    if _polymod(spread + values) != 1:
        raise wrong
    bits = "".join(f"{value:05b}" for value in values[:-6])
    found = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits) // 8 * 8, 8))
    if len(found) != 32:
        raise wrong
    return found


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for n, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> n & 1 else 0
    return check
