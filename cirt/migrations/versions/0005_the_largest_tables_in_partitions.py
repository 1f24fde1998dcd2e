"""the largest tables in partitions.

PostgreSQL keeps object_version, feed_entry and audit_entry in partitions by hash. It wants the
column that decides in every key, so an object's version is named by its owner and its id; SQLite
gets the same keys, and no partitions. The rows are moved, up and down.
"""

import sqlalchemy as sa
from alembic import op

from cirt import partitions

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STORED = "fk_feed_entry_owner_id"
_STORED_BEFORE = "fk_feed_entry_object_version_id"
_LATEST = sa.text("is_last")


def upgrade() -> None:
    """the largest tables in partitions."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(["owner_id", "id"], (_STORED_BEFORE, ["object_version_id"], ["id"]))
    else:
        op.drop_constraint(_STORED_BEFORE, "feed_entry", type_="foreignkey")
        _object_version(["owner_id", "id"], "HASH (owner_id)")
        _feed_entry("HASH (collection_id)")
        _stored(_STORED, ["owner_id", "object_version_id"], ["owner_id", "id"])
        _audit_entry("HASH (chain_id)")


def downgrade() -> None:
    """Undo it."""
    if op.get_bind().dialect.name == "sqlite":
        _sqlite(["id"], (_STORED, ["owner_id", "object_version_id"], ["owner_id", "id"]))
    else:
        op.drop_constraint(_STORED, "feed_entry", type_="foreignkey")
        _object_version(["id"])
        _feed_entry()
        _stored(_STORED_BEFORE, ["object_version_id"], ["id"])
        _audit_entry()


def _sqlite(key: list[str], before: tuple[str, list[str], list[str]]) -> None:
    """Give object_version this key; feed_entry refers to it by the other one than `before`."""
    with op.batch_alter_table("object_version", recreate="always") as batch_op:
        batch_op.drop_constraint(op.f("pk_object_version"), type_="primary")
        batch_op.create_primary_key(op.f("pk_object_version"), key)
    with op.batch_alter_table("feed_entry", recreate="always") as batch_op:
        batch_op.drop_constraint(before[0], type_="foreignkey")
        if before[0] == _STORED:
            batch_op.create_foreign_key(
                _STORED_BEFORE, "object_version", ["object_version_id"], ["id"]
            )
        else:
            batch_op.create_foreign_key(
                _STORED, "object_version", ["owner_id", "object_version_id"], ["owner_id", "id"]
            )


def _moved(table: str, partition_by: str | None) -> None:
    """Make a table again without any key or index, in partitions or not, with its rows."""
    connection = op.get_bind()
    inspector = sa.inspect(connection)
    keys = [
        *inspector.get_foreign_keys(table),
        *inspector.get_unique_constraints(table),
        inspector.get_pk_constraint(table),
    ]
    indexes = [
        one["name"] for one in inspector.get_indexes(table) if "duplicates_constraint" not in one
    ]
    old = f"{table}_old"
    op.rename_table(table, old)
    for key in keys:  # their names are wanted again
        op.drop_constraint(str(key["name"]), old)
    for index in indexes:
        op.drop_index(str(index), old)
    by = f" PARTITION BY {partition_by}" if partition_by else ""
    op.execute(f"CREATE TABLE {table} (LIKE {old} INCLUDING DEFAULTS){by}")
    if partition_by:
        partitions.make(connection, table)
    op.execute(f"INSERT INTO {table} SELECT * FROM {old}")  # noqa: S608 - names of this file
    op.drop_table(old)


def _object_version(key: list[str], partition_by: str | None = None) -> None:
    _moved("object_version", partition_by)
    op.create_primary_key(op.f("pk_object_version"), "object_version", key)
    op.create_unique_constraint(
        op.f("uq_object_version_owner_id_stix_id_version"),
        "object_version",
        ["owner_id", "stix_id", "version"],
    )


def _feed_entry(partition_by: str | None = None) -> None:
    table = "feed_entry"
    _moved(table, partition_by)
    op.create_primary_key(op.f("pk_feed_entry"), table, ["collection_id", "seq"])
    op.create_unique_constraint(
        op.f("uq_feed_entry_collection_id_added_us"), table, ["collection_id", "added_us"]
    )
    op.create_unique_constraint(
        op.f("uq_feed_entry_collection_id_stix_id_version_key"),
        table,
        ["collection_id", "stix_id", "version_key"],
    )
    op.create_index(
        "ix_feed_entry_latest", table, ["collection_id", "seq"], postgresql_where=_LATEST
    )
    op.create_index(op.f("ix_feed_entry_object_version_id"), table, ["object_version_id"])
    op.create_index("ix_feed_entry_type", table, ["collection_id", "type", "seq"])
    op.create_foreign_key(
        op.f("fk_feed_entry_collection_id"),
        table,
        "collection",
        ["collection_id"],
        ["id"],
        ondelete="CASCADE",
    )


def _stored(name: str, columns: list[str], key: list[str]) -> None:
    op.create_foreign_key(name, "feed_entry", "object_version", columns, key)
    for table in ("object_version", "feed_entry"):
        op.execute(f"ANALYZE {table}")


def _audit_entry(partition_by: str | None = None) -> None:
    _moved("audit_entry", partition_by)
    op.create_primary_key(op.f("pk_audit_entry"), "audit_entry", ["chain_id", "n"])
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"])
    op.create_index(op.f("ix_audit_entry_subject"), "audit_entry", ["subject"])
    op.execute("ANALYZE audit_entry")
