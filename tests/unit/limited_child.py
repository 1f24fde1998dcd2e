"""A child for test_limited_process.py: the request says how it should behave."""

import json
import os
import sys
import time
from pathlib import Path

from cirt.errors import N_, InvalidInputError
from cirt.limited import serve


class _OwnError(InvalidInputError):
    """A class the parent does not know."""


def _behave(request: bytes) -> bytes:
    match request.split(b":")[0]:
        case b"echo":
            print("a library prints this")
            return request
        case b"environment":
            return json.dumps(
                {"environ": dict(os.environ), "cwd": [p.name for p in Path().iterdir()]}
            ).encode()
        case b"sleep":
            if os.fork() == 0:  # a grandchild, which must not outlive the limit either
                time.sleep(600)
            time.sleep(600)
        case b"memory":
            return bytes(3_000_000_000)
        case b"die":
            os._exit(3)
        case b"fail":
            raise ZeroDivisionError("none")
        case b"exit":
            sys.exit("no")
        case b"flood":
            return bytes(2_000_000)
        case b"refuse":
            raise _OwnError(N_("Line %(line)s is too long."), line=7, field="text")
        case b"pids":
            return str(os.getpid()).encode()
    raise AssertionError(request)


if __name__ == "__main__":
    serve(_behave)
