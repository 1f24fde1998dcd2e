"""The unit for systemd and the file for containers, as far as they run without either.

No container engine is at hand where the tests run: the image itself is not built here. What its
steps copy is copied by the same rules, and its commands are run on that copy, as another user.
"""

import fnmatch
import json
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "config" / "systemd" / "cirt.service"
COMMAND = ROOT / "config" / "systemd" / "cirt"
CONTAINER = ROOT / "config" / "container" / "Containerfile"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="systemd and containers are Linux's")


def _unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _equals, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def _steps() -> list[tuple[str, str]]:
    """Return the instructions of the container file, each on one line."""
    lines = [one for one in CONTAINER.read_text().splitlines() if not one.startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    pairs = [line.split(maxsplit=1) for line in whole.splitlines() if line.strip()]
    return [(word, " ".join(rest.split())) for word, rest in pairs]


def test_unit_is_what_systemd_understands(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is absent")
    text = UNIT.read_text().replace("/opt/cirt/.venv/bin/python", sys.executable)
    copy = tmp_path / "cirt.service"
    copy.write_text(text)
    done = subprocess.run(
        [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    judged = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=25", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-300:]  # an exposure of 2.5 or less, of 10


# what systemd-run does for the command, as far as it goes without systemd and its accounts
STAND_IN = """#!{python}
import os, sys
words = sys.argv[1:]
at = words.index("--")
environment = {{"PATH": os.environ["PATH"]}}
for word in words[:at]:
    if word.startswith("--setenv="):
        name, _equals, value = word.removeprefix("--setenv=").partition("=")
        environment[name] = value
for word in words[:at]:
    if word.startswith("--property=EnvironmentFile="):
        for line in open(word.rpartition("=")[2]).read().splitlines():
            name, _equals, value = line.partition("=")
            environment[name] = value
    if word.startswith("--property=WorkingDirectory="):
        os.makedirs(word.rpartition("=")[2], mode=0o700, exist_ok=True)
        os.chdir(word.rpartition("=")[2])
os.execve(words[at + 1], words[at + 1 :], environment)
"""


def test_command_runs_with_the_settings_of_the_service(tmp_path: Path) -> None:
    """What an operator types under systemd works on the installation of the service."""
    data, settings = tmp_path / "data", tmp_path / "cirt.env"
    text = COMMAND.read_text()
    for given, here in (
        ("/opt/cirt/.venv/bin/python", sys.executable),
        ("/opt/cirt", str(ROOT)),
        ("/var/lib/cirt", str(data)),
        ("/etc/cirt/cirt.env", str(settings)),
    ):
        assert given in text
        text = text.replace(given, here)
    command, stand_in = tmp_path / "cirt", tmp_path / "systemd-run"
    command.write_text(text)
    stand_in.write_text(STAND_IN.format(python=sys.executable))
    for file in (command, stand_in):
        file.chmod(0o755)
    settings.write_text("CIRT_PUBLIC_URL=https://cirt.example\nCIRT_PROXIES=1\n")

    def run(*arguments: str) -> str:
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CIRT_DATA_DIR": "/elsewhere"}
        done = subprocess.run(
            [str(command), *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.stdout

    invited = run("init", "--code", "XA", "--name", "Administration XA", "--user", "root")
    assert "https://cirt.example/" in invited
    assert (data / "cirt.sqlite3").is_file()
    assert "ok      address and TLS" in run("check")


def test_command_is_of_the_services_account_and_folders() -> None:
    unit, words = _unit(), shlex.split(COMMAND.read_text(), comments=True)
    assert {f"--uid={unit['User'][0]}", f"--gid={unit['Group'][0]}"} <= set(words)
    assert f"--setenv={unit['Environment'][0]}" in words
    for name in ("EnvironmentFile", "StateDirectory", "StateDirectoryMode", "UMask"):
        assert f"--property={name}={unit[name][0]}" in words
    assert words[words.index("--") + 1] == unit["ExecStart"][0].split()[0]
    runner = shutil.which("systemd-run")
    if runner is None:
        pytest.skip("systemd-run is absent")
    known = subprocess.run([runner, "--help"], capture_output=True, text=True, check=True).stdout
    for word in words[: words.index("--")]:
        assert not word.startswith("--") or word.split("=")[0] in known, word


def test_container_takes_what_is_pinned_and_runs_as_nobody_special() -> None:
    steps = _steps()
    words = [word for word, _rest in steps]
    assert words.index("USER") < words.index("CMD") < len(words)
    assert ("USER", "cirt") in steps
    assert all(
        rest.startswith("docker.io/library/debian:12-slim")
        for word, rest in steps
        if word == "FROM"
    )
    installs = [rest for word, rest in steps if word == "RUN" and "pip install" in rest]
    assert len(installs) == 1 and "--require-hashes -r /tmp/requirements.txt" in installs[0]
    assert not [rest for word, rest in steps if word in ("ADD", "ARG") or "curl" in rest]
    for word, rest in steps:
        if word == "RUN":  # as the shell of the image reads it
            subprocess.run(["sh", "-n", "-c", rest], check=True)


def _is_left_out(path: str, patterns: list[str]) -> bool:
    parts = path.split("/")
    for pattern in patterns:
        beginnings = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        if any(fnmatch.fnmatch(one, pattern) for one in beginnings):
            return True
        if pattern.startswith("**/") and pattern[3:] in parts:
            return True
    return False


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """What COPY . puts into the image."""
    patterns = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    target = tmp_path / "opt"

    def left_out(folder: str, names: list[str]) -> set[str]:
        inside = Path(folder).relative_to(ROOT).as_posix().removeprefix(".")
        return {name for name in names if _is_left_out(f"{inside}/{name}".lstrip("/"), patterns)}

    shutil.copytree(ROOT, target, ignore=left_out)
    names = {one.name for one in target.iterdir()}
    assert {"cirt", "incidents", "assessments", "stix", "templates", "config"} <= names
    assert not names & {".git", ".venv", "tests", "var", "build"}
    return target


def _runs_as(user: str | None, python: str, path: str) -> bool:
    """Return whether an account can run the program with this interpreter."""
    code = "import sys, sqlalchemy, granian; print(sys.version_info[:2])"
    env = {"PYTHONPATH": path}
    try:
        done = subprocess.run(
            [python, "-c", code], env=env, user=user, capture_output=True, check=False, cwd="/"
        )
    except PermissionError:
        return False
    return done.stdout.decode().strip() == str(sys.version_info[:2])


def _account() -> tuple[str | None, str]:
    """Return another account, when this one is root, and an interpreter that it may run.

    The interpreter of the tests may lie in a folder of root's; Debian's is the container's.
    """
    libraries = sysconfig.get_paths()["purelib"]
    if os.geteuid() == 0:
        for python in (sys.executable, "/usr/bin/python3"):
            if Path(python).exists() and _runs_as("nobody", python, libraries):
                return "nobody", python
    return None, sys.executable


def test_service_starts_as_the_files_say_and_answers_its_health_check(
    copied: Path, tmp_path: Path
) -> None:
    """ExecStartPre, ExecStart and the stop of the unit; ENV and HEALTHCHECK of the container."""
    unit, steps = _unit(), _steps()
    for parent in (tmp_path, *tmp_path.parents[:3]):
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o055)
    user, python = _account()
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    if user:
        os.chown(data, pwd.getpwnam(user).pw_uid, -1)
    [(_word, env_text)] = [step for step in steps if step[0] == "ENV"]
    env = dict(pair.split("=", 1) for pair in shlex.split(env_text))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert env["CIRT_DATA_DIR"] == "/var/lib/cirt"
    env |= {
        "CIRT_DATA_DIR": str(data),
        "CIRT_HOST": "127.0.0.1",
        "CIRT_PORT": str(port),
        "PYTHONPATH": os.pathsep.join((str(copied), sysconfig.get_paths()["purelib"])),
    }

    def command(name: str) -> list[str]:
        [line] = unit[name]
        assert line.startswith("/opt/cirt/.venv/bin/python ")
        return [python, *shlex.split(line)[1:]]

    subprocess.run(
        command("ExecStartPre"), cwd=copied, env=env, user=user, check=True, capture_output=True
    )
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        command("ExecStart"), cwd=copied, env=env, user=user, stderr=log, stdout=log
    )
    try:
        [(_word, health)] = [step for step in steps if step[0] == "HEALTHCHECK"]
        asked: list[str] = json.loads(health[health.index("CMD") + 4 :])
        asked[0] = python
        for _attempt in range(60):
            answer = subprocess.run(asked, env=env, user=user, capture_output=True, check=False)
            if answer.returncode == 0 or process.poll() is not None:
                break
            time.sleep(0.25)
        assert answer.returncode == 0, (tmp_path / "log").read_text()[-2000:]
        process.send_signal(getattr(signal, unit["KillSignal"][0]))
        assert process.wait(int(unit["TimeoutStopSec"][0])) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
        log.close()
    kept = (data / "cirt.sqlite3").stat()
    assert kept.st_mode & 0o077 == 0
    assert kept.st_uid == (pwd.getpwnam(user).pw_uid if user else os.geteuid())
    assert not re.search(r"Traceback|ERROR", (tmp_path / "log").read_text())
