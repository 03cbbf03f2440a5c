-- A history of version 1, as the code of that version wrote it.
PRAGMA application_id = 1685480296;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE conversations (
            id TEXT PRIMARY KEY,
            title TEXT NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            head INTEGER REFERENCES turns (id),
            model TEXT NOT NULL DEFAULT ''
        ) STRICT;
CREATE TABLE turns (
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
        ) STRICT;
CREATE INDEX turns_parent ON turns (parent);
CREATE INDEX turns_conversation ON turns (conversation);
CREATE INDEX turns_streaming ON turns (id) WHERE status = 'streaming';
CREATE INDEX conversations_updated ON conversations (updated);
CREATE INDEX conversations_head ON conversations (head);
CREATE VIRTUAL TABLE words USING fts5 (tokens, tokenize = 'ascii');
INSERT INTO turns VALUES (1, NULL, '4ujyfag5', 1, 'user', 'what is a rebase?', 'complete', '', '', NULL, NULL, NULL, NULL, NULL, 1795261530.747619, '', '', '');
INSERT INTO turns VALUES (2, 1, '4ujyfag5', 2, 'assistant', 'It moves commits onto another base.', 'complete', 'SmolLM2-135M-Instruct', 'this machine', 21, 9, 4, 0, 1.5, 1795261530.7479837, 'hm', '', '1:0');
INSERT INTO turns VALUES (3, 2, '4ujyfag5', 3, 'user', 'and a merge?', 'complete', '', '', NULL, NULL, NULL, NULL, NULL, 1795261530.7484822, '', '', '');
INSERT INTO turns VALUES (4, 3, '4ujyfag5', 4, 'assistant', 'It joins', 'interrupted', 'openai:gpt-5', 'api.openai.com', NULL, NULL, NULL, NULL, NULL, 1795261530.74864, '', '', '1:0');
INSERT INTO turns VALUES (5, 2, 'ndllh3ia', 3, 'user', '怎样用git提交代码？', 'complete', '', '', NULL, NULL, NULL, NULL, NULL, 1795261530.7491248, '', '', '');
INSERT INTO turns VALUES (6, 5, 'ndllh3ia', 4, 'assistant', '先 git add', 'error', 'SmolLM2-135M-Instruct', 'this machine', NULL, NULL, NULL, NULL, NULL, 1795261530.7493258, '', 'the engine died', '1:0');
INSERT INTO turns VALUES (7, NULL, 'ht5a2bjo', 1, 'user', 'count', 'complete', '', '', NULL, NULL, NULL, NULL, NULL, 1795261530.7497647, '', '', '');
INSERT INTO turns VALUES (8, 7, 'ht5a2bjo', 2, 'assistant', 'one two three', 'streaming', 'm', 'this machine', NULL, NULL, NULL, NULL, NULL, 1795261530.7499108, '', '', '1:0');
INSERT INTO conversations VALUES ('4ujyfag5', 'what is a rebase?', 1795261530.7474344, 1795261530.7489367, 4, 'openai:gpt-5');
INSERT INTO conversations VALUES ('ndllh3ia', '怎样提交代码？', 1795261530.7489986, 1795261530.7496371, 6, 'SmolLM2-135M-Instruct');
INSERT INTO conversations VALUES ('ht5a2bjo', 'cut off', 1795261530.7497036, 1795261530.7499108, 8, 'm');
INSERT INTO words (rowid, tokens) VALUES (1, 'what is a rebase');
INSERT INTO words (rowid, tokens) VALUES (2, 'it moves commits onto another base');
INSERT INTO words (rowid, tokens) VALUES (3, 'and a merge');
INSERT INTO words (rowid, tokens) VALUES (4, 'it joins');
INSERT INTO words (rowid, tokens) VALUES (5, '怎样 样用 用 git 提交 交代 代码 码');
INSERT INTO words (rowid, tokens) VALUES (6, '先 git add');
INSERT INTO words (rowid, tokens) VALUES (7, 'count');
PRAGMA user_version = 1;
COMMIT;
