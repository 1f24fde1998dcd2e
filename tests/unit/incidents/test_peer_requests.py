"""Requests to peers: where they may go, whom they believe, what counts as an answer."""

import socket
import threading
import time
from pathlib import Path

import pytest

from cirt.errors import DomainError, InvalidInputError, SettingError
from cirt.incidents.peers import outbound, rules
from cirt.incidents.peers.outbound import Line, NoAnswerError, Reach, may_reach
from cirt.settings import read_settings
from cirt.stix import taxii_client
from tests.exchange.canned_peer import LAST, TAXII, Handler, answering, certificate

HERE = Reach(loopback=True)
PRIVATE = """127.0.0.1 127.9.9.9 ::1 0.0.0.0 :: 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1
169.254.169.254 100.100.100.200 192.0.0.192 224.0.0.1 240.0.0.1 255.255.255.255 fe80::1
fe80::1%eth0 fc00::1 fd00:ec2::254 fec0::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:169.254.169.254 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::
2002:a9fe:a9fe:: 2001:db8::1 2001:0:7f00:1::1 nonsense"""
DATE = "2026-01-01T00:00:00.000001Z"


def line(url: str, reach: Reach = HERE, **more: object) -> Line:
    return Line(rules.origin_of(url), reach, secret="the-token", **more)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_T37_private_addresses_are_not_reached(address: str) -> None:
    """T-37: loopback, private, link-local, metadata ranges; v4, v6, mapped and embedded."""
    assert not may_reach(address, Reach())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address, Reach())


def test_T37_a_listed_network_opens_itself_and_never_the_metadata_service() -> None:
    listed = read_settings(
        {"CIRT_PEER_NETWORKS": "10.20.0.0/16, 169.254.0.0/16,fd00::/8"},
        data_dir=Path("/nowhere"),
        secret_key="0" * 40,
    )
    reach = outbound.reach_of(listed)
    assert may_reach("10.20.3.4", reach) and may_reach("::ffff:10.20.3.4", reach)
    for address in ("10.21.0.1", "127.0.0.1", "169.254.169.254", "fd00:ec2::254"):
        assert not may_reach(address, reach), address
    with pytest.raises(SettingError, match="CIRT_PEER_NETWORKS"):
        read_settings({"CIRT_PEER_NETWORKS": "hub.example"}, data_dir=Path("/nowhere"))
    with pytest.raises(SettingError, match="CIRT_PEER_AUTHORITIES"):
        read_settings({"CIRT_PEER_AUTHORITIES": __file__}, data_dir=Path("/nowhere"))


def test_T37_a_name_with_one_bad_address_is_refused() -> None:
    """Nobody chooses among a name's addresses; and the one connected to was looked at."""
    ask = line("https://hub.example/c/", Reach(), resolve=lambda *_: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(NoAnswerError, match=r"127\.0\.0\.1"):
        taxii_client.get_page(ask, "https://hub.example/c/")


def test_T37_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    """T-37, rebinding: the name is resolved once, and its second meaning is never asked for."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with answering(lambda to: to.answer({})) as peer:
        url = peer.url.replace("127.0.0.1", "rebinding.invalid")  # no resolver knows this name
        page = taxii_client.get_page(line(url, resolve=rebinding), url)
    assert (asked, page.objects) == (["rebinding.invalid"], [])
    assert peer.log[0][1]["Host"].startswith("rebinding.invalid")


def test_T37_redirects_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """T-37: nor are proxies of the environment used, nor passwords sent to another host."""
    with answering(lambda to: to.answer({"objects": []})) as thief:
        monkeypatch.setenv("http_proxy", thief.url)
        monkeypatch.setenv("HTTP_PROXY", thief.url)
        monkeypatch.setenv("ALL_PROXY", thief.url)

        def redirect(to: Handler) -> None:
            to.answer({}, status=301, Location=thief.url)

        with answering(redirect) as peer:
            with pytest.raises(taxii_client.PeerAnswerError, match="301"):
                taxii_client.get_page(line(peer.url), peer.url)
            assert peer.log[0][1]["Authorization"] == "Bearer the-token"
            with pytest.raises(NoAnswerError, match="another host"):
                taxii_client.get_page(line(peer.url), thief.url)
        assert thief.log == []


def _slow(to: Handler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", TAXII)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    for _ in range(100):
        to.wfile.write(b" ")
        time.sleep(0.05)


def _slow_headers(to: Handler) -> None:
    to.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        to.wfile.write(b"X-Header-%d: 1\r\n" % number)
        time.sleep(0.05)


def _announces(to: Handler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", TAXII)
    to.send_header("Content-Length", "10000000000")
    to.end_headers()


def _endless(to: Handler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", TAXII)
    to.end_headers()
    while True:
        to.wfile.write(b" " * 1_000_000)


def _cut(to: Handler) -> None:
    to.send_response(200)
    to.send_header("Content-Type", TAXII)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    to.wfile.write(b'{"objects": []}')


@pytest.mark.parametrize("script", [_slow, _slow_headers])
def test_T37_a_drip_is_cut_off_in_time(script: object) -> None:
    with answering(script) as peer, pytest.raises(NoAnswerError, match="within"):  # type: ignore[arg-type]
        taxii_client.get_page(line(peer.url, seconds=0.5), peer.url)


@pytest.mark.parametrize("script", [_announces, _endless])
def test_T37_a_flood_is_not_swallowed(script: object) -> None:
    too_long = "longer than 20000000 bytes"
    with answering(script) as peer, pytest.raises(NoAnswerError, match=too_long):  # type: ignore[arg-type]
        taxii_client.get_page(line(peer.url), peer.url)


@pytest.mark.parametrize(
    "script",
    [
        _cut,
        lambda to: to.wfile.write(b"SSH-2.0-OpenSSH\r\n"),
        lambda to: to.answer(b""),
        lambda to: to.answer(b"<html>sign in</html>"),
        lambda to: to.answer(b"[]"),
        lambda to: to.answer(b'{"objects": [], "objects": [1]}'),
        lambda to: to.answer(b'{"objects": NaN}'),
        lambda to: to.answer(b"[" * 100_000),
        lambda to: to.answer({"objects": {}}),
        lambda to: to.answer({"objects": [], "more": 1}),
        lambda to: to.answer({"objects": [], "more": True}),
        lambda to: to.answer({"objects": [], "more": True, "next": ""}),
        lambda to: to.answer({"objects": [], "more": True, "next": 7}),
        lambda to: to.answer({"objects": [1] * 10_001}),
        lambda to: to.answer({"objects": []}, type_="application/json"),
        lambda to: to.answer({"objects": []}, type_="text/html"),
        lambda to: to.answer({"objects": []}, type_="application/taxii+json;version=2.0"),
        lambda to: to.answer({"objects": []}, Content_Encoding="gzip"),
        *(
            lambda to, status=status: to.answer({"objects": []}, status=status)
            for status in (201, 206, 302, 308, 400, 401, 404, 500, 503)
        ),
    ],
)
def test_T54_what_is_not_the_whole_right_answer_is_refused(script: object) -> None:
    """T-54, T-37: status, media type, JSON, form, size and time: each fails closed."""
    with answering(script) as peer:  # type: ignore[arg-type]
        ask = line(peer.url)
        with pytest.raises(DomainError) as refused:
            taxii_client.get_page(ask, peer.url)
    assert str(refused.value)


def test_T54_a_whole_answer_is_read() -> None:
    """The media type in any case, with or without its version; a place to go on from."""
    body = {"objects": [{"id": "x"}], "more": True, "next": "a b/+&="}
    for kind in (TAXII, "Application/TAXII+JSON; Version=2.1; charset=utf-8", TAXII[:22]):
        with answering(lambda to, kind=kind: to.answer(body, type_=kind, **{LAST: DATE})) as peer:
            page = taxii_client.get_page(line(peer.url), peer.url, cursor="ü", added_after=DATE)
        assert (page.objects, page.more, page.next) == ([{"id": "x"}], True, "a b/+&=")
        assert page.added_last == DATE
        assert "match%5Bversion%5D=all" in peer.log[0][0] and "next=%C3%BC" in peer.log[0][0]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"issuer": "self"}, "self-signed"),
        ({"issuer": "authority", "host": "other.example"}, "mismatch"),
        ({"issuer": "authority", "host": "127.0.0.2"}, "mismatch"),
        ({"issuer": "authority", "days": -1}, "expired"),
    ],
)
def test_T39_wrong_certificates_are_refused(tmp_path: Path, made: dict, reason: str) -> None:
    """T-39: self-signed, for another host, expired: the password is not sent."""
    context, authority = certificate(tmp_path, **made)
    with (
        answering(lambda to: to.answer({}), context) as peer,
        pytest.raises(NoAnswerError, match=reason),
    ):
        taxii_client.get_page(line(peer.url, Reach(loopback=True, authorities=authority)), peer.url)
    assert peer.log == []


def test_T39_the_right_certificate_counts_only_by_its_authority(tmp_path: Path) -> None:
    context, authority = certificate(tmp_path, issuer="authority")
    with answering(lambda to: to.answer({}), context) as peer:
        with pytest.raises(NoAnswerError, match="unable to get local issuer"):
            taxii_client.get_page(line(peer.url), peer.url)
        trusting = Reach(loopback=True, authorities=authority)
        assert taxii_client.get_page(line(peer.url, trusting), peer.url).objects == []


def test_a_silent_peer_is_left_in_time() -> None:
    """TLS that never begins, and a port where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accepted: list[socket.socket] = []
        thread = threading.Thread(target=lambda: accepted.append(silent.accept()[0]), daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/c/"
        with pytest.raises(NoAnswerError, match="within"):
            taxii_client.get_page(line(url, seconds=0.5), url)
        thread.join()
        accepted[0].close()
    with pytest.raises(NoAnswerError, match="refused"):
        taxii_client.get_page(line(url), url)


@pytest.mark.parametrize(
    "text",
    [
        "http://hub.example/c/",
        "ftp://hub.example/c/",
        "https:///c/",
        "https://user:pass@hub.example/c/",
        "https://hub.example/c/?next=1",
        "https://hub.example/c/#x",
        "https://hub.example:99999/c/",
        "https://hub.example/../c/",
        "https://hub.example/c d/",
        "https://hub.example/c\r\nHost: x/",
        "https://fe80::1%25eth0/c/",
        "file:///etc/passwd",
        "hub.example/c",
    ],
)
def test_T38_addresses_are_written_in_one_way(text: str) -> None:
    for loopback in (True, False):
        with pytest.raises(InvalidInputError) as refused:
            rules.read_url(text, field="url", loopback=loopback)
        assert refused.value.field == "url"


def test_addresses_are_read() -> None:
    read = {
        "https://Hub.Example:443/c": "https://hub.example/c/",
        " https://hub.example:8443/a/objects/ ": "https://hub.example:8443/a/",
        "https://bücher.example/c/": "https://xn--bcher-kva.example/c/",
        "https://[2001:db8::1]/c/": "https://[2001:db8::1]/c/",
    }
    for text, expected in read.items():
        assert rules.read_url(text, field="url", loopback=False) == expected
    assert (
        rules.read_url("http://localhost:80/c", field="url", loopback=True) == "http://localhost/c/"
    )
    with pytest.raises(InvalidInputError):
        rules.read_url("http://localhost/c", field="url", loopback=False)


def test_pauses_grow_to_six_hours_and_differ() -> None:
    assert rules.pause(15, 0, 0.3).total_seconds() == 900
    longest = [rules.pause(15, failures, 1).total_seconds() for failures in range(1, 30)]
    assert longest[:3] == [900, 1800, 3600] and set(longest[5:]) == {6 * 3600}
    assert rules.pause(15, 29, 0).total_seconds() == 3 * 3600
    assert rules.pause(1440, 29, 1).total_seconds() == 24 * 3600
