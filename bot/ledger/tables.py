"""The ledger's tables: how each version made them, and as they are now."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Storable(TypeDecorator[str]):
    """Text of strangers: what no database takes (NUL, lone surrogates) is written as an escape."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """Make it storable."""
        if value is None:
            return None
        return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


metadata = sa.MetaData()
version = sa.Table("ledger_version", metadata, sa.Column("version", sa.Integer))
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("guid", Storable, primary_key=True),
    sa.Column("event", Storable),
    sa.Column("action", Storable),
    sa.Column("repository", Storable),
    sa.Column("received_at", sa.Double),
    sa.Column("outcome", Storable),
)
pulls = sa.Table(
    "pulls",
    metadata,
    sa.Column("repository", Storable, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("installation", sa.BigInteger),
    sa.Column("head", Storable),
    sa.Column("seen_at", sa.Double),
    sa.Column("open", sa.Boolean),
)
reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", Storable, primary_key=True),
    sa.Column("repository", Storable),
    sa.Column("number", sa.BigInteger),
    sa.Column("head", Storable),
    sa.Column("started_at", sa.Double),
    sa.Column("outcome", Storable),
    sa.Column("finished_at", sa.Double),
    sa.Column("model", Storable),
    sa.Column("prompt_tokens", sa.BigInteger),
    sa.Column("completion_tokens", sa.BigInteger),
)
findings = sa.Table(
    "findings",
    metadata,
    sa.Column("review", Storable, sa.ForeignKey("reviews.id"), primary_key=True),
    sa.Column("fingerprint", Storable, primary_key=True),
    sa.Column("path", Storable),
    sa.Column("line", sa.BigInteger),
    sa.Column("severity", Storable),
    sa.Column("rule", Storable),
)
policies = sa.Table(
    "policies",
    metadata,
    sa.Column("repository", Storable, primary_key=True),
    sa.Column("revision", Storable),
    sa.Column("text", Storable),
)
measures = sa.Table(
    "measures",
    metadata,
    sa.Column("name", Storable, primary_key=True),
    sa.Column("label", Storable, primary_key=True),
    sa.Column("count", sa.BigInteger),
    sa.Column("total", sa.Double),
)

# Never change one that was released: add the next. Statements that both databases understand.
MIGRATIONS = (
    (
        """CREATE TABLE deliveries (guid TEXT PRIMARY KEY, event TEXT NOT NULL,
            action TEXT NOT NULL, repository TEXT NOT NULL, received_at DOUBLE PRECISION NOT NULL,
            outcome TEXT NOT NULL)""",
        "CREATE INDEX deliveries_by_time ON deliveries (received_at)",
        """CREATE TABLE pulls (repository TEXT NOT NULL, number BIGINT NOT NULL,
            installation BIGINT NOT NULL, head TEXT NOT NULL, seen_at DOUBLE PRECISION NOT NULL,
            open BOOLEAN NOT NULL, PRIMARY KEY (repository, number))""",
        """CREATE TABLE reviews (id TEXT PRIMARY KEY, repository TEXT NOT NULL,
            number BIGINT NOT NULL, head TEXT NOT NULL, started_at DOUBLE PRECISION NOT NULL,
            outcome TEXT NOT NULL, finished_at DOUBLE PRECISION NOT NULL, model TEXT NOT NULL,
            prompt_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL)""",
        "CREATE INDEX reviews_by_pull ON reviews (repository, number)",
        "CREATE INDEX reviews_by_time ON reviews (started_at)",
        """CREATE TABLE findings (review TEXT NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
            fingerprint TEXT NOT NULL, path TEXT NOT NULL, line BIGINT NOT NULL,
            severity TEXT NOT NULL, rule TEXT NOT NULL, PRIMARY KEY (review, fingerprint))""",
        """CREATE TABLE policies (repository TEXT PRIMARY KEY, revision TEXT NOT NULL,
            text TEXT NOT NULL)""",
        """CREATE TABLE measures (name TEXT NOT NULL, label TEXT NOT NULL, count BIGINT NOT NULL,
            total DOUBLE PRECISION NOT NULL, PRIMARY KEY (name, label))""",
    ),
)
