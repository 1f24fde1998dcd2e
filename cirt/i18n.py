"""Languages: which are offered, which way they run, and which one a request gets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import flask
import jinja2
from babel import Locale
from flask_babel import Babel, get_locale, gettext

from cirt.errors import DomainError


@dataclass(frozen=True)
class Language:
    """A language of the interface; `name` is in the language itself."""

    code: str
    name: str
    direction: str


# English first: a browser that accepts anything (`*`) gets the first of this list
LANGUAGES: tuple[Language, ...] = (
    Language("en", "English", "ltr"),
    Language("ar", "العربية", "rtl"),
)
CODES = tuple(language.code for language in LANGUAGES)

_EMBEDDINGS = re.compile("[\u202a-\u202e]")

_RUN = re.compile("[!-~]+")

LANGUAGE_COOKIE = "cirt_language"
THEME_COOKIE = "cirt_theme"
THEMES = ("auto", "light", "dark")


def direction_of(code: str) -> str:
    """Return "rtl" or "ltr" for a language code."""
    return "rtl" if Locale.parse(code).text_direction == "rtl" else "ltr"


def choose_language() -> str:
    """Return the language of this request: ?lang=, the cookie's, the person's, the browser's, the setting's."""
    if not flask.has_request_context():
        return "en"
    from flask_login import current_user

    asked = (
        flask.request.args.get("lang"),
        flask.request.cookies.get(LANGUAGE_COOKIE),
        getattr(current_user, "language", None),
        flask.request.accept_languages.best_match(CODES)
        if flask.request.accept_languages
        else None,
        flask.current_app.extensions["cirt"].settings.language,
    )
    return next((code for code in asked if code in CODES), "en")


def current_language() -> str:
    """Return the language code of what is being written now."""
    locale = get_locale()
    return str(locale.language) if locale else "en"


def sentence(error: DomainError) -> str:
    """Return an error's sentence in the language of this request."""
    translated = gettext(error.message)
    return translated % _in_order(error.params) if error.params else translated


def kept_sentence(message: str, params: Mapping[str, Any]) -> str:
    """Return a sentence that was kept as a message id and its values, "" where none was kept."""
    if not message:
        return ""
    return gettext(message) % params if params else gettext(message)


def codes_apart(text: str) -> Iterator[tuple[str, bool]]:
    """Return the pieces of a sentence, each with whether it is an address or part of an identifier.

    These must be isolated: between right-to-left words “https://a.example/b/” would show its last
    slash in front, since no letter holds its edge in its place (UAX #9).
    """
    end = 0
    for found in _RUN.finditer(text):
        run = found[0].lstrip("(\"'")
        start = found.end() - len(run)
        run = run.rstrip(")\"'.,;:!?")
        if "://" in run or (run[:1].isalnum() and run[-1] in "/-_"):
            if start > end:
                yield text[end:start], False
            yield run, True
            end = start + len(run)
    if text[end:]:
        yield text[end:], False


def _in_order(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for a sentence without marks that would turn the rest of it round (UAX #9)."""
    return {
        name: _EMBEDDINGS.sub("", value)
        if type(value) is str and _EMBEDDINGS.search(value)
        else value
        for name, value in params.items()
    }


def init_app(app: flask.Flask) -> None:
    """Attach the catalogues to the application."""
    app.config["BABEL_DEFAULT_LOCALE"] = "en"
    app.config["BABEL_DEFAULT_TIMEZONE"] = "UTC"
    Babel(app, locale_selector=choose_language, default_domain="messages")
    in_template: Any = app.jinja_env.globals["gettext"]

    @jinja2.pass_context
    def in_order(context: jinja2.runtime.Context, message: str, /, **params: Any) -> Any:
        return in_template(context, message, **_in_order(params))

    app.jinja_env.globals["gettext"] = in_order
    app.jinja_env.filters["codes_apart"] = codes_apart
