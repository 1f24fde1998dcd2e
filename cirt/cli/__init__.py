"""The `cirt` command line: one module a group of commands."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import sqlalchemy as sa

from cirt.cli import (
    archive,
    checking,
    demonstration,
    erasures,
    instruments,
    moving,
    people,
    presence,
    serving,
)
from cirt.db import cause_of
from cirt.errors import DomainError
from cirt.version import version


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar, as `cirt --help` prints it."""
    top = argparse.ArgumentParser(
        prog="cirt",
        description="Readiness assessment of national CIRTs, and incident coordination between them.",
    )
    top.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    for module in (
        serving,
        demonstration,
        people,
        instruments,
        archive,
        moving,
        erasures,
        checking,
    ):
        module.add_commands(commands)
    return top


class _Version(argparse.Action):
    """Says the version when it is asked for: no other command waits for that."""

    def __call__(self, parser: argparse.ArgumentParser, *_given: object) -> NoReturn:
        """Print the version and end."""
        print(f"cirt {version()}")
        parser.exit()


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 refused with a sentence, 2 wrong usage."""
    options = parser().parse_args(arguments)
    os.umask(0o077)  # database, keys, files and backups are for this account alone
    try:
        presence.refuse_absent(options)
        return int(options.run(options) or 0)
    except DomainError as error:
        sentence = str(error)
    except sa.exc.OperationalError as error:
        sentence = (
            f"the database does not answer ({cause_of(error)}):"
            " check CIRT_DATABASE_URL and CIRT_DATA_DIR, and that it runs and has room."
        )
    except OSError as error:
        sentence = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    except KeyboardInterrupt:
        return 130
    print(f"cirt: {sentence}", file=sys.stderr)
    return 1
