"""The `cirt` command line: one module a group of commands."""

import argparse
import sys
from collections.abc import Sequence

from cirt.cli import archive, checking, demonstration, people, serving
from cirt.errors import DomainError


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar, as `cirt --help` prints it."""
    top = argparse.ArgumentParser(
        prog="cirt",
        description="Readiness assessment of national CIRTs, and incident coordination between them.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    for module in (serving, demonstration, people, archive, checking):
        module.add_commands(commands)
    return top


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 refused with a sentence, 2 wrong usage."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except DomainError as error:
        print(f"cirt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
