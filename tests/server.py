"""A real server process of the tests' own, on a free port, as a user starts it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A server process with its data folder; it can be killed and started again."""

    data_dir: Path
    port: int
    command: tuple[str, ...] = ("demo",)
    database_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    module: str = "cirt"

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CIRT_")}
        return kept | {
            "CIRT_DATA_DIR": str(self.data_dir),
            "CIRT_PORT": str(self.port),
            **({"CIRT_DATABASE_URL": self.database_url} if self.database_url else {}),
            **self.settings,
        }

    def start(self) -> "Server":
        """Start it and wait until it is ready."""
        log = (self.data_dir.parent / f"server-{self.port}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module, *self.command],
            env=self.environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        for _ in range(START_SECONDS * 10):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except OSError:
                time.sleep(0.1)
        text = (self.data_dir.parent / f"server-{self.port}.log").read_text(errors="replace")
        self.kill()
        raise AssertionError(f"the server did not start:\n{text[-4000:]}")

    def kill(self) -> None:
        """Kill every process of it, as a power cut would."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def credentials(self) -> dict[str, Any]:
        """Return who may sign in."""
        found: dict[str, Any] = json.loads((self.data_dir / "credentials.json").read_text())
        return found

    def user(self, role: str, administration: str | None = None) -> dict[str, Any]:
        """Return the first person of the demonstration with this role."""
        return next(
            user
            for user in self.credentials()["users"]
            if role in user["roles"] and administration in (None, user["administration"])
        )
