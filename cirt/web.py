"""One request: its session, its actor, its end. Load, allow, act, answer happens in between."""

import hashlib
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import flask
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from cirt import access, conflicts, errorpages, headers, i18n, routing
from cirt.access import Actor
from cirt.accounts import signing
from cirt.db import Database
from cirt.errors import N_, ForbiddenError
from cirt.files import FileStore
from cirt.person import Person, ShownPerson
from cirt.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

csrf = CSRFProtect()
login_manager = LoginManager()


@dataclass(frozen=True)
class Installation:
    """What every view may need of this installation: `app.extensions["cirt"]`."""

    settings: Settings
    database: Database
    files: FileStore


class Application(flask.Flask):
    """The application; a request's transaction is committed as the last step of its view.

    So what fails in the commit is answered like what fails in the view.
    """

    def dispatch_request(self) -> flask.Response:
        """Answer the request, then commit what it wrote.

        A machine's request that met another one is done again, from its first statement.
        """
        return conflicts.again(
            self._dispatch, unless=lambda: "machine" not in flask.g, undo=lambda: _close(None)
        )

    def _dispatch(self) -> flask.Response:
        response = self.make_response(super().dispatch_request())
        session: Session | None = flask.g.get("db_session")
        if session is not None and flask.request.method not in SAFE_METHODS:
            if flask.g.get("failed"):
                session.rollback()
            else:
                session.commit()
        return response

    def log_exception(self, exc_info: Any) -> None:
        """Log a fault without the address: it may hold a link's secret."""
        self.logger.error("fault in request %s", flask.g.get("request_id"), exc_info=exc_info)


def installation() -> Installation:
    """Return the installation that serves this request."""
    found: Installation = flask.current_app.extensions["cirt"]
    return found


def db_session() -> Session:
    """Return this request's database session: reading for GET, one writing transaction else."""
    if "db_session" not in flask.g:
        database = installation().database
        safe = flask.request.method in SAFE_METHODS
        flask.g.db_session = database.reading_session() if safe else database.writing_session()
    session: Session = flask.g.db_session
    return session


def actor() -> Actor:
    """Return who acts in this request; raises ForbiddenError when nobody signed in."""
    if "machine" in flask.g:
        machine: Actor = flask.g.machine
        return machine
    if not current_user.is_authenticated:
        raise ForbiddenError(N_("Sign in first."))
    person: Person = current_user
    return person.actor


def current_person() -> Person:
    """Return the signed-in person of this request."""
    person: Person = current_user._get_current_object()
    return person


def client_address() -> str:
    """Return the network address of the client."""
    return flask.request.remote_addr or ""


def wants_json() -> bool:
    """Return whether the answer goes to a script: errors are then JSON."""
    best = flask.request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def _load_person(token: object) -> Person | None:
    if not isinstance(token, str):
        return None
    # apart from the request's own session: who is refused must not hold a write lock, and the
    # page that says so must not need the database
    with installation().database.reading() as session:
        row = signing.session_of(session, token, settings=installation().settings)
        return Person(row, token) if row else None


def _begin() -> None:
    flask.g.request_id = uuid.uuid4().hex[:12]
    endpoint = flask.request.endpoint
    if endpoint is None or endpoint == "static":
        return
    opening = routing.opening_of(flask.current_app, endpoint)
    if opening is None:
        flask.abort(404)  # cannot start, see check_openings
    flask.g.for_machines = opening.audience == routing.MACHINE
    if opening.audience in (routing.MACHINE, routing.PUBLIC):
        return  # machines: the blueprint's own sign-in
    if not current_user.is_authenticated:
        raise errorpages.SignInNeededError
    _touch()
    if opening.action is not None:
        decision = access.role_allows(actor(), opening.action)
        if not decision:
            raise ForbiddenError(decision.reason)


def _touch() -> None:
    person = current_person()
    if not person.is_due_for_touch:
        return
    installation().database.note(
        "a session's last use", lambda session: signing.touch(session, person.session_id)
    )


def _end(response: flask.Response) -> flask.Response:
    asked = flask.request.args.get("lang")
    if (
        asked in i18n.CODES
        and flask.request.endpoint != "static"
        and not flask.g.get("for_machines")
    ):
        # a link to the page in another language: the next pages follow
        response.set_cookie(
            i18n.LANGUAGE_COOKIE,
            asked,
            max_age=365 * 86400,
            httponly=True,
            samesite="Lax",
            secure=installation().settings.secure,
        )
    response.headers["X-Request-Id"] = flask.g.get("request_id", "")
    return headers.add_headers(response)


def _close(_error: BaseException | None) -> None:
    session: Session | None = flask.g.pop("db_session", None)
    if session is not None:
        session.close()


@lru_cache(maxsize=256)
def _content_hash(path: Path, _changed: float) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """Return the address of a static file, with a hash of its content so it can be cached for good."""
    path = Path(str(flask.current_app.static_folder)) / name
    return flask.url_for("static", filename=name, v=_content_hash(path, path.stat().st_mtime))


def _template_context() -> dict[str, Any]:
    language = i18n.current_language()
    person = current_user if current_user and current_user.is_authenticated else None
    theme = person.user.theme if person else flask.request.cookies.get(i18n.THEME_COOKIE, "auto")
    return {
        "locale": language,
        "direction": i18n.direction_of(language),
        "languages": [
            {
                "code": one.code,
                "name": one.name,
                "direction": one.direction,
                "url": _same_page_in(one.code),
            }
            for one in i18n.LANGUAGES
        ],
        "theme": theme if theme in i18n.THEMES else "auto",
        "actor": ShownPerson(person, language) if person else None,
        "demonstration": installation().settings.is_demonstration,
        "request_id": flask.g.get("request_id", ""),
        "discovery_url": f"{installation().settings.url}/taxii2/",
        "static_url": static_url,
        "role_allows": _role_allows,
        "may": _may,
    }


def _role_allows(action: str) -> bool:
    return bool(current_user.is_authenticated and access.role_allows(actor(), action))


def _may(action: str, resource: Any) -> access.Decision:
    return access.allowed(db_session(), actor(), action, resource)


def _same_page_in(language: str) -> str:
    rule = flask.request.url_rule
    if rule is not None and "GET" not in (rule.methods or ()):
        return f"{flask.url_for('web.home')}?{urlencode({'lang': language})}"
    arguments = [one for one in flask.request.args.items(multi=True) if one[0] != "lang"]
    return f"{errorpages.here()}?{urlencode([*arguments, ('lang', language)])}"


def init_app(app: flask.Flask, the_installation: Installation) -> None:
    """Attach sessions, sign-in, error pages and headers to the application."""
    settings = the_installation.settings
    app.extensions["cirt"] = the_installation
    if settings.proxies:  # only the addresses that our own proxies added, from the right
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=0, x_host=0
        )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-cirt" if settings.secure else "cirt",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session it belongs to
        WTF_CSRF_SSL_STRICT=settings.secure,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.before_request(_begin)
    i18n.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None  # our own session rows hold what matters
    login_manager.user_loader(_load_person)
    csrf.init_app(app)
    errorpages.init_app(app)
    app.after_request(_end)
    app.teardown_request(_close)
    app.context_processor(_template_context)
