"""`cirt demo`."""

from typing import Any


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
