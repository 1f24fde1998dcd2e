"""How PostgreSQL is opened: how many connections, for how long one waits, in how many parts."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine

from cirt import partitions

CONNECTIONS = 32
"""Most connections of one process to PostgreSQL, unless its threads need fewer or more."""

PATIENCE = 30
"""Seconds that one statement may take on PostgreSQL."""

PLANNED_ANEW: Final = "cirt_planned_anew"
"""Execution option of a statement whose plan is made each time: one made while a table was small
reads all of it when it has grown, as long as the connection lives."""


def postgresql_engine(url: sa.URL, connections: int, parts: int, patience: int) -> Engine:
    """Return the engine of an address; see `db.Database` for what the numbers mean."""
    engine = sa.create_engine(
        url,
        execution_options={partitions.OPTION: parts},
        hide_parameters=True,  # what people typed stays out of the log
        # libpq keeps the largest message that a connection ever sent: few connections are to send them
        pool_use_lifo=True,
        pool_pre_ping=True,  # a connection that the server's restart ended is replaced unseen
        pool_size=connections // 2,
        max_overflow=connections - connections // 2,
        connect_args={
            "connect_timeout": min(patience, 10),
            "tcp_user_timeout": patience * 1000,  # a machine that vanished without a word
            "options": f"-c timezone=UTC -c statement_timeout={patience * 1000}"
            " -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000"
            # compiling a plan takes longer than any statement here, and partitions look costly
            " -c jit=off",
        },
    )
    event.listen(engine, "do_execute", _execute)
    return engine


def _execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    """Keep no plan of a statement that asks for that; None lets SQLAlchemy execute it."""
    if not context.execution_options.get(PLANNED_ANEW):
        return None
    cursor.execute(statement, parameters, prepare=False)
    return True
