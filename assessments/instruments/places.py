"""Where instruments and profiles lie: in the product, and in the data folder of the installation."""

from collections.abc import Callable
from pathlib import Path

from cirt.datafiles import data_path

_of_process: list[Path] = []  # at most one: the data folder opened last
_questions: list[Callable[[], Path | None]] = []


def use_data_folder(folder: Path | None) -> None:
    """Look in this data folder too, from now on; None: only at what the product brings."""
    _of_process[:] = [] if folder is None else [folder]


def ask_for_data_folder(question: Callable[[], Path | None]) -> None:
    """Ask this first, each time, whose data folder counts; its None means the process's own.

    So several applications in one process each see their own.
    """
    _questions[:] = [question]


def data_folder() -> Path | None:
    """Return the data folder that counts now; None where no installation was opened."""
    for question in _questions:
        found = question()
        if found is not None:
            return found
    return _of_process[0] if _of_process else None


def folders(kind: str) -> tuple[Path, ...]:
    """Return the folders of a kind ("instruments", "profiles"), the product's own first.

    A folder need not exist.
    """
    folder = data_folder()
    return (data_path(kind), *(() if folder is None else (folder / kind,)))
