"""`cirt instrument`: questionnaires as files: list, check, compare, install, export, import, upgrade."""

import argparse
import sys
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cirt import migrations
from cirt.app import open_installation
from cirt.assessments.instruments import (
    InstalledInstrument,
    Instrument,
    instruments,
    load_instrument,
    read_instrument_folder,
    translation_report,
)
from cirt.assessments.instruments.comparison import PART_NAMES, Difference, Fate, compare
from cirt.assessments.instruments.coverage import coverage
from cirt.assessments.instruments.installing import (
    another_content,
    differing,
    install_folder,
)
from cirt.assessments.instruments.provisions import merged_provisions
from cirt.assessments.instruments.references import provisions
from cirt.assessments.instruments.upgrade import ANSWER_FATES, AnswerFate, Upgrade
from cirt.assessments.instruments.upgrading import change_version, planned
from cirt.assessments.instruments.workbook import workbook
from cirt.assessments.instruments.workbook_reading import read_workbook
from cirt.assessments.instruments.writing import write_folder
from cirt.assessments.models import Assessment
from cirt.errors import N_, ConflictError, DomainError, InvalidInputError, NotFoundError
from cirt.settings import Settings, read_settings
from cirt.web import Installation


def add_commands(commands: Any) -> None:
    """Add the commands to the grammar."""
    top = commands.add_parser(
        "instrument", help="list, check, compare, install and exchange questionnaires"
    )
    which = top.add_subparsers(dest="which", required=True, metavar="what")
    listed = which.add_parser("list", help="list the installed instruments and their languages")
    listed.set_defaults(run=_in_installation(_list))
    show = which.add_parser("show", help="show one instrument: questions, languages, coverage")
    show.add_argument("id")
    show.add_argument("version", nargs="?", help="the newest where it is not given")
    show.set_defaults(run=_in_installation(_show))
    check = which.add_parser("check", help="check the files of an instrument in a folder")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=_check)
    two = which.add_parser("compare", help="say what differs between two versions")
    two.add_argument("id")
    two.add_argument("before")
    two.add_argument("after")
    two.set_defaults(run=_in_installation(_compare))
    install = which.add_parser("install", help="install an instrument from a folder")
    install.add_argument("folder", type=Path)
    install.set_defaults(run=_in_installation(_install))
    export = which.add_parser("export", help="write an instrument into a workbook (XLSX)")
    export.add_argument("id")
    export.add_argument("version")
    export.add_argument("file", type=Path)
    export.add_argument(
        "--right-to-left", action="store_true", help="columns run from the right, for Arabic"
    )
    export.set_defaults(run=_in_installation(_export))
    bring = which.add_parser("import", help="install an instrument from a workbook (XLSX)")
    bring.add_argument("file", type=Path)
    bring.add_argument("--to", type=Path, help="write its files into this folder instead")
    bring.set_defaults(run=_in_installation(_import))
    move = which.add_parser("upgrade", help="move an assessment to another version")
    move.add_argument(
        "--assessment", required=True, type=uuid.UUID, help="its id, as in its address"
    )
    move.add_argument("--to", required=True, help="the version, such as 2.0.0")
    move.add_argument("--yes", action="store_true", help="do not ask")
    move.set_defaults(run=_in_installation(_upgrade))


def _in_installation(
    command: Callable[[argparse.Namespace, Installation], int | None],
) -> Callable[[argparse.Namespace], int | None]:
    """Open the installation for one command: its data folder holds instruments too."""

    def run(options: argparse.Namespace) -> int | None:
        opened = open_installation(read_settings())
        try:
            return command(options, opened)
        finally:
            opened.database.dispose()

    return run


def _list(_options: argparse.Namespace, _opened: Installation) -> int:
    failed = 0
    for each in instruments():
        origin = "product" if each.shipped else "installed"
        try:
            one = load_instrument(each.id, each.version)
        except DomainError as error:  # the others are listed all the same
            failed += 1
            print(f"{each.id:20} {each.version:10} {origin:10} {error}")
            continue
        languages = ", ".join(one.languages)
        print(
            f"{each.id:20} {each.version:10} {origin:10} {len(one.questions):4} questions"
            f"   {languages:12} {one.title}"
        )
    return 1 if failed else 0


def _show(options: argparse.Namespace, opened: Installation) -> None:
    one = load_instrument(options.id, options.version or _newest(options.id).version)
    _describe(one)
    for dimension in one.dimensions:
        print(f"\n{dimension.id} {dimension.title}")
        for question in dimension.questions:
            print(f"  {question.id:12} {question.text}")
    print("\nserves")
    registry = provisions()
    if migrations.is_current(opened.database):  # else there are no corrections yet
        with opened.database.reading() as session:
            registry = merged_provisions(session)
    found = coverage(one, registry)
    for part in found.parts:
        missing = ", ".join(each.id for each in part.missing)
        print(
            f"  {part.name or part.title}: {part.served} of {len(part.items)}"
            f"{f'; not: {missing}' if missing else ''}"
        )


def _newest(instrument_id: str) -> InstalledInstrument:
    found = [each for each in instruments() if each.id == instrument_id]
    if not found:
        raise NotFoundError(N_("The instrument %(id)s is not installed here."), id=instrument_id)
    return found[-1]


def _describe(one: Instrument) -> None:
    steps = sum(1 for question in one.questions for step in question.steps if step.text)
    print(f"{one.title}, {one.id} {one.version}")
    print(
        f"{len(one.dimensions)} dimensions, {len(one.questions)} questions, levels 0 to {one.top},"
        f" {steps} steps; SHA-256 {one.digest}"
    )
    for report in translation_report(one):
        if report.language in one.languages:
            print(
                f"language {report.language}: {report.sentences} sentences,"
                f" {len(report.missing)} missing, {len(report.stale)} out of date,"
                f" {len(report.draft)} drafts"
            )
    for warning in one.warnings:
        print(f"warning: {warning}")


def _check(options: argparse.Namespace) -> None:
    _describe(_read(options.folder))
    print("The files are right.")


def _read(folder: Path) -> Instrument:
    if not (folder / "model.yml").is_file():
        raise InvalidInputError(
            N_("%(folder)s holds no instrument: there is no model.yml in it."), folder=folder
        )
    return read_instrument_folder(folder)


def _compare(options: argparse.Namespace, _opened: Installation) -> None:
    found = compare(
        load_instrument(options.id, options.before), load_instrument(options.id, options.after)
    )
    for difference in found.general:
        print(f"instrument: {_line(difference)}")
    for change in (*found.dimensions, *found.questions):
        if change.fate is Fate.KEPT:
            continue
        meaning = "; answers are marked for review" if change.touches_meaning else ""
        print(f"{change.id}: {change.fate.value}{meaning}")
        for difference in change.differences:
            print(f"  {_line(difference)}")
    counts = ", ".join(f"{len(found.of(fate))} {fate.value}" for fate in Fate)
    print(f"questions: {counts}")


def _line(difference: Difference) -> str:
    name = PART_NAMES[difference.part] % {"detail": difference.detail}
    return f"{name}: {difference.before or '–'} → {difference.after or '–'}"


def _install(options: argparse.Namespace, opened: Installation) -> None:
    settings = opened.settings
    _put(settings, _read(options.folder), options.folder)


def _put(settings: Settings, one: Instrument, source: Path) -> None:
    present = next(
        (each for each in instruments() if (each.id, each.version) == (one.id, one.version)), None
    )
    if present is not None and _same(load_instrument(one.id, one.version), one):
        print(f"{one.id} {one.version} is installed already, with the same content.")
        return
    if present is not None:
        different = differing(source, present.folder)
        raise another_content(present.folder, different)
    target = settings.data_dir / "instruments" / one.id / one.version
    install_folder(source, target)
    print(f"{one.id} {one.version} is installed in {target}.")


def _same(one: Instrument, other: Instrument) -> bool:
    """Whether two instruments say the same, however their files are laid out."""
    plain = {"digest": "", "warnings": ()}
    return replace(one, **plain) == replace(other, **plain)  # type: ignore[arg-type]


def _export(options: argparse.Namespace, _opened: Installation) -> None:
    one = load_instrument(options.id, options.version)
    data = workbook(one, right_to_left=options.right_to_left)
    try:
        with options.file.open("xb") as file:
            file.write(data)
    except FileExistsError as error:
        raise ConflictError(
            N_("%(file)s is there already. Choose another name."), file=options.file
        ) from error
    print(f"{options.file}: {one.id} {one.version}, {len(data)} bytes")


def _import(options: argparse.Namespace, opened: Installation) -> None:
    settings = opened.settings
    one = read_workbook(options.file.read_bytes())
    if options.to is None:
        with tempfile.TemporaryDirectory(prefix="cirt-") as folder:
            write_folder(one, Path(folder))
            _put(settings, one, Path(folder))
    else:
        if options.to.exists() and any(options.to.iterdir()):
            raise ConflictError(
                N_("%(folder)s is not empty. Choose another folder."), folder=options.to
            )
        write_folder(one, options.to)
        print(f"{options.to}: {one.id} {one.version}")
    _describe(one)


def _upgrade(options: argparse.Namespace, opened: Installation) -> int:
    with opened.database.reading() as session:
        _tell(planned(session, _assessment(session, options.assessment), options.to))
    if not options.yes:
        if not sys.stdin.isatty():
            raise InvalidInputError(N_("Nothing was changed. Add --yes to do it."))
        if input("Do it? Type yes: ").strip() != "yes":
            print("Nothing was changed.")
            return 1
    with opened.database.writing() as session:
        change_version(session, None, _assessment(session, options.assessment), options.to)
    print(f"The assessment is at version {options.to} now.")
    return 0


def _assessment(session: Session, key: uuid.UUID) -> Assessment:
    row = session.get(Assessment, key)
    if row is None:
        raise NotFoundError(N_("There is no assessment %(id)s."), id=key)
    return row


def _tell(plan: Upgrade) -> None:
    before, after = plan.comparison.before, plan.comparison.after
    print(f"{before.id}: {before.version} → {after.version}")
    for fate in AnswerFate:
        found = plan.of(fate)
        ids = ", ".join(each.question_id for each in found)
        print(f"{len(found):4} answers. {ANSWER_FATES[fate]}{f' ({ids})' if ids else ''}")
    print(f"{len(plan.new):4} new questions without an answer")
