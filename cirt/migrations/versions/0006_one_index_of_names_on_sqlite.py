"""one index of names on SQLite.

A feed is asked by name through the store's unique key, which therefore begins with the name, and
has no index of names itself. PostgreSQL, where that way visits every partition, stays as it is.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BY_OWNER = ("uq_object_version_owner_id_stix_id_version", ["owner_id", "stix_id", "version"])
_BY_NAME = ("ix_object_version_stix_id_owner_id_version", ["stix_id", "owner_id", "version"])
_NAMES = (
    "uq_feed_entry_collection_id_stix_id_version_key",
    ["collection_id", "stix_id", "version_key"],
)
_VERSIONS = ("ix_feed_entry_object_version_id", ["object_version_id"])
_ONCE = ("ix_feed_entry_object_version_id_collection_id", ["object_version_id", "collection_id"])


def upgrade() -> None:
    """one index of names on SQLite."""
    if op.get_bind().dialect.name != "sqlite":
        return
    with op.batch_alter_table("object_version") as batch_op:
        batch_op.drop_constraint(op.f(_BY_OWNER[0]), type_="unique")
        batch_op.create_index(op.f(_BY_NAME[0]), _BY_NAME[1], unique=True)
    with op.batch_alter_table("feed_entry") as batch_op:
        batch_op.drop_constraint(op.f(_NAMES[0]), type_="unique")
        batch_op.drop_index(op.f(_VERSIONS[0]))
        batch_op.create_index(op.f(_ONCE[0]), _ONCE[1], unique=True)


def downgrade() -> None:
    """Undo it."""
    if op.get_bind().dialect.name != "sqlite":
        return
    with op.batch_alter_table("feed_entry") as batch_op:
        batch_op.drop_index(op.f(_ONCE[0]))
        batch_op.create_index(op.f(_VERSIONS[0]), _VERSIONS[1])
        batch_op.create_unique_constraint(op.f(_NAMES[0]), _NAMES[1])
    with op.batch_alter_table("object_version") as batch_op:
        batch_op.drop_index(op.f(_BY_NAME[0]))
        batch_op.create_unique_constraint(op.f(_BY_OWNER[0]), _BY_OWNER[1])
