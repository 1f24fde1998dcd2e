"""Observables found in pasted text: defanged forms, scripts, look-alikes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.stix.detection import MAX_TEXT, defang, detect, refang

MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def found(text: str) -> list[tuple[str, str]]:
    detections = detect(text)
    for detection in detections:
        assert text[detection.start : detection.end] == detection.found
    return [(detection.observable.type, detection.observable.value) for detection in detections]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hxxp://evil.com/a", ("url", "http://evil.com/a")),
        ("hXXps://evil[.]com/a", ("url", "https://evil.com/a")),
        ("http[:]//evil(.)com/a", ("url", "http://evil.com/a")),
        ("hxxp[://]evil{.}com", ("url", "http://evil.com")),
        ("h**ps://evil[dot]com/", ("url", "https://evil.com/")),
        ("fxp://evil[.com/x", ("url", "ftp://evil.com/x")),
        ("evil [dot] com", ("domain-name", "evil.com")),
        ("evil.]com", ("domain-name", "evil.com")),
        ("1[.]2[.]3[.]4", ("ipv4-addr", "1.2.3.4")),
        ("8.8.8[.8", ("ipv4-addr", "8.8.8.8")),
        ("user[at]evil[.]com", ("email-addr", "user@evil.com")),
        ("user (at) evil (dot) com", ("email-addr", "user@evil.com")),
        ("user[@]evil.com", ("email-addr", "user@evil.com")),
        ("2001[:]4860::8888", ("ipv6-addr", "2001:4860::8888")),
    ],
)
def test_defanged_form_is_understood(text: str, expected: tuple[str, str]) -> None:
    assert found(text) == [expected]
    assert found(f"Look: ({text}), please.") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"hash {MD5}!", ("file", MD5)),
        ("sha256=" + "AB" * 32, ("file", "ab" * 32)),
        ("cve‑2021–44228.", ("vulnerability", "CVE-2021-44228")),
        ("mac 00-11-22-AA-bb-CC.", ("mac-addr", "00:11:22:aa:bb:cc")),
        ("from 203.0.113.9:443,", ("ipv4-addr", "203.0.113.9")),
        ("net 203.0.113.9/24.", ("ipv4-addr", "203.0.113.0/24")),
        ("[2001:4860:4860::8888]:53", ("ipv6-addr", "2001:4860:4860::8888")),
        ("2001:4860::/32", ("ipv6-addr", "2001:4860::/32")),
        ("AS64500", ("autonomous-system", "AS64500")),
        ("C:\\Users\\a\\evil.dll", ("file", "evil.dll")),
        ("«invoice.pdf.exe»", ("file", "invoice.pdf.exe")),
        ("get.evil.zip", ("domain-name", "get.evil.zip")),
        ("backup.zip", ("file", "backup.zip")),
        ("evil[.]zip", ("domain-name", "evil.zip")),
        (
            "HKLM\\Software\\Windows NT\\Run is set",
            ("windows-registry-key", "HKEY_LOCAL_MACHINE\\Software\\Windows NT\\Run"),
        ),
        ("(http://evil.com/a_(b))", ("url", "http://evil.com/a_(b)")),
        ("http://1.2.3.4:8080/x?y=z.", ("url", "http://1.2.3.4:8080/x?y=z")),
        ("http://[2001:db8::1]/x", ("url", "http://[2001:db8::1]/x")),
        ("xn--bcher-kva.example", ("domain-name", "xn--bcher-kva.example")),
    ],
)
def test_value_in_running_text_is_found(text: str, expected: tuple[str, str]) -> None:
    assert found(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3",
        "version 1.2.3.4",
        "الإصدار 1.2.3.4",
        "v1.2.3.4",
        "1.2.3.4.5",
        "999.1.1.1",
        "10.0.19041.1",
        "done.In the morning",
        "e.g. this, i.e. that, U.S. law, 9 a.m.",
        "and so on...etc.",
        "ASP.NET and Node.js",
        "readme.md",
        "12:30:45",
        "std::dec and a::b and Foo::Bar",
        "00:11:22:33",
        "3.14 and 1,000.00",
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "12345678901234567890123456789012",
        "AS400",
        "http://",
        "@example",
        "",
    ],
)
def test_look_alike_is_not_reported(text: str) -> None:
    assert found(text) == []


def test_domain_within_a_url_or_address_is_not_reported_again() -> None:
    assert found("http://evil.com/evil.exe evil.com user@evil.com") == [
        ("url", "http://evil.com/evil.exe"),
        ("domain-name", "evil.com"),
        ("email-addr", "user@evil.com"),
    ]


def test_repeated_value_is_reported_once_where_it_stands_first() -> None:
    detections = detect("evil[.]com and evil.com and EVIL.COM")
    assert [(d.start, d.found) for d in detections] == [(0, "evil[.]com")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "تم الاتصال بالخادم 203.0.113.5، ثم الموقع hxxp://evil[.]com/x؟ والملف فاتورة.exe",
            [
                ("ipv4-addr", "203.0.113.5"),
                ("url", "http://evil.com/x"),
                ("file", "فاتورة.exe"),
            ],
        ),
        ("بالموقعevil.com", [("domain-name", "evil.com")]),
        ("请访问evil.com下载", [("domain-name", "evil.com")]),
        (
            "Адрес: кремль.рф, почта a@b.ru",
            [("domain-name", "кремль.рф"), ("email-addr", "a@b.ru")],
        ),
        ("voir bücher.de et موقع.مصر", [("domain-name", "bücher.de"), ("domain-name", "موقع.مصر")]),
    ],
)
def test_values_among_other_scripts_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("10.1.2.3", "private-address"),
        ("127.0.0.1", "loopback-address"),
        ("169.254.1.1", "link-local-address"),
        ("224.0.0.1", "multicast-address"),
        ("250.1.2.3", "reserved-address"),
        ("198.51.100.1", "documentation-address"),
        ("2001:db8::1", "documentation-address"),
        ("fd00::1", "private-address"),
        ("fe80::1", "link-local-address"),
        ("::1", "loopback-address"),
        ("8.8.8.8", ""),
        ("www.example.com", "documentation-domain"),
        ("a@evil.example", "documentation-domain"),
        ("printer.local", "private-name"),
        ("evil.com", ""),
    ],
)
def test_address_that_says_nothing_elsewhere_is_flagged(text: str, note: str) -> None:
    """RFC 1918, 3927, 4193, 5737, 3849, 2606, 6761."""
    (detection,) = detect(text)
    assert detection.note == note


@pytest.mark.parametrize(
    "value",
    [
        "http://evil.example/a.b?c=d.e",
        "https://1.2.3.4:8080/",
        "ftp://evil.example/x.exe",
        "evil.example",
        "1.2.3.0/24",
        "2001:db8::1",
        "2001:db8::/32",
        "user@evil.example",
        "00:11:22:33:44:55",
        MD5,
        "C:\\a b.exe",
        "a sentence. Of words.",
    ],
)
def test_refang_undoes_defang(value: str) -> None:
    assert refang(defang(value)) == value


def test_defanged_address_is_no_link() -> None:
    assert defang("http://evil.example/a.b") == "hxxp://evil[.]example/a.b"
    assert defang("user@evil.example") == "user[@]evil[.]example"
    assert defang(MD5) == MD5


@pytest.mark.parametrize(
    "unit",
    [
        " ",
        "a",
        "a.",
        "1.",
        ":",
        "a@",
        "http://",
        "http://a.b/)",
        "[.]",
        "HKLM\\a b",
        "[ at",
        "(",
        "ا.",
    ],
)
def test_a_megabyte_of_one_thing_is_read(unit: str) -> None:
    """No expression starts over at every character; the test's time limit is the bound."""
    detect((unit * 1_000_000)[:1_000_000])


def test_text_beyond_the_limit_is_not_searched() -> None:
    assert found(" " * MAX_TEXT + "evil.com") == []


hosts = st.sampled_from(["evil.com", "1.2.3.4", "hxxp://evil[.]com/a", "a[at]b.org", MD5, "::1"])
noise = st.text(max_size=30) | hosts


@given(st.lists(noise, max_size=10).map(" ".join))
def test_any_text_is_searched_and_positions_hold(text: str) -> None:
    found(text)
