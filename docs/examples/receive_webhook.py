"""A receiver of webhooks: checks every message before it believes it. Standard library only.

    WEBHOOK_SECRET=whsec_… python receive_webhook.py 9000

It listens on 127.0.0.1; a proxy that speaks TLS stands in front and passes requests on. Replace
`act_on` by what your system does, such as asking the TAXII collection that a message names.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
LARGEST_BODY = 100_000


class NotOursError(ValueError):
    """The message is not signed by the secret, or is too old."""


def verified(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> dict:
    """Return the message, once its signature and its time are right; else raise NotOursError.

    headers: with names in small letters. now: seconds since 1970, as time.time() gives them.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise NotOursError("the time is missing or too far away")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # several while the secret is being changed; each begins with its version
    for signature in headers.get("webhook-signature", "").split():
        version, _comma, given = signature.partition(",")
        if version == "v1" and hmac.compare_digest(given.encode(), expected):
            return json.loads(body)
    raise NotOursError("no signature is right")


def act_on(message: dict) -> None:
    """Do what the message asks for; here it is shown."""
    sys.stdout.write(f"{message['type']} {message['data']}\n")
    sys.stdout.flush()


def receiver(secret: str, port: int, act: Callable[[dict], None] = act_on) -> ThreadingHTTPServer:
    """Return a server that takes messages, acts on each id once, and answers 204."""
    seen: set[str] = set()  # a real receiver keeps the ids of the last days on disk

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > LARGEST_BODY:
                return self._answer(413)
            body = self.rfile.read(int(length))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                message = verified(secret, headers, body, now=time.time())
            except NotOursError:
                return self._answer(401)
            if message["id"] not in seen:  # the same message may come again
                act(message)
                seen.add(message["id"])
            return self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    given = os.environ.get("WEBHOOK_SECRET", "")
    if not given.startswith("whsec_") or len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit(
            "Say what checks messages, and the port: WEBHOOK_SECRET=whsec_… python receive_webhook.py 9000"
        )
    receiver(given, int(sys.argv[1])).serve_forever()
