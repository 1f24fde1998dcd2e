"""`cirt check`: is this installation fit for production? One line a point, a reason where not."""

import argparse
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa

from cirt.cli import erasures
from cirt.db import Database, open_database
from cirt.errors import DomainError
from cirt.operations import audit_check, points
from cirt.operations.points import Found, Point, Problem
from cirt.settings import Settings, read_settings


def add_commands(commands: Any) -> None:
    """Add the command to the grammar."""
    check = commands.add_parser(
        "check",
        help="check settings, keys, clock, disk, tables, audit chains, backups, work and more",
    )
    check.add_argument("--json", action="store_true", help="print one JSON document, for machines")
    check.add_argument(
        "--full", action="store_true", help="look at every audit entry, not only at new ones"
    )
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    settings = read_settings()
    found = problems(settings, open_database(settings), full=options.full)
    if options.json:
        listed = [{"point": name, "ok": not problem, "problem": problem} for name, problem in found]
        failed = sum(not one["ok"] for one in listed)
        print(json.dumps({"fit": not failed, "points": listed}, indent=2))
        return 1 if failed else 0
    failed = 0
    for name, problem in found:
        failed += problem is not None
        print(
            f"{'ok     ' if problem is None else 'PROBLEM'} {name}{'' if problem is None else ': ' + problem}"
        )
    print("Fit for production." if not failed else f"Not fit for production: {failed} problem(s).")
    return 1 if failed else 0


def problems(
    settings: Settings, database: Database, *, full: bool = False
) -> Iterator[tuple[str, str | None]]:
    """Yield (point, what is wrong and the remedy; None where it is right)."""
    ours: tuple[tuple[str, Point], ...] = (
        ("audit chain", partial(audit_check.chains, full=full)),
        ("erasures", _erasures),
        ("instruments", _instruments),
    )
    for name, problem in points.found_at((*points.QUICK, *points.SLOW, *ours), settings, database):
        yield name, None if problem is None else str(problem)


def _erasures(settings: Settings, database: Database) -> Found:
    found = erasures.problem(settings, database)
    return Problem("%(found)s", {"found": found}) if found else None


def _instruments(settings: Settings, database: Database) -> Found:
    # the other points do without the readiness half, and start faster
    from cirt.assessments.instruments import instruments, load_instrument
    from cirt.assessments.instruments.places import use_data_folder
    from cirt.assessments.models import Assessment

    use_data_folder(settings.data_dir)
    for each in instruments():
        try:
            load_instrument(each.id, each.version)
        except DomainError as error:
            return Problem("%(error)s", {"error": str(error)})
    present = {(each.id, each.version) for each in instruments()}
    with database.reading() as session:
        used = session.execute(
            sa.select(Assessment.instrument_id, Assessment.instrument_version).distinct()
        )
        missing = [" ".join(row) for row in used if tuple(row) not in present]
    if missing:
        names = ", ".join(sorted(missing))
        return Problem(
            "assessments rest on %(names)s, not installed here: put it back", {"names": names}
        )
    return None
