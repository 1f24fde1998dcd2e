"""The product behind Debian's nginx with the shipped configuration: two workers, PostgreSQL."""

import gzip
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from cirt import migrations
from cirt.accounts.models import LoginSession
from cirt.datafiles import data_path
from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.settings import read_settings
from cirt.stix.taxii_protocol import MAX_CONTENT_LENGTH
from tests import postgresql, sharing
from tests.conftest import PASSWORD, Cast, store_cast
from tests.exchange.machine_objects import indicator
from tests.server import Server, free_port

pytestmark = pytest.mark.postgresql

TAXII = "application/taxii+json;version=2.1"

AROUND = """
{user} daemon off; master_process on; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/cirt.conf;
}}
"""


@dataclass
class Front:
    """The installation as the world sees it."""

    https: int
    http: int
    folder: Path
    product: Server
    database: Database
    cast: Cast
    circle: uuid.UUID

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Send one request by TLS from an address of this machine."""
        trust = ssl.create_default_context(cafile=str(self.folder / "cirt.pem"))
        client = http.client.HTTPSConnection(
            "localhost", self.https, context=trust, timeout=30, source_address=(source, 0)
        )
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            client.request(
                method, path, body, sent, encode_chunked=sent.get("Transfer-Encoding") is not None
            )
            answer = client.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            client.close()

    @property
    def token(self) -> str:
        """The header by which XA's machine signs in."""
        return f"Bearer {self.cast.tokens['XA']}"


def _nginx() -> str:
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(found).exists():
        pytest.fail("nginx is absent: `make test-deps` installs it")
    return found


def _configuration(folder: Path, http_port: int, https_port: int, product: int) -> None:
    """Write the shipped file with what it says may be replaced, and other ports."""
    text = data_path("nginx", "cirt.conf").read_text(encoding="utf-8")
    for was, now in (
        ("https://cirt.example", f"https://localhost:{https_port}"),
        ("cirt.example", "localhost"),
        ("/etc/ssl/cirt.pem", f"{folder}/cirt.pem"),
        ("/etc/ssl/cirt.key", f"{folder}/cirt.key"),
        ("127.0.0.1:8000", f"127.0.0.1:{product}"),
        ("/var/log/nginx/cirt.log", f"{folder}/access.log"),
        ("listen 80;", f"listen 127.0.0.1:{http_port};"),
        ("listen [::]:80;", ""),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{https_port} ssl http2;"),
        ("listen [::]:443 ssl http2;", ""),
    ):
        assert was in text
        text = text.replace(was, now)
    # else its processes are nobody's, who may not enter pytest's folder
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "cirt.conf").write_text(text, encoding="utf-8")
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -keyout cirt.key -out cirt.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(command.split(), check=True, capture_output=True, cwd=folder)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None) -> Iterator[Front]:
    """Two workers behind nginx."""
    folder = tmp_path_factory.mktemp("nginx")
    for url in postgresql.fresh_database(empty=True):
        database = Database(url, parts=postgresql.PARTS)
        migrations.upgrade(database)
        settings = read_settings({}, data_dir=folder / "data", database_url=url)
        cast = store_cast(database, settings)
        circle = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
        sharing.give_standing_approval(database, cast, circle)
        http_port, https_port, port = free_port(), free_port(), free_port()
        more = {
            "CIRT_WORKERS": "2",
            "CIRT_THREADS": "4",
            "CIRT_PROXIES": "1",
            "CIRT_PUBLIC_URL": f"https://localhost:{https_port}",
        }
        product = Server(folder / "data", port, ("serve",), url, more)
        _configuration(folder, http_port, https_port, port)
        product.start()
        nginx = subprocess.Popen([_nginx(), "-p", str(folder), "-c", f"{folder}/nginx.conf"])
        found = Front(https_port, http_port, folder, product, database, cast, circle)
        try:
            _wait(found)
            yield found
        finally:
            nginx.terminate()
            nginx.wait(20)
            product.kill()
            database.dispose()


def _wait(front: Front) -> None:
    for _ in range(100):
        try:
            if front.ask("GET", "/health/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError((front.folder / "error.log").read_text())


def test_pages_sign_in_and_the_client_s_address(front: Front) -> None:
    """The address is the one nginx saw, whatever the client says about it."""
    status, headers, body = front.ask("GET", "/sign-in", source="127.0.0.7")
    assert status == 200
    assert "max-age" in headers["Strict-Transport-Security"]
    assert headers["Cache-Control"] == "no-store"
    assert "nginx/" not in headers.get("Server", "")
    assert "Content-Encoding" not in headers
    cookie = headers["Set-Cookie"].split(";", 1)[0]
    [token] = re.findall(rb'name="csrf_token" value="([^"]+)"', body)[:1]
    form = {"csrf_token": token.decode(), "username": "nadia", "password": PASSWORD}
    status, headers, _body = front.ask(
        "POST",
        "/sign-in",
        urlencode(form),
        source="127.0.0.7",
        Cookie=cookie,
        Content_Type="application/x-www-form-urlencoded",
        Referer=f"https://localhost:{front.https}/sign-in",
        X_Forwarded_For="203.0.113.9",
        Forwarded="for=203.0.113.9",
    )
    assert status == 302, _body
    with front.database.reading() as session:
        assert set(session.scalars(sa.select(LoginSession.address))) == {"127.0.0.7"}
    lines = (front.folder / "access.log").read_text().splitlines()
    assert any(line.startswith("127.0.0.7 ") and '"POST /sign-in ' in line for line in lines)
    assert "203.0.113.9" not in "".join(lines)
    front.ask("GET", "/welcome/hush-hush?q=hush-hush")
    assert "hush-hush" not in (front.folder / "access.log").read_text()


def test_taxii_through_the_proxy(front: Front) -> None:
    """Envelopes as they come, in chunks and compressed; then the page that holds them all."""
    url = f"/exchange/collections/{front.circle}/objects/"
    sent = [indicator() for _ in range(3)]
    plain, chunked, packed = ({"objects": [one]} for one in sent)
    how = {"Authorization": front.token, "Accept": TAXII, "Content-Type": TAXII}
    for body, more in (
        (json.dumps(plain).encode(), {}),
        (iter([json.dumps(chunked).encode()]), {"Transfer-Encoding": "chunked"}),
        (gzip.compress(json.dumps(packed).encode()), {"Content-Encoding": "gzip"}),
    ):
        status, headers, text = front.ask("POST", url, body, **how, **more)
        assert status == 202, text
        assert json.loads(text)["success_count"] == 1, text
    for _ in range(6):  # whichever worker answers
        status, headers, text = front.ask("GET", url, Authorization=front.token, Accept=TAXII)
        assert (status, headers["Content-Type"]) == (200, TAXII)
        assert [one["id"] for one in json.loads(text)["objects"]] == [one["id"] for one in sent]


def test_too_large_a_body_is_refused_in_taxii_s_form(front: Front) -> None:
    """TAXII 2.1, 4.2 and 5.5: 413 above max_content_length, by the product or before it."""
    url = f"/exchange/collections/{front.circle}/objects/"
    for size in (MAX_CONTENT_LENGTH + 1, MAX_CONTENT_LENGTH + 5_000_000):
        status, headers, body = front.ask(
            "POST",
            url,
            b" " * size,
            Authorization=front.token,
            Accept=TAXII,
            Content_Type=TAXII,
        )
        assert (status, headers["Content-Type"]) == (413, TAXII)
        assert json.loads(body)["http_status"] == "413"


def test_http_leads_to_https_and_old_tls_is_refused(front: Front) -> None:
    """TAXII 2.1, 8.2.2: TLS 1.2 at least."""
    client = http.client.HTTPConnection("127.0.0.1", front.http)
    client.request("POST", "/taxii2/?a=b", headers={"Host": "elsewhere.example"})
    answer = client.getresponse()
    assert (answer.status, answer.getheader("Location")) == (
        308,
        f"https://localhost:{front.https}/taxii2/?a=b",
    )
    client.close()
    spoken = subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{front.https}",
            "-servername",
            "localhost",
            "-alpn",
            "h2",
        ],
        input="",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    ).stdout
    assert "ALPN protocol: h2" in spoken
    assert "TLSv1.3" in spoken
    old = subprocess.run(
        [
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{front.https}",
            "-tls1_1",
            "-cipher",
            "ALL:@SECLEVEL=0",
        ],
        input="",
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert "Cipher is (NONE)" in old.stdout


def test_both_workers_serve_and_come_back_when_killed(front: Front) -> None:
    """One worker killed: the other goes on, and a new one takes its place."""
    assert front.product.process is not None
    workers = _children(front.product.process.pid)
    assert len(workers) >= 2
    subprocess.run(["kill", "-9", str(workers[0])], check=True)
    statuses = {front.ask("GET", "/sign-in")[0] for _ in range(10)}
    assert statuses == {200}
    assert front.ask("GET", "/health/live")[0] == 200


def test_tries_to_sign_in_are_limited_by_address(front: Front) -> None:
    """Many posts at once from one address: 429; another address goes on, and pages do."""
    posts = [front.ask("POST", "/sign-in", "", source="127.0.0.8") for _ in range(24)]
    assert posts[0][0] != 429
    refused = [one for one in posts if one[0] == 429]
    assert refused
    assert refused[0][1]["Retry-After"] == "60"
    assert front.ask("GET", "/sign-in", source="127.0.0.8")[0] == 200
    assert front.ask("POST", "/sign-in", "", source="127.0.0.9")[0] != 429


def test_health_is_for_the_machine_itself(front: Front) -> None:
    """Nobody else learns how it fares."""
    assert front.ask("GET", "/health/ready", source="127.0.0.1")[0] == 200
    assert front.ask("GET", "/health/ready", source="127.0.0.7")[0] == 403


def test_when_the_product_is_down_each_client_is_told_in_its_own_form(front: Front) -> None:
    """Last of all: a neutral 503 with Retry-After, which TAXII clients can read."""
    front.product.kill()
    for path, kind in (
        ("/taxii2/", TAXII),
        ("/api/v1/incidents", "application/problem+json"),
        ("/", "text/html; charset=utf-8"),
    ):
        status, headers, body = front.ask("GET", path)
        assert (status, headers["Content-Type"]) == (503, kind)
        assert headers["Retry-After"] == "30"
        assert b"nginx" not in body


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(one) for one in found.split()]
