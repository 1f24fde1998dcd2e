"""The demonstration of a run: loaded once, by the command of the README, and copied for each test."""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from tests.server import ROOT, Server, free_port


def loaded(folder: Path) -> Path:
    """Return the data folder of a demonstration in a folder: whoever comes first loads it.

    Nobody opens it: it is there to be copied.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other processes of the run wait
        kept = folder / "data"
        if not kept.exists():
            begun = Server(folder / "begun", free_port())
            command = [sys.executable, "-m", "cirt", "demo", "--no-serve"]
            with (folder / "said").open("ab") as said:
                done = subprocess.run(
                    command, env=begun.environment, cwd=ROOT, stdout=said, stderr=said, check=False
                )
            assert done.returncode == 0, (folder / "said").read_text(errors="replace")[-4000:]
            begun.data_dir.rename(kept)
    return kept


def copied(kept: Path, folder: Path) -> Path:
    """Make a folder the copy of a demonstration, and return it."""
    shutil.copytree(kept, folder)
    return folder
