"""Security headers of every answer."""

import flask

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def add_headers(response: flask.Response) -> flask.Response:
    """Add what a browser needs to keep pages apart from hostile content and from caches."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    # an error page at a static file's address is a page like any other
    if flask.request.endpoint == "static" and response.status_code in (200, 206, 304):
        if "v" in flask.request.args:  # the address carries a hash of the content
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Authorization", "Accept", "Accept-Language"))
    if flask.current_app.extensions["cirt"].settings.secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
