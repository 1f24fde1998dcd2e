"""Work on untrusted or heavy input in a process of its own, with limits that the system keeps.

The parent calls run_limited(); the child's module ends in `serve(handler)`. Between them: the
request on stdin; on stdout one line of JSON that says how it ended, then the answer's bytes.
No shell, an almost empty environment, an empty working folder that is deleted afterwards.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from cirt import errors
from cirt.errors import N_, DomainError

if sys.platform != "win32":  # Windows has no such limits; time and output are limited there too
    import resource

_CHECKOUT = Path(__file__).resolve().parent.parent
_OPEN_FILES = 256
_DETAIL_BYTES = 4_000
_SENTENCES = {
    "timeout": N_(
        "The work took longer than %(seconds)s seconds and was stopped. Try with less at once."
    ),
    "memory": N_(
        "The work needed more memory than it may use and was stopped. Try with less at once."
    ),
    "crash": N_(
        "The work stopped on an internal error. Report it to the people who run this server."
    ),
    "output": N_("The result would be larger than %(bytes)s bytes. Try with less at once."),
}
# Errors whose constructor takes a sentence and params, so that they can be raised again here.
_CARRIED = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, DomainError) and cls is not errors.DataFileError
}


class LimitedProcessError(DomainError):
    """The process did not answer.

    reason: "timeout", "memory", "crash" or "output". detail: the end of what it wrote to stderr;
    it may quote the input, so show it to operators only and never log it.
    """

    def __init__(self, reason: str, *, detail: str = "", **params: Any) -> None:
        super().__init__(_SENTENCES[reason], **params)
        self.reason = reason
        self.detail = detail


def run_limited(
    module: str,
    request: bytes,
    *,
    timeout_seconds: float,
    memory_bytes: int,
    output_bytes: int = 50_000_000,
) -> bytes:
    """Return what the module's handler answers to the request.

    module: an importable name whose __main__ part calls serve().
    Raises LimitedProcessError, or the DomainError that the handler raised (with its sentence,
    params and field; a class of its own comes back as its nearest parent in cirt.errors).
    """
    with tempfile.TemporaryDirectory(prefix="cirt-", ignore_cleanup_errors=True) as folder:
        # -P: the working folder is not a place to import from
        command = [
            sys.executable,
            "-P",
            "-m",
            module,
            str(math.ceil(timeout_seconds)),
            str(memory_bytes),
            str(output_bytes),
        ]
        process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell, no user input in it
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_environment(folder),
            start_new_session=os.name == "posix",
        )
        return _conversation(process, request, timeout_seconds, output_bytes)


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    if (_CHECKOUT / "pyproject.toml").is_file():
        kept["PYTHONPATH"] = str(_CHECKOUT)
    # one hash seed, so that the same request gives the same bytes
    return kept | {"LANG": "C.UTF-8", "TMPDIR": folder, "TEMP": folder, "PYTHONHASHSEED": "0"}


def _conversation(
    process: subprocess.Popen[bytes], request: bytes, timeout_seconds: float, output_bytes: int
) -> bytes:
    assert process.stdin and process.stdout and process.stderr  # noqa: S101 - for the type checker
    answer, detail = bytearray(), bytearray()
    # the header line is not the caller's output, hence some room above the limit
    limit = output_bytes + 100_000
    reader = threading.Thread(target=_read_up_to, args=(process.stdout, answer, limit), daemon=True)
    others = [
        threading.Thread(target=_write, args=(process.stdin, request), daemon=True),
        threading.Thread(target=_keep_end, args=(process.stderr, detail), daemon=True),
    ]
    deadline = time.monotonic() + timeout_seconds
    stopped: str | None = None
    try:
        for thread in (reader, *others):
            thread.start()
        reader.join(timeout_seconds)
        if reader.is_alive():
            stopped = "timeout"
        elif len(answer) > limit:
            stopped = "output"
        else:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                stopped = "timeout"
    finally:
        _kill_group(process)
        for thread in (reader, *others):
            thread.join(5)
        for pipe in (process.stdin, process.stdout, process.stderr):
            _close(pipe)
    tail = detail.decode("utf-8", "replace")
    if stopped:
        raise LimitedProcessError(stopped, detail=tail, seconds=timeout_seconds, bytes=output_bytes)
    return _answer(bytes(answer), process.returncode, tail, timeout_seconds, output_bytes)


def _answer(
    answer: bytes, returncode: int, detail: str, timeout_seconds: float, output_bytes: int
) -> bytes:
    header, newline, body = answer.partition(b"\n")
    said = json.loads(header) if newline and returncode == 0 else {}
    if said.get("ok"):
        if len(body) > output_bytes:
            raise LimitedProcessError("output", detail=detail, bytes=output_bytes)
        return body
    error = said.get("error", {})
    if "message" in error:
        raise _CARRIED.get(error["class"], DomainError)(
            error["message"], field=error["field"], **error["params"]
        )
    reason = error.get("reason") or _reason(returncode)
    raise LimitedProcessError(
        reason, detail=error.get("detail", detail), seconds=timeout_seconds, bytes=output_bytes
    )


def _reason(returncode: int) -> str:
    """Say why a process that left no answer ended: negative codes are the signal that ended it."""
    if sys.platform != "win32":
        if returncode == -signal.SIGXCPU:
            return "timeout"
        if returncode == -signal.SIGKILL:
            return "memory"  # not by us: that is how Linux ends a process when memory is out
    return "crash"


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is not None:
        return  # reaped already: its number may belong to another process by now
    if sys.platform != "win32":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        process.kill()
    process.wait()


def _read_up_to(pipe: IO[bytes], into: bytearray, limit: int) -> None:
    while len(into) <= limit and (part := os.read(pipe.fileno(), 65_536)):
        into += part


def _keep_end(pipe: IO[bytes], into: bytearray) -> None:
    while part := os.read(pipe.fileno(), 65_536):
        into += part
        del into[:-_DETAIL_BYTES]


def _write(pipe: IO[bytes], data: bytes) -> None:
    try:
        pipe.write(data)
    except OSError:
        pass  # the child ended early; its answer or its exit code says why
    finally:
        _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.close()


def serve(handler: Callable[[bytes], bytes]) -> None:
    """Answer the one request on stdin, within the limits on the command line: the child's side."""
    seconds, memory_bytes, output_bytes = (int(word) for word in sys.argv[1:4])
    # what libraries print must not mix with the answer
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)
        _limit_self(seconds, memory_bytes, output_bytes)
        header, body = _outcome(handler)
        channel.write(json.dumps(header).encode() + b"\n" + body)
        channel.flush()
    # no clean-up of the interpreter: it takes time and may fail when memory is out
    os._exit(0)


def _outcome(handler: Callable[[bytes], bytes]) -> tuple[dict[str, Any], bytes]:
    try:
        return {"ok": True}, handler(sys.stdin.buffer.read())
    except DomainError as error:
        return {"error": _carried(error)}, b""
    except MemoryError:
        return {"error": {"reason": "memory"}}, b""
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the parent is told
        return {
            "error": {
                "reason": "crash",
                "detail": f"{type(error).__name__}: {error}"[:_DETAIL_BYTES],
            }
        }, b""


def _carried(error: DomainError) -> dict[str, Any]:
    nearest = next(
        (cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _CARRIED), "DomainError"
    )
    params = {
        name: value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
        for name, value in error.params.items()
    }
    return {"class": nearest, "message": error.message, "params": params, "field": error.field}


def _limit_self(seconds: int, memory_bytes: int, output_bytes: int) -> None:
    if sys.platform != "win32":
        for kind, amount in (
            (resource.RLIMIT_AS, memory_bytes),
            (resource.RLIMIT_CPU, seconds + 1),
            (resource.RLIMIT_FSIZE, output_bytes),
            (resource.RLIMIT_NOFILE, _OPEN_FILES),
            (resource.RLIMIT_CORE, 0),
        ):
            # macOS refuses some of them; the parent's clock and output limit remain
            with contextlib.suppress(ValueError, OSError):
                _, hard = resource.getrlimit(kind)
                lowest = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
                resource.setrlimit(kind, (lowest, lowest))
