"""A full disk refuses writes in words, keeps what was acknowledged, and goes on being read."""

from pathlib import Path

import pytest

from tests.exchange.full_disk import fill_and_free


def test_a_full_disk_loses_nothing_and_keeps_no_half(
    tmp_path: Path, _cheap_passwords: None
) -> None:
    """On SQLite, and at two levels; `make soak` fills more, and PostgreSQL's as well."""
    (tmp_path / "data").mkdir()
    said = fill_and_free("SQLite", tmp_path, seed=20261122, levels=(0, 100 * 1024))
    if "left out" in said:
        pytest.skip(said)
    assert "all there, nothing else" in said
