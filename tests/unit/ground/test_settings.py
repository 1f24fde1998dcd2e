"""Settings: a wrong value stops the start with its name and the remedy."""

from pathlib import Path

import pytest

from cirt.errors import SettingError
from cirt.setting_rows import ROWS
from cirt.settings import read_settings


def test_defaults_serve_this_machine_alone(tmp_path: Path) -> None:
    settings = read_settings({"CIRT_DATA_DIR": str(tmp_path)})
    assert settings.url == "http://127.0.0.1:8000"
    assert settings.database == f"sqlite:///{tmp_path / 'cirt.sqlite3'}"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - as in a container
        ("::", "http://[::1]:8000"),
        ("fd00::7", "http://[fd00::7]:8000"),
        ("192.0.2.1", "http://192.0.2.1:8000"),
    ],
)
def test_links_name_an_address_that_can_be_opened(tmp_path: Path, host: str, url: str) -> None:
    assert read_settings({"CIRT_DATA_DIR": str(tmp_path), "CIRT_HOST": host}).url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CIRT_PORT", "eighty"),
        ("CIRT_PORT", "70000"),
        ("CIRT_PORT", "0"),
        ("CIRT_MAX_UPLOAD_MB", "-1"),
        ("CIRT_DEMONSTRATION", "true"),
        ("CIRT_DATABASE_URL", "mysql://nowhere/db"),
        ("CIRT_PUBLIC_URL", "cirt.example"),
        ("CIRT_SECRET_KEY", "short"),
        ("CIRT_PROT", "8000"),
        ("CIRT_LANGUAGE", "xx"),
        ("CIRT_HOST", ""),  # a socket takes that for every address
        ("CIRT_DATA_DIR", ""),
        ("CIRT_THREADS", "²"),
        ("CIRT_PROXIES", "all"),
        ("CIRT_SESSION_HOURS", "99999999999"),
        ("CIRT_PUBLIC_URL", "https://cirt.example/path"),
    ],
)
def test_wrong_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings({"CIRT_DATA_DIR": str(tmp_path), name: value})
    assert str(caught.value).startswith(name)


def test_secret_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = read_settings({"CIRT_DATA_DIR": str(tmp_path)})
    second = read_settings({"CIRT_DATA_DIR": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_key_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("")
    with pytest.raises(SettingError, match=r"secret\.key"):
        read_settings({"CIRT_DATA_DIR": str(tmp_path)})


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(SettingError, match="CIRT_SECRET_KEY_FILE"):
        read_settings(
            {"CIRT_DATA_DIR": str(tmp_path), "CIRT_SECRET_KEY_FILE": str(tmp_path / "key")}
        )


def test_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("k" * 40 + "\n")
    settings = read_settings(
        {"CIRT_DATA_DIR": str(tmp_path), "CIRT_SECRET_KEY_FILE": str(tmp_path / "key")}
    )
    assert settings.secret_key == "k" * 40


def test_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="CIRT_DATA_DIR"):
        read_settings({"CIRT_DATA_DIR": str(tmp_path / "file")})


def test_every_setting_says_what_it_does() -> None:
    assert all(row.help.endswith((".", ")", "name")) for row in ROWS)
