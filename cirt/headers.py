"""Security headers of every answer."""

import flask

from cirt.settings import Settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MACHINE_CSP = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_DOCUMENTS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What means something only where a browser shows the answer as a page."""

_VARY = ("Cookie", "Authorization", "Accept", "Accept-Language")


def for_machines(settings: Settings) -> list[tuple[str, str]]:
    """Return the headers of a machine's answer that the web framework does not see, compressed or not."""
    found = {
        "Content-Security-Policy": _MACHINE_CSP,
        **_ALWAYS,
        "Cache-Control": "no-store",
        "Vary": ", ".join(("Accept-Encoding", *_VARY)),
    }
    return [*found.items(), *_transport(settings).items()]


def add_headers(response: flask.Response) -> flask.Response:
    """Add what a browser needs to keep pages apart from hostile content and from caches."""
    headers = response.headers
    machine = flask.g.get("for_machines", False)
    headers.setdefault("Content-Security-Policy", _MACHINE_CSP if machine else CSP)
    headers.update(_ALWAYS if machine else _ALWAYS | _DOCUMENTS)
    # an error page at a static file's address is a page like any other
    if flask.request.endpoint == "static" and response.status_code in (200, 206, 304):
        if "v" in flask.request.args:  # the address carries a hash of the content
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
        response.vary.update(_VARY)
    headers.update(_transport(flask.current_app.extensions["cirt"].settings))
    return response


def _transport(settings: Settings) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000"} if settings.secure else {}
