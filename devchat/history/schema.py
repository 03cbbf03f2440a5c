"""The tables, as numbered steps from one version of the file to the next.

A step that was released is never changed; a new one goes to the end.
"""

from __future__ import annotations

from collections.abc import Sequence

WORDS = "CREATE VIRTUAL TABLE words USING fts5 (tokens, tokenize = 'ascii')"
"""Words are parted by `devchat.history.words`; this tokenizer splits only at the spaces."""
MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """CREATE TABLE conversations (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            head INTEGER REFERENCES turns (id),
            model TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        # AUTOINCREMENT: the id of a removed turn never becomes another one's.
        """CREATE TABLE turns (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            parent INTEGER REFERENCES turns (id),
            conversation TEXT NOT NULL REFERENCES conversations (id),
            depth INTEGER NOT NULL,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            status TEXT NOT NULL,
            model TEXT NOT NULL DEFAULT '',
            location TEXT NOT NULL DEFAULT '',
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            cached_tokens INTEGER,
            exact INTEGER,
            seconds REAL,
            created REAL NOT NULL,
            reasoning TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT '',
            writer TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        "CREATE INDEX turns_parent ON turns (parent)",
        "CREATE INDEX turns_conversation ON turns (conversation)",
        "CREATE INDEX turns_streaming ON turns (id) WHERE status = 'streaming'",
        "CREATE INDEX conversations_updated ON conversations (updated)",
        "CREATE INDEX conversations_head ON conversations (head)",
        WORDS,
    ),
    (
        # What a question was asked with. No system text: the prompt's own.
        "ALTER TABLE turns ADD COLUMN prompt TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE turns ADD COLUMN system TEXT",
        # Each picture once, however often it was sent.
        """CREATE TABLE pictures (
            sha256 BLOB PRIMARY KEY,
            media_type TEXT NOT NULL,
            data BLOB NOT NULL
        ) STRICT""",
        """CREATE TABLE attached (
            turn INTEGER NOT NULL REFERENCES turns (id),
            place INTEGER NOT NULL,
            name TEXT NOT NULL,
            picture BLOB NOT NULL REFERENCES pictures (sha256),
            PRIMARY KEY (turn, place)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX attached_picture ON attached (picture)",
    ),
)
VERSION = len(MIGRATIONS)
