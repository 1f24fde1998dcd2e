"""How the text of each kind of setting is read: the value, or a sentence with the remedy."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from cirt.errors import N_, SettingError

MOST = 100_000


def text(name: str, value: str) -> str:
    """Return the text without blanks around it."""
    return value.strip()


def host(name: str, value: str) -> str:
    """Return an address to serve on."""
    if not value.strip():  # to a socket, an empty address is every address of the machine
        raise SettingError(
            N_("%(name)s is empty: set it to an address of this machine, or remove it."), name=name
        )
    return value.strip()


def language(name: str, value: str) -> str:
    """Return a language that the interface has."""
    from cirt.i18n import CODES

    if value.strip() not in CODES:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to one of %(codes)s."),
            name=name,
            value=repr(value),
            codes=", ".join(CODES),
        )
    return value.strip()


def port(name: str, value: str) -> int:
    """Return a port number, 1 to 65535."""
    if not value.strip().isdecimal() or not 1 <= int(value) <= 65535:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to a port number from 1 to 65535."),
            name=name,
            value=repr(value),
        )
    return int(value)


def count(name: str, value: str) -> int:
    """Return a whole number from 1."""
    if not value.strip().isdecimal() or not 1 <= int(value) <= MOST:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to a whole number from 1 to %(most)s."),
            name=name,
            value=repr(value),
            most=MOST,
        )
    return int(value)


def count_or_none(name: str, value: str) -> int:
    """Return a whole number from 0, which stands for no limit."""
    if not value.strip().isdecimal() or int(value) > MOST:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to a whole number from 0 to %(most)s."),
            name=name,
            value=repr(value),
            most=MOST,
        )
    return int(value)


def days(name: str, value: str) -> int:
    """Return a whole number of days from 0."""
    if not value.strip().isdecimal() or int(value) > MOST:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to a whole number from 0 to %(most)s."),
            name=name,
            value=repr(value),
            most=MOST,
        )
    return int(value)


def proxies(name: str, value: str) -> int:
    """Return a number of proxies, 0 to 3."""
    if value.strip() not in ("0", "1", "2", "3"):
        raise SettingError(
            N_("%(name)s is %(value)s: set it to 0, 1, 2 or 3."), name=name, value=repr(value)
        )
    return int(value)


def workers(name: str, value: str) -> int:
    """Return a number of processes, 1 to 64."""
    return _from_to(name, value, 1, 64)


def partitions(name: str, value: str) -> int:
    """Return a number of partitions, 1 to 256."""
    return _from_to(name, value, 1, 256)


def _from_to(name: str, value: str, least: int, most: int) -> int:
    if not value.strip().isdecimal() or not least <= int(value) <= most:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to a whole number from %(least)s to %(most)s."),
            name=name,
            value=repr(value),
            least=least,
            most=most,
        )
    return int(value)


def yes_no(name: str, value: str) -> bool:
    """Return whether it says yes."""
    words = {"yes": True, "no": False}
    if value.strip().lower() not in words:
        raise SettingError(
            N_("%(name)s is %(value)s: set it to yes or no."), name=name, value=repr(value)
        )
    return words[value.strip().lower()]


def folder(name: str, value: str) -> Path:
    """Return the whole path of a folder that exists or can be made."""
    path = Path(value).expanduser()
    if not value.strip() or (path.exists() and not path.is_dir()):
        raise SettingError(
            N_("%(name)s is %(value)s: name a folder, or one that can be made."),
            name=name,
            value=repr(value),
        )
    return path.absolute()


def database_url(name: str, value: str) -> str:
    """Return the address as SQLAlchemy reads it; empty stays empty."""
    value = value.strip()
    if value and not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        raise SettingError(
            N_(
                "%(name)s must begin with sqlite:/// or postgresql:// ;"
                " leave it out to keep one SQLite file in the data folder."
            ),
            name=name,
        )
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def replica_url(name: str, value: str) -> str:
    """Return the address of a PostgreSQL server as SQLAlchemy reads it; empty stays empty."""
    value = value.strip()
    if value and not value.startswith(("postgresql+psycopg://", "postgresql://")):
        raise SettingError(
            N_("%(name)s must begin with postgresql:// ; leave it out where there is no replica."),
            name=name,
        )
    return value.replace("postgresql://", "postgresql+psycopg://", 1)


def public_url(name: str, value: str) -> str:
    """Return scheme and host without a slash at the end; empty stays empty."""
    value = value.strip().rstrip("/")
    parts = urlsplit(value)
    whole = parts.netloc and not (parts.path or parts.query or parts.fragment or parts.username)
    if value and not (parts.scheme in ("http", "https") and whole):
        raise SettingError(
            N_(
                "%(name)s is %(value)s: write https:// or http:// and the name of the host, no path."
            ),
            name=name,
            value=repr(value),
        )
    return value


def networks(name: str, value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks, such as 10.20.0.0/16, that stand with commas between them."""
    try:
        return tuple(ip_network(one.strip()) for one in value.split(",") if one.strip())
    except ValueError as error:
        raise SettingError(
            N_(
                "%(name)s is %(value)s: write networks with commas between them, such as"
                " 10.20.0.0/16, fd12:3456::/32."
            ),
            name=name,
            value=repr(value),
        ) from error


def certificates(name: str, value: str) -> Path | None:
    """Return a file of certificate authorities in PEM; None when empty."""
    import ssl

    if not value.strip():
        return None
    path = Path(value.strip()).expanduser().absolute()
    try:
        ssl.create_default_context(cafile=str(path))
    except OSError as error:
        raise SettingError(
            N_("%(name)s is %(value)s: name a file of certificate authorities in PEM form."),
            name=name,
            value=repr(value),
        ) from error
    return path


def backup_folder(name: str, value: str) -> Path | None:
    """Return the whole path of a folder that exists; None when empty."""
    path = Path(value.strip()).expanduser()
    if value.strip() and not path.is_dir():  # made by itself, it might hide a missing mount
        raise SettingError(
            N_("%(name)s is %(value)s: name a folder that exists."), name=name, value=repr(value)
        )
    return path.absolute() if value.strip() else None


def recipient(name: str, value: str) -> str:
    """Return the public key of age that it is; empty stays empty."""
    import pyrage

    if value.strip():
        try:
            pyrage.x25519.Recipient.from_str(value.strip())
        except pyrage.RecipientError as error:
            raise SettingError(
                N_("%(name)s is no public key of age: it begins with age1."), name=name
            ) from error
    return value.strip()


def log_form(name: str, value: str) -> str:
    """Return text or json."""
    if value.strip().lower() not in ("text", "json"):
        raise SettingError(
            N_("%(name)s is %(value)s: set it to text or json."), name=name, value=repr(value)
        )
    return value.strip().lower()
