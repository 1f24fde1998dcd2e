"""The log: a line each for people or a JSON document each for machines, never with content.

A fault is told by its type and the places it went through. What it says itself is left out: the
words of an error often quote what somebody typed. Of libraries' own messages only the template is
kept, without the values put into it.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from cirt.errors import DomainError

DEEPEST: Final = 40
_OURS: Final = ("cirt", "_granian", "granian")

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def message_of(record: logging.LogRecord) -> str:
    """Return what a record says; of a library's only what its program says."""
    return record.getMessage() if record.name.split(".")[0] in _OURS else str(record.msg)[:200]


def fault_of(info: ExcInfo) -> list[dict[str, Any]]:
    """Return an error and what caused it, each with its type and the places it went through."""
    found: list[dict[str, Any]] = []
    error = info[1]
    while error is not None and len(found) < 5:
        places, traceback = [], error.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            places.append(f"{_short(code.co_filename)}:{traceback.tb_lineno} {code.co_name}")
            traceback = traceback.tb_next
        one: dict[str, Any] = {"type": type(error).__qualname__, "places": places[-DEEPEST:]}
        if isinstance(error, DomainError):
            one["message"] = error.message  # a constant of the program, without its parameters
        found.append(one)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def _short(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    return "/".join(parts[-3:])


class TextFormatter(logging.Formatter):
    """A line for people; a fault takes the lines below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        line = f"{moment}Z {record.levelname} {record.name} {message_of(record)}"
        fields = getattr(record, "fields", None)
        if fields:
            line += "".join(f" {name}={value}" for name, value in fields.items())
        for fault in fault_of(record.exc_info) if record.exc_info else ():
            line += f"\n  {fault['type']} {fault.get('message', '')}".rstrip()
            line += "".join(f"\n    {place}" for place in fault["places"])
        return line


class JsonFormatter(logging.Formatter):
    """One JSON document a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the document."""
        document: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            **(getattr(record, "fields", None) or {}),
        }
        if record.exc_info:
            document["faults"] = fault_of(record.exc_info)
        return json.dumps(document, ensure_ascii=False)


def _formatter(form: str) -> type[logging.Formatter]:
    return JsonFormatter if form == "json" else TextFormatter


def set_up(form: str) -> None:
    """Write the log of this process to standard error in a form, text or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(form)())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it says more than it has to


class WithoutAdvice(logging.Filter):
    """Leaves out the server's advice on threads: here they wait for the database most of the time."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is kept."""
        return not record.getMessage().startswith("Configuration allows spawning up to")


def of_server(form: str) -> dict[str, Any]:
    """Return how granian writes its own lines: as `set_up` writes ours, in each of its processes."""
    return {
        "filters": {"advice": {"()": WithoutAdvice}},
        "formatters": {"ours": {"()": _formatter(form)}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "ours",
                "filters": ["advice"],
            }
        },
        "loggers": {"_granian": {"handlers": ["console"], "propagate": False}},
    }
