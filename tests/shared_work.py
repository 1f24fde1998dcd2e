"""What the applications of one test process need not do again: the same for each of them.

Every test has an application and a database of its own. Addresses, statements and templates are
compiled once, as in a server process that answers many requests.
"""

from collections.abc import Callable
from typing import Any

import flask
import jinja2
from sqlalchemy.engine import Dialect, Engine
from werkzeug.routing import Rule

from cirt import db


def compile_addresses_once() -> None:
    """Let equal rules of all applications share what matches and builds their addresses."""
    compile_rule = Rule.compile
    kept: dict[Any, Rule] = {}

    def compiled(rule: Rule) -> None:
        assert rule.map is not None and not rule.map.host_matching
        key = (rule.rule, rule.subdomain, rule.merge_slashes, repr(rule.defaults))
        if key not in kept:
            compile_rule(rule)
            kept[key] = rule
            return
        first = kept[key]
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments = first.arguments
        for name in ("_build", "_build_unknown"):
            setattr(rule, name, getattr(first, name).__func__.__get__(rule))

    Rule.compile = compiled  # type: ignore[method-assign]


def compile_statements_once() -> None:
    """Let all databases of one kind share the statements that were compiled for one of them."""
    for name in ("sqlite_engine", "postgresql_engine"):
        setattr(db, name, _sharing(getattr(db, name)))


def _sharing(make: Callable[..., Engine]) -> Callable[..., Engine]:
    kept: list[tuple[Dialect, Any]] = []

    def made(*arguments: Any) -> Engine:
        engine = make(*arguments)
        if kept and kept[0][0].server_version_info is not None:
            engine.dialect.initialize = lambda _connection: None  # the shared one knows its server
            engine.dialect, engine._compiled_cache = kept[0]
            engine.pool._dialect = engine.dialect
        else:
            engine._compiled_cache.capacity = 5000
            kept[:] = [(engine.dialect, engine._compiled_cache)]
        return engine

    return made


_templates: list[jinja2.Environment] = []


def load_templates_once(application: flask.Flask) -> None:
    """Let all applications share the templates that one of them loaded."""
    if not _templates:
        _templates.append(application.jinja_env)
    application.jinja_env = _templates[0]
