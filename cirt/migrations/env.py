"""Alembic's entry: runs within the connection that cirt.migrations hands over."""

from alembic import context

from cirt import models, partitions
from cirt.db import Base

connection = context.config.attributes["connection"]
assert models  # noqa: S101 - imported so that every table is known
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    **partitions.comparison(connection.dialect),
    user_module_prefix="cirt.db.",
)
with context.begin_transaction():
    context.run_migrations()
