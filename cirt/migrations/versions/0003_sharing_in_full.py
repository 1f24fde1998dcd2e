"""sharing in full."""

import os
import uuid

import sqlalchemy as sa
from alembic import op

import cirt.db
from cirt.clock import now

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


_collection = sa.table(
    "collection",
    sa.column("id", sa.Uuid()),
    sa.column("title", sa.String()),
    sa.column("description", sa.Text()),
    sa.column("kind", sa.String()),
    sa.column("administration_id", sa.Uuid()),
    sa.column("machine_writing", sa.String()),
    sa.column("ceiling", sa.String()),
    sa.column("secret", sa.LargeBinary()),
    sa.column("created_at", cirt.db.UtcTime()),
)
_member = sa.table(
    "circle_member",
    sa.column("collection_id", sa.Uuid()),
    sa.column("administration_id", sa.Uuid()),
    sa.column("may_read", sa.Boolean()),
    sa.column("may_contribute", sa.Boolean()),
    sa.column("since", cirt.db.UtcTime()),
)
_administration = sa.table(
    "administration",
    sa.column("id", sa.Uuid()),
    sa.column("code", sa.String()),
    sa.column("kind", sa.String()),
)
_release = sa.table(
    "release",
    sa.column("id", sa.Uuid()),
    sa.column("incident_id", sa.Uuid()),
    sa.column("collection_id", sa.Uuid()),
    sa.column("state", sa.String()),
    sa.column("sections", sa.JSON()),
    sa.column("object_uuid", sa.Uuid()),
    sa.column("bundle", sa.LargeBinary()),
    sa.column("prepared_at", cirt.db.UtcTime()),
)
_known_as = sa.table(
    "audience_incident",
    sa.column("incident_id", sa.Uuid()),
    sa.column("collection_id", sa.Uuid()),
    sa.column("object_uuid", sa.Uuid()),
    sa.column("since", cirt.db.UtcTime()),
)

# every release before this one was of everything, under the incident's own id
_SECTIONS = [
    "summary",
    "narrative",
    "indicators",
    "observables",
    "techniques",
    "victim",
    "impacts",
    "tasks",
    "contact",
]


def _fill() -> None:
    """Give circles their secret, administrations their direct collection, releases their terms."""
    connection, moment = op.get_bind(), now()
    for (collection_id,) in connection.execute(sa.select(_collection.c.id)).all():
        connection.execute(
            sa.update(_collection)
            .where(_collection.c.id == collection_id)
            .values(secret=os.urandom(32))
        )
    states = sa.select(_administration).where(_administration.c.kind == "member-state")
    for administration in connection.execute(states).all():
        collection_id = uuid.uuid4()
        connection.execute(
            sa.insert(_collection).values(
                id=collection_id,
                title=f"Direct: {administration.code}",
                description="",
                kind="direct",
                administration_id=administration.id,
                machine_writing="off",
                ceiling="amber+strict",
                secret=os.urandom(32),
                created_at=moment,
            )
        )
        connection.execute(
            sa.insert(_member).values(
                collection_id=collection_id,
                administration_id=administration.id,
                may_read=True,
                may_contribute=False,
                since=moment,
            )
        )
    connection.execute(
        sa.update(_release).values(sections=_SECTIONS, object_uuid=_release.c.incident_id)
    )
    given = sa.select(
        _release.c.incident_id, _release.c.collection_id, sa.func.min(_release.c.prepared_at)
    )
    given = given.where(_release.c.state == "approved")
    for incident_id, collection_id, since in connection.execute(
        given.group_by(_release.c.incident_id, _release.c.collection_id)
    ).all():
        connection.execute(
            sa.insert(_known_as).values(
                incident_id=incident_id,
                collection_id=collection_id,
                object_uuid=incident_id,
                since=since,
            )
        )


def _forget() -> None:
    """Take away what the version before has no place for: collections that are no circles."""
    connection = op.get_bind()
    others = sa.select(_collection.c.id).where(_collection.c.kind != "circle")
    gone = sa.or_(
        _release.c.collection_id.in_(others),
        _release.c.incident_id.is_(None),
        _release.c.bundle.is_(None),
    )
    for name in ("peer", "recall_receipt", "recall", "received_note"):
        connection.execute(sa.delete(sa.table(name)))
    connection.execute(
        sa.update(sa.table("incident_observable", sa.column("received_id", sa.Uuid()))).values(
            received_id=None
        )
    )
    connection.execute(
        sa.update(sa.table("release", sa.column("received_id", sa.Uuid()))).values(received_id=None)
    )
    connection.execute(sa.delete(sa.table("received_item")))
    connection.execute(sa.delete(_release).where(gone))
    status = sa.table("taxii_status", sa.column("approval_id", sa.Uuid()))
    connection.execute(sa.delete(status).where(status.c.approval_id.is_(None)))
    # a body that was erased stays; an entry that was withdrawn must not come back
    entry = sa.table("feed_entry", sa.column("withdrawn_at", cirt.db.UtcTime()))
    connection.execute(sa.delete(entry).where(entry.c.withdrawn_at.is_not(None)))
    for name in (
        *("circle_member", "feed_counter", "feed_entry", "standing_approval"),
        *("taxii_status", "taxii_poll"),
    ):
        table = sa.table(name, sa.column("collection_id", sa.Uuid()))
        connection.execute(sa.delete(table).where(table.c.collection_id.in_(others)))
    connection.execute(sa.delete(_collection).where(_collection.c.kind != "circle"))


def upgrade() -> None:
    """sharing in full."""
    op.create_table(
        "audience_ceiling",
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("most_recipients", sa.Integer(), nullable=True),
        sa.Column("strictest", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_audience_ceiling_administration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("administration_id", "role", name=op.f("pk_audience_ceiling")),
    )
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.String(length=300), nullable=True),
        sa.Column("created_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.Column("retired_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_signing_key_administration_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_signing_key_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(
            "ix_signing_key_identity",
            ["identity"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "delivery",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("served_to", sa.BigInteger(), nullable=False),
        sa.Column("served_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_delivery_administration_id")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_delivery_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "administration_id", name=op.f("pk_delivery")),
    )
    op.create_table(
        "item_reference",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column("holder_id", sa.String(length=300), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("says", sa.String(length=5), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_item_reference_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "collection_id", "stix_id", "holder_id", name=op.f("pk_item_reference")
        ),
    )
    with op.batch_alter_table("item_reference", schema=None) as batch_op:
        batch_op.create_index(
            "ix_item_reference_collection_id_holder_id",
            ["collection_id", "holder_id"],
            unique=False,
        )

    op.create_table(
        "join_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_join_request_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_join_request_asked_by")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_join_request_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_join_request_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_request")),
    )
    with op.batch_alter_table("join_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_join_request_collection_id"), ["collection_id"], unique=False
        )

    op.create_table(
        "loose_object",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_loose_object_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "stix_id", name=op.f("pk_loose_object")),
    )
    op.create_table(
        "mention",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_mention_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "key", "stix_id", name=op.f("pk_mention")),
    )
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mention_collection_id_stix_id", ["collection_id", "stix_id"], unique=False
        )

    op.create_table(
        "mention_cursor",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_mention_cursor_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_mention_cursor")),
    )
    op.create_table(
        "peer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("remote_administration_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("receipts_url", sa.String(length=500), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("vouched_by", sa.Uuid(), nullable=True),
        sa.Column("added_after", sa.String(length=60), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("next_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("last_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.Text(), nullable=False),
        sa.Column("last_params", sa.JSON(), nullable=False),
        sa.Column("last_refused", sa.JSON(), nullable=False),
        sa.Column("tally", sa.JSON(), nullable=False),
        sa.Column("receipts_sent", sa.JSON(), nullable=False),
        sa.Column("receipts_outcome", sa.Text(), nullable=False),
        sa.Column("receipts_params", sa.JSON(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("created_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_peer_administration_id")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_peer_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["remote_administration_id"],
            ["administration.id"],
            name=op.f("fk_peer_remote_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["vouched_by"], ["user_account.id"], name=op.f("fk_peer_vouched_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer")),
    )
    with op.batch_alter_table("peer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_peer_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_peer_next_at"), ["next_at"], unique=False)

    op.create_table(
        "policy_card",
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("onward", sa.String(length=16), nullable=False),
        sa.Column("accepts", sa.String(length=16), nullable=False),
        sa.Column("contact", sa.String(length=254), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_policy_card_administration_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["user_account.id"], name=op.f("fk_policy_card_changed_by")
        ),
        sa.PrimaryKeyConstraint("administration_id", name=op.f("pk_policy_card")),
    )
    op.create_table(
        "report_reading",
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_report_reading_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_report_reading_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "collection_id", "stix_id", "administration_id", name=op.f("pk_report_reading")
        ),
    )
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("status_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.Column("version_ids", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_submission_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_submission_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_submission_decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
    )
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_submission_collection_id"), ["collection_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_submission_state"), ["state"], unique=False)

    op.create_table(
        "audience_incident",
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("object_uuid", sa.Uuid(), nullable=False),
        sa.Column("since", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_audience_incident_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_audience_incident_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "incident_id", "collection_id", "object_uuid", name=op.f("pk_audience_incident")
        ),
    )
    with op.batch_alter_table("audience_incident", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audience_incident_object_uuid"), ["object_uuid"], unique=False
        )

    op.create_table(
        "incident_impact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("criticality", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("started_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("ended_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("recoverability", sa.String(length=20), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user_account.id"], name=op.f("fk_incident_impact_added_by")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_incident_impact_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["superseded_by"], ["incident_impact.id"], name=op.f("fk_incident_impact_superseded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_impact")),
    )
    with op.batch_alter_table("incident_impact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_incident_impact_incident_id"), ["incident_id"], unique=False
        )

    op.create_table(
        "incident_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("task_types", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("started_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("ended_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("added_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user_account.id"], name=op.f("fk_incident_task_added_by")
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["user_account.id"], name=op.f("fk_incident_task_assigned_to")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_incident_task_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_task")),
    )
    with op.batch_alter_table("incident_task", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_incident_task_incident_id"), ["incident_id"], unique=False
        )

    op.create_table(
        "legal_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=True),
        sa.Column("held_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", cirt.db.UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_legal_hold_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user_account.id"], name=op.f("fk_legal_hold_ended_by")
        ),
        sa.ForeignKeyConstraint(
            ["held_by"], ["user_account.id"], name=op.f("fk_legal_hold_held_by")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_legal_hold_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_legal_hold_incident_id"), ["incident_id"], unique=False
        )

    op.create_table(
        "protection_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=True),
        sa.Column("finding", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replacement", sa.String(length=200), nullable=False),
        sa.Column("literal", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_protection_decision_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_protection_decision_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_protection_decision_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_decision")),
        sa.UniqueConstraint(
            "incident_id",
            "collection_id",
            "finding",
            name=op.f("uq_protection_decision_incident_id_collection_id_finding"),
        ),
    )
    with op.batch_alter_table("protection_decision", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_protection_decision_incident_id"), ["incident_id"], unique=False
        )

    op.create_table(
        "recall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=True),
        sa.Column("objects", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("recalled_by", sa.Uuid(), nullable=True),
        sa.Column("recalled_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"], ["administration.id"], name=op.f("fk_recall_administration_id")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collection.id"], name=op.f("fk_recall_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_recall_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["recalled_by"], ["user_account.id"], name=op.f("fk_recall_recalled_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint(
            "collection_id", "stix_id", name=op.f("uq_recall_collection_id_stix_id")
        ),
    )
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recall_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_recall_collection_id"), ["collection_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recall_incident_id"), ["incident_id"], unique=False)

    op.create_table(
        "received_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("collection_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("stix_id", sa.String(length=300), nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_received_item_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_received_item_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_received_item_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
            name=op.f("fk_received_item_incident_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_item")),
        sa.UniqueConstraint(
            "administration_id",
            "collection_id",
            "owner_id",
            "stix_id",
            name=op.f("uq_received_item_administration_id_collection_id_owner_id_stix_id"),
        ),
    )
    with op.batch_alter_table("received_item", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_received_item_incident_id"), ["incident_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_received_item_stix_id"), ["stix_id"], unique=False)

    op.create_table(
        "recall_receipt",
        sa.Column("recall_id", sa.Uuid(), nullable=False),
        sa.Column("administration_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["administration_id"],
            ["administration.id"],
            name=op.f("fk_recall_receipt_administration_id"),
        ),
        sa.ForeignKeyConstraint(
            ["recall_id"],
            ["recall.id"],
            name=op.f("fk_recall_receipt_recall_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("recall_id", "administration_id", name=op.f("pk_recall_receipt")),
    )
    op.create_table(
        "received_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("received_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("written_at", cirt.db.UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["received_id"],
            ["received_item.id"],
            name=op.f("fk_received_note_received_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["user_account.id"], name=op.f("fk_received_note_written_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_note")),
    )
    with op.batch_alter_table("received_note", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_received_note_received_id"), ["received_id"], unique=False
        )

    with op.batch_alter_table("circle_member", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("may_moderate", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    with op.batch_alter_table("collection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("administration_id", sa.Uuid(), nullable=True))
        batch_op.add_column(
            sa.Column("membership", sa.String(length=12), server_default="visible", nullable=False)
        )
        batch_op.add_column(
            sa.Column("listed", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("iep", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("secret", sa.LargeBinary(length=32), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_collection_administration_id"), ["administration_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_collection_administration_id"),
            "administration",
            ["administration_id"],
            ["id"],
        )

    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("withdrawn_at", cirt.db.UtcTime(timezone=True), nullable=True)
        )

    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("pap", sa.String(length=8), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("detection_methods", sa.JSON(), server_default="[]", nullable=False)
        )
        batch_op.add_column(
            sa.Column("entity_counts", sa.JSON(), server_default="{}", nullable=False)
        )

    with op.batch_alter_table("incident_observable", schema=None) as batch_op:
        batch_op.add_column(sa.Column("count", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("is_victim", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("received_id", sa.Uuid(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_incident_observable_received_id"), ["received_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_incident_observable_received_id"),
            "received_item",
            ["received_id"],
            ["id"],
            ondelete="SET NULL",
        )

    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("kind", sa.String(length=10), server_default="incident", nullable=False)
        )
        batch_op.add_column(sa.Column("received_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("batch_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("sections", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("unattributed", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("object_uuid", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("audience", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("removed", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("conflicts", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(
            sa.Column("legal_basis", sa.String(length=24), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("retention_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("keep_until", cirt.db.UtcTime(timezone=True), nullable=True))
        batch_op.alter_column("incident_id", existing_type=sa.CHAR(length=32), nullable=True)
        batch_op.alter_column("bundle", existing_type=sa.BLOB(), nullable=True)
        batch_op.create_index(batch_op.f("ix_release_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_keep_until"), ["keep_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_release_object_uuid"), ["object_uuid"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_release_received_id"), "received_item", ["received_id"], ["id"]
        )

    with op.batch_alter_table("taxii_status", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pendings", sa.JSON(), server_default="[]", nullable=False))
        batch_op.alter_column("approval_id", existing_type=sa.CHAR(length=32), nullable=True)
    _fill()
    with op.batch_alter_table("collection", schema=None) as batch_op:
        batch_op.alter_column("secret", existing_type=sa.LargeBinary(length=32), nullable=False)


def downgrade() -> None:
    """Undo it."""
    _forget()
    with op.batch_alter_table("taxii_status", schema=None) as batch_op:
        batch_op.alter_column("approval_id", existing_type=sa.CHAR(length=32), nullable=False)
        batch_op.drop_column("pendings")

    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_release_received_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_release_object_uuid"))
        batch_op.drop_index(batch_op.f("ix_release_keep_until"))
        batch_op.drop_index(batch_op.f("ix_release_batch_id"))
        batch_op.alter_column("bundle", existing_type=sa.BLOB(), nullable=False)
        batch_op.alter_column("incident_id", existing_type=sa.CHAR(length=32), nullable=False)
        batch_op.drop_column("keep_until")
        batch_op.drop_column("retention_days")
        batch_op.drop_column("legal_basis")
        batch_op.drop_column("conflicts")
        batch_op.drop_column("removed")
        batch_op.drop_column("audience")
        batch_op.drop_column("object_uuid")
        batch_op.drop_column("unattributed")
        batch_op.drop_column("sections")
        batch_op.drop_column("batch_id")
        batch_op.drop_column("received_id")
        batch_op.drop_column("kind")

    with op.batch_alter_table("incident_observable", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_incident_observable_received_id"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_incident_observable_received_id"))
        batch_op.drop_column("received_id")
        batch_op.drop_column("is_victim")
        batch_op.drop_column("count")

    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("entity_counts")
        batch_op.drop_column("detection_methods")
        batch_op.drop_column("pap")

    with op.batch_alter_table("feed_entry", schema=None) as batch_op:
        batch_op.drop_column("withdrawn_at")

    with op.batch_alter_table("collection", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_collection_administration_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_collection_administration_id"))
        batch_op.drop_column("secret")
        batch_op.drop_column("iep")
        batch_op.drop_column("listed")
        batch_op.drop_column("membership")
        batch_op.drop_column("administration_id")

    with op.batch_alter_table("circle_member", schema=None) as batch_op:
        batch_op.drop_column("may_moderate")

    with op.batch_alter_table("received_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_received_note_received_id"))

    op.drop_table("received_note")
    op.drop_table("recall_receipt")
    with op.batch_alter_table("received_item", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_received_item_stix_id"))
        batch_op.drop_index(batch_op.f("ix_received_item_incident_id"))

    op.drop_table("received_item")
    with op.batch_alter_table("recall", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recall_incident_id"))
        batch_op.drop_index(batch_op.f("ix_recall_collection_id"))
        batch_op.drop_index(batch_op.f("ix_recall_administration_id"))

    op.drop_table("recall")
    with op.batch_alter_table("protection_decision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_protection_decision_incident_id"))

    op.drop_table("protection_decision")
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_hold_incident_id"))

    op.drop_table("legal_hold")
    with op.batch_alter_table("incident_task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_task_incident_id"))

    op.drop_table("incident_task")
    with op.batch_alter_table("incident_impact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_impact_incident_id"))

    op.drop_table("incident_impact")
    with op.batch_alter_table("audience_incident", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audience_incident_object_uuid"))

    op.drop_table("audience_incident")
    with op.batch_alter_table("submission", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_submission_state"))
        batch_op.drop_index(batch_op.f("ix_submission_collection_id"))

    op.drop_table("submission")
    op.drop_table("report_reading")
    op.drop_table("policy_card")
    with op.batch_alter_table("peer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_peer_next_at"))
        batch_op.drop_index(batch_op.f("ix_peer_administration_id"))

    op.drop_table("peer")
    op.drop_table("mention_cursor")
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.drop_index("ix_mention_collection_id_stix_id")

    op.drop_table("mention")
    op.drop_table("loose_object")
    with op.batch_alter_table("join_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_join_request_collection_id"))

    op.drop_table("join_request")
    with op.batch_alter_table("item_reference", schema=None) as batch_op:
        batch_op.drop_index("ix_item_reference_collection_id_holder_id")

    op.drop_table("item_reference")
    op.drop_table("delivery")
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_signing_key_identity",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_signing_key_administration_id"))

    op.drop_table("signing_key")
    op.drop_table("audience_ceiling")
