"""cirt.limited: real children, ended by every limit there is."""

import json
import os
import threading

import pytest

from cirt.errors import InvalidInputError
from cirt.limited import LimitedProcessError, run_limited

posix = pytest.mark.skipif(os.name != "posix", reason="the system has no process groups or limits")


def _run(request: bytes, timeout_seconds: float = 30, output_bytes: int = 1_000_000) -> bytes:
    return run_limited(
        "tests.unit.limited_child",
        request,
        timeout_seconds=timeout_seconds,
        memory_bytes=1_000_000_000,
        output_bytes=output_bytes,
    )


def _reason(request: bytes, **limits: float) -> str:
    with pytest.raises(LimitedProcessError) as caught:
        _run(request, **limits)
    assert str(caught.value)  # the sentence has all of its params
    return caught.value.reason


def test_answer_keeps_every_byte_and_ignores_prints():
    request = b"echo:" + bytes(range(256)) * 1000
    assert _run(request) == request


def test_environment_is_minimal_and_folder_empty(monkeypatch):
    monkeypatch.setenv("CIRT_SECRET_KEY", "not for children")
    seen = json.loads(_run(b"environment"))
    assert seen["cwd"] == []
    allowed = {
        "PATH",
        "PYTHONPATH",
        "LANG",
        "TMPDIR",
        "TEMP",
        "PYTHONHASHSEED",
        "SYSTEMROOT",
        "LC_CTYPE",
    }
    assert set(seen["environ"]) <= allowed


@posix
def test_timeout_ends_the_child_and_its_children():
    assert _reason(b"sleep", timeout_seconds=1.5) == "timeout"


@posix
def test_too_much_memory_is_named():
    assert _reason(b"memory") == "memory"


@pytest.mark.parametrize("request_", [b"die", b"fail", b"exit"])
def test_crash_is_named(request_):
    assert _reason(request_) == "crash"


def test_unknown_module_is_a_crash():
    with pytest.raises(LimitedProcessError) as caught:
        run_limited("cirt.nothing_here", b"", timeout_seconds=30, memory_bytes=10**9)
    assert caught.value.reason == "crash"
    assert "nothing_here" in caught.value.detail


def test_too_much_output_is_named():
    assert _reason(b"flood") == "output"
    assert _reason(b"flood", output_bytes=10) == "output"
    assert len(_run(b"flood", output_bytes=2_000_000)) == 2_000_000


def test_refusal_comes_through_as_our_own_error():
    with pytest.raises(InvalidInputError) as caught:
        _run(b"refuse")
    assert str(caught.value) == "Line 7 is too long."
    assert caught.value.params == {"line": 7}
    assert caught.value.field == "text"
    assert not isinstance(caught.value, LimitedProcessError)


def test_a_child_that_never_reads_does_not_block_the_parent():
    assert _reason(b"die" + b":" * 5_000_000) == "crash"


def test_threads_run_children_side_by_side():
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(_run(b"pids"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 2
