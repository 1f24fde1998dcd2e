"""Accept-Encoding as RFC 9110, section 12.5.3 says it and as clients write it."""

import gzip

import pytest

from cirt.incidents import taxii_encoding
from cirt.incidents.taxii_encoding import Wish, encoded, wish


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Wish.PLAIN),
        ("", Wish.PLAIN),
        ("identity", Wish.PLAIN),
        ("deflate, br", Wish.PLAIN),
        ("gzip;q=0", Wish.PLAIN),
        ("gzip;q=0.000, *", Wish.PLAIN),
        ("*;q=0", Wish.PLAIN),
        ("gzip;q=0.5, identity", Wish.PLAIN),
        ("gzip;q=nothing", Wish.PLAIN),
        ("gzip2", Wish.PLAIN),
        ("not gzip", Wish.PLAIN),
        (f"gzip{' ' * 400}", Wish.PLAIN),
        ("gzip", Wish.COMPRESSED),
        ("GZIP", Wish.COMPRESSED),
        ("x-gzip", Wish.COMPRESSED),
        ("gzip, deflate", Wish.COMPRESSED),
        ("gzip, deflate, br, zstd", Wish.COMPRESSED),
        ("deflate, gzip;q=1.0, *;q=0.5", Wish.COMPRESSED),
        ("gzip ; q=0.2", Wish.COMPRESSED),
        ("gzip;q=0.001", Wish.COMPRESSED),
        ("*", Wish.COMPRESSED),
        ("identity;q=0.5, gzip;q=0.5", Wish.COMPRESSED),
        ("identity;q=0, gzip", Wish.ONLY_COMPRESSED),
        ("*;q=0, gzip", Wish.ONLY_COMPRESSED),
        ("identity;q=0, *", Wish.ONLY_COMPRESSED),
    ],
)
def test_header_is_read_as_the_standard_says(header: str | None, expected: Wish) -> None:
    assert wish(header) == expected


def test_only_what_is_worth_it_is_compressed() -> None:
    small, large = b"x" * (taxii_encoding.SMALLEST - 1), b"x" * taxii_encoding.SMALLEST
    assert encoded(large, Wish.PLAIN) is None
    assert encoded(small, Wish.COMPRESSED) is None
    assert encoded(b"", Wish.ONLY_COMPRESSED) is None
    for body, asked in ((large, Wish.COMPRESSED), (small, Wish.ONLY_COMPRESSED)):
        packed = encoded(body, asked)
        assert packed is not None
        assert gzip.decompress(packed) == body
        assert packed == encoded(body, asked)
