"""The settings as a person meets them: one row each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cirt import setting_kinds as kinds


@dataclass(frozen=True)
class Row:
    """One setting as a person meets it: environment name, default, what it does."""

    name: str
    attribute: str
    default: str
    help: str
    read: Callable[[str, str], Any]
    secret: bool = False


ROWS: tuple[Row, ...] = (
    Row(
        "CIRT_DATA_DIR",
        "data_dir",
        "var/cirt",
        "Folder for the database, the files and the keys.",
        kinds.folder,
    ),
    Row(
        "CIRT_DATABASE_URL",
        "database_url",
        "",
        "Database. Empty: one SQLite file in the data folder. PostgreSQL: postgresql://user@host/name",
        kinds.database_url,
        secret=True,
    ),
    Row(
        "CIRT_HOST",
        "host",
        "127.0.0.1",
        "Address to serve on; the default is this machine alone.",
        kinds.host,
    ),
    Row("CIRT_PORT", "port", "8000", "Port to serve on.", kinds.port),
    Row(
        "CIRT_PUBLIC_URL",
        "public_url",
        "",
        "Address that people and partners use, when a proxy stands in front (https://…).",
        kinds.public_url,
    ),
    Row(
        "CIRT_PROXIES",
        "proxies",
        "0",
        "How many proxies in front add the client's address to X-Forwarded-For; 0: nobody may say it.",
        kinds.proxies,
    ),
    Row(
        "CIRT_SECRET_KEY",
        "secret_key",
        "",
        "Key for form tokens and keyed hashes. Empty: made once and kept in the data folder.",
        kinds.text,
        secret=True,
    ),
    Row(
        "CIRT_LANGUAGE",
        "language",
        "en",
        "Language when neither the person nor the browser asks for one.",
        kinds.language,
    ),
    Row("CIRT_MAX_UPLOAD_MB", "max_upload_mb", "25", "Largest upload, in megabytes.", kinds.count),
    Row(
        "CIRT_IDLE_MINUTES",
        "idle_minutes",
        "120",
        "A session ends after this time without a request.",
        kinds.count,
    ),
    Row(
        "CIRT_SESSION_HOURS",
        "session_hours",
        "12",
        "A session ends after this time in any case.",
        kinds.count,
    ),
    Row(
        "CIRT_RELEASE_DELAY_HOURS",
        "release_delay_hours",
        "24",
        "How long a one-person team waits between preparing and approving a release.",
        kinds.count,
    ),
    Row(
        "CIRT_RELEASE_KEEP_DAYS",
        "release_keep_days",
        "0",
        "How many days released bytes stay here where a release names no time itself; 0: for as"
        " long as nobody erases them.",
        kinds.days,
    ),
    Row(
        "CIRT_PEER_NETWORKS",
        "peer_networks",
        "",
        "Networks of your own in which peers and receivers of webhooks may stand, such as"
        " 10.20.0.0/16, with commas between them. Empty: both have public addresses.",
        kinds.networks,
    ),
    Row(
        "CIRT_PEER_AUTHORITIES",
        "peer_authorities",
        "",
        "File (PEM) of certificate authorities that count for peers and receivers of webhooks,"
        " besides those of the system.",
        kinds.certificates,
    ),
    Row(
        "CIRT_PEER_LOOPBACK",
        "peer_loopback",
        "no",
        "yes: peers and receivers of webhooks may be on this machine, by http as well. For trials"
        " and tests.",
        kinds.yes_no,
    ),
    Row(
        "CIRT_THREADS",
        "threads",
        "8",
        "Requests handled at the same time, by each worker.",
        kinds.count,
    ),
    Row(
        "CIRT_WORKERS",
        "workers",
        "1",
        "Serving processes; more than one with PostgreSQL only.",
        kinds.workers,
    ),
    Row(
        "CIRT_PARTITIONS",
        "partitions",
        "16",
        "Parts into which PostgreSQL divides each of the largest tables; counts when they are made.",
        kinds.partitions,
    ),
    Row(
        "CIRT_REPLICA_URL",
        "replica_url",
        "",
        "Replica of the PostgreSQL database, from which pages of collections are read. Empty: none.",
        kinds.replica_url,
        secret=True,
    ),
    Row(
        "CIRT_API_REQUESTS_PER_MINUTE",
        "api_requests_per_minute",
        "600",
        "Requests to the REST API that one token may make in a minute, of each worker; 0: any number.",
        kinds.count_or_none,
    ),
    Row(
        "CIRT_BACKUP_DIR",
        "backup_dir",
        "",
        "Folder for a backup a day, encrypted and restored on trial. Empty: none is made by itself.",
        kinds.backup_folder,
    ),
    Row(
        "CIRT_BACKUP_KEEP",
        "backup_keep",
        "14",
        "How many of these backups are kept; older ones go once a new one passed its trial.",
        kinds.count,
    ),
    Row(
        "CIRT_BACKUP_PASSPHRASE",
        "backup_passphrase",
        "",
        "Passphrase that backups are encrypted with; better in a file, CIRT_BACKUP_PASSPHRASE_FILE.",
        kinds.text,
        secret=True,
    ),
    Row(
        "CIRT_BACKUP_RECIPIENT",
        "backup_recipient",
        "",
        "Public key (age1…) that backups are encrypted for instead; nothing here can open them then.",
        kinds.recipient,
    ),
    Row(
        "CIRT_LOG",
        "log",
        "text",
        "How the log is written: text, a line for people, or json, a document a line for machines.",
        kinds.log_form,
    ),
    Row(
        "CIRT_DEMONSTRATION",
        "demonstration",
        "no",
        "yes: every page says that this is a demonstration. Set by the demonstration itself.",
        kinds.yes_no,
    ),
)
