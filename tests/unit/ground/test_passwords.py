"""Passwords: compared at their real cost, few at a time, also in a process that was forked."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from cirt.accounts import passwords
from cirt.errors import InvalidInputError

FORKED = """
import os
from cirt.accounts.passwords import hash_password, password_matches
kept = hash_password("orange-tractor-mirrors-38")
child = os.fork()
if child == 0:
    os._exit(0 if password_matches(kept, "orange-tractor-mirrors-38") else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_password_matches_only_itself() -> None:
    kept = passwords.hash_password("orange-tractor-mirrors-38")
    assert kept.startswith("$argon2id$")
    assert passwords.password_matches(kept, "orange-tractor-mirrors-38")
    for other in ("orange-tractor-mirrors-39", "", " ", None, 38, ["x"], "x" * 129):
        assert not passwords.password_matches(kept, other)
    assert not passwords.password_matches(None, "orange-tractor-mirrors-38")
    assert not passwords.password_matches("not a hash", "orange-tractor-mirrors-38")


def test_many_comparisons_share_two_threads() -> None:
    kept = passwords.hash_password("orange-tractor-mirrors-38")
    with ThreadPoolExecutor(8) as requests:
        found = list(requests.map(lambda _n: passwords.password_matches(kept, "x" * 20), range(16)))
    assert not any(found)
    assert len(passwords._threads(passwords.os.getpid())._threads) <= 2


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_forked_server_process_compares_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "0"


@pytest.mark.parametrize("password", ["short", "x" * 200, "nadia-nadia-x", "aaaaaaaaaaaaaaa"])
def test_weak_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInputError):
        passwords.check_password(password, username="nadia")
