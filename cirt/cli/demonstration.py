"""`cirt demo`: a filled installation to look at, on this machine alone."""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from cirt.cli import serving
from cirt.errors import N_, SettingError
from cirt.settings import Settings, read_settings

FOLDER = "var/demo"
LOOPBACK = ("127.0.0.1", "localhost")


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
    demo = commands.add_parser(
        "demo",
        help="fill a folder of its own with a demonstration, print who may sign in, and serve",
    )
    demo.add_argument(
        "--no-serve", action="store_true", help="load and print only, without serving"
    )
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> None:
    settings = demonstration_settings(os.environ)
    if options.no_serve:
        _load(settings)
        return
    serving.refuse_busy_port(settings)
    # in a process of its own, so that the server does not carry along what loading took
    command = [sys.executable, "-m", "cirt", "demo", "--no-serve"]
    loaded = subprocess.run(command, check=False)  # noqa: S603 - our own command, no input in it
    if loaded.returncode:
        sys.exit(loaded.returncode)
    print("Stop with Ctrl+C.", flush=True)
    # the server's own processes read the settings again
    os.environ.update(CIRT_DATA_DIR=str(settings.data_dir), CIRT_DEMONSTRATION="yes")
    serving.serve(settings)


def _load(settings: Settings) -> None:
    # it brings both halves, which the other commands do without
    from cirt.cli.demonstration_folder import prepare

    for line in sheet(prepare(settings)):
        print(line)


def demonstration_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings with the demonstration's own defaults.

    Raises SettingError for an address that other machines could reach: the accounts have no
    second factor and their passwords stand in a file.
    """
    defaults = {} if "CIRT_DATA_DIR_FILE" in environment else {"CIRT_DATA_DIR": FOLDER}
    settings = read_settings({**defaults, **environment, "CIRT_DEMONSTRATION": "yes"})
    if settings.host not in LOOPBACK:
        raise SettingError(
            N_("%(name)s is %(value)s; the demonstration serves this machine alone: leave it out."),
            name="CIRT_HOST",
            value=repr(settings.host),
        )
    return settings


def sheet(credentials: Mapping[str, Any]) -> list[str]:
    """Return the lines that say who may sign in, and where."""
    rows = [("User", "Password", "Role", "Administration")]
    rows += [
        (one["username"], one["password"], ", ".join(one["roles"]), one["administration"])
        for one in credentials["users"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    machines = ", ".join(one["administration"] for one in credentials["taxii"])
    return [
        "",
        *lines,
        "",
        f"Tokens of machines of {machines}, for TAXII and for the REST API: see credentials.json in the"
        " data folder.",
        f"Address: {credentials['url']}",
    ]
