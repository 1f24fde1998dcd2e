"""Observables of one typed-in value: checked, canonical, shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.errors import InvalidInputError
from cirt.stix.observables import TYPES, Observable, observable

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(
    ("kind", "typed", "properties"),
    [
        ("ipv4-addr", " 198.51.100.7 ", {"value": "198.51.100.7"}),
        ("ipv4-addr", "198[.]51[.]100[.]7", {"value": "198.51.100.7"}),
        ("ipv4-addr", "198.51.100.7/24", {"value": "198.51.100.0/24"}),
        ("ipv4-addr", "198.51.100.7/32", {"value": "198.51.100.7"}),
        ("ipv6-addr", "2001:DB8:0::1", {"value": "2001:db8::1"}),
        ("domain-name", "Evil[.]Example.", {"value": "evil.example"}),
        ("domain-name", "_dmarc.example.org", {"value": "_dmarc.example.org"}),
        ("domain-name", "Bücher.example", {"value": "bücher.example"}),
        ("domain-name", "موقع.مصر", {"value": "موقع.مصر"}),
        ("url", "hxxps://evil[.]example/A?b=C", {"value": "https://evil.example/A?b=C"}),
        (
            "url",
            "http://موقع.مصر/ملف?a=[1]#%",
            {"value": "http://xn--4gbrim.xn--wgbh1c/%D9%85%D9%84%D9%81?a=%5B1%5D#%25"},
        ),
        ("url", "HTTP://A.example:80/%7e{x}", {"value": "HTTP://A.example:80/%7e%7Bx%7D"}),
        ("email-addr", "Someone[at]EXAMPLE.org", {"value": "Someone@example.org"}),
        ("email-addr", "a@bücher.example", {"value": "a@xn--bcher-kva.example"}),
        ("mac-addr", "00-11-22-AA-BB-CC", {"value": "00:11:22:aa:bb:cc"}),
        ("mac-addr", "0011.22aa.bbcc", {"value": "00:11:22:aa:bb:cc"}),
        ("file", MD5.upper(), {"hashes": {"MD5": MD5}}),
        ("file", "A" * 40, {"hashes": {"SHA-1": "a" * 40}}),
        ("file", "A" * 64, {"hashes": {"SHA-256": "a" * 64}}),
        ("file", "A" * 128, {"hashes": {"SHA-512": "a" * 128}}),
        ("file", "فاتورة [1].exe", {"name": "فاتورة [1].exe"}),
        ("autonomous-system", "AS64500", {"number": 64500}),
        ("autonomous-system", "4200000000", {"number": 4200000000}),
        ("windows-registry-key", "hklm\\Software\\X", {"key": "HKEY_LOCAL_MACHINE\\Software\\X"}),
        ("mutex", "Global\\abc", {"name": "Global\\abc"}),
        ("user-account", "root", {"account_login": "root"}),
        ("process", "cmd /c x", {"command_line": "cmd /c x"}),
        ("x509-certificate", "a" * 40, {"hashes": {"SHA-1": "a" * 40}}),
        ("email-message", "Invoice", {"subject": "Invoice", "is_multipart": False}),
        ("vulnerability", "cve-2021-44228", {"name": "CVE-2021-44228"}),
    ],
)
def test_typed_value_becomes_canonical(kind: str, typed: str, properties: dict[str, Any]) -> None:
    found = observable(kind, typed)
    assert found == Observable(kind, properties)
    assert found.canonical() == found


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("ipv4-addr", "999.1.1.1"),
        ("ipv4-addr", "010.0.0.1"),
        ("ipv4-addr", "::1"),
        ("ipv6-addr", "1.2.3.4"),
        ("ipv6-addr", "fe80::1%eth0"),
        ("domain-name", "localhost"),
        ("domain-name", "1.2.3.4"),
        ("domain-name", "-a.example"),
        ("domain-name", "a" * 64 + ".example"),
        ("domain-name", "ü" * 60 + ".example"),
        ("domain-name", ".".join(["a" * 60] * 5)),
        ("url", "javascript:alert(1)"),
        ("url", "http://"),
        ("url", "http://a.example/ b"),
        ("url", "http://[::1"),
        ("url", "http://a.example/" + "ü" * 1000),
        ("url", "http://a.example:99999999/"),
        ("email-addr", "nobody"),
        ("email-addr", "a b@example.org"),
        ("email-addr", "a..b@example.org"),
        ("email-addr", "بريد@example.org"),
        ("domain-name", "¹.example"),
        ("mac-addr", "00:11"),
        ("autonomous-system", "AS4294967296"),
        ("windows-registry-key", "Software\\X"),
        ("x509-certificate", "zz"),
        ("vulnerability", "CVE-21-1"),
        ("file", "evil\u202egpj.exe"),
        ("file", "a\nb"),
        ("mutex", "a\0b"),
        ("mutex", "x" * 4001),
        ("mutex", "   "),
        ("software", "x"),
    ],
)
def test_value_that_does_not_fit_is_refused_with_a_sentence(kind: str, typed: str) -> None:
    """T-72 for the direction mark; RFC 1035, 3986, 6793 for the others."""
    with pytest.raises(InvalidInputError) as caught:
        observable(kind, typed)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("properties", "shown"),
    [
        ({"name": "a.exe"}, "a.exe"),
        ({"hashes": {"MD5": MD5, "SHA-256": "b" * 64}}, "b" * 64),
        ({"name": "a.exe", "hashes": {"MD5": MD5}}, f"a.exe ({MD5})"),
    ],
)
def test_file_is_shown_by_name_and_strongest_hash(properties: dict[str, Any], shown: str) -> None:
    assert Observable("file", properties).value == shown


def test_value_is_always_one_line() -> None:
    assert Observable("x-unknown", {"note": "a\nb"}).value == '{"note": "a\\nb"}'
    assert Observable("process", {"command_line": "a\n b"}).value == "a b"


@pytest.mark.parametrize(
    "found",
    [
        Observable("file", {"hashes": {"MD5": "xyz"}}),
        Observable("file", {"hashes": {"CRC": "00"}}),
        Observable("file", {"hashes": {}}),
        Observable("file", {"size": -1}),
        Observable("file", {"size": True}),
        Observable("file", {}),
        Observable("ipv4-addr", {"value": 7}),
        Observable("domain-name", {"name": "a.example"}),
    ],
)
def test_properties_that_do_not_fit_are_refused(found: Observable) -> None:
    with pytest.raises(InvalidInputError):
        found.canonical()


def test_other_properties_of_the_standard_are_kept() -> None:
    found = Observable("file", {"name": "a.exe", "mime_type": "text/plain", "size": 3})
    assert found.canonical().properties["mime_type"] == "text/plain"


def test_equal_observables_are_one_in_a_set() -> None:
    assert len({observable("file", MD5), observable("file", MD5.upper())}) == 1


@given(st.sampled_from(TYPES), st.text(max_size=200))
def test_any_text_gives_an_observable_or_a_sentence(kind: str, typed: str) -> None:
    try:
        found = observable(kind, typed)
    except InvalidInputError as error:
        assert str(error)
        return
    assert found.canonical() == found
    assert "\n" not in found.value
    assert found.value
