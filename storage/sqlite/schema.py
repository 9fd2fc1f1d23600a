"""The tables of the first migration.

Papers are numbered by ``bot.paper_id.ordinal``: "newest first" is the primary key downwards and the full-text index's
rowid. ``kept`` names the papers that were ever owed, posted, saved or dismissed. Whatever must not lose its paper
refers to ``kept``, so that removing the others needs no index from papers to the millions of deliveries.
"""

CHANNELS = """
CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    platform TEXT NOT NULL,
    workspace TEXT NOT NULL,
    not_before TEXT NOT NULL DEFAULT '',   -- no post is claimed earlier
    served INTEGER NOT NULL DEFAULT 0,     -- rises with each claim: the lowest has its turn
    UNIQUE (platform, workspace)
);

CREATE TABLE channels (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    schedule TEXT NOT NULL,
    layout TEXT NOT NULL,
    made_at TEXT NOT NULL,
    next_due TEXT,
    paused TEXT NOT NULL DEFAULT '',
    receipted INTEGER NOT NULL,
    posted INTEGER NOT NULL DEFAULT 0,     -- papers in posts that were sent
    last_posted TEXT,
    last_error TEXT NOT NULL DEFAULT '',   -- of the latest attempt
    ready_at TEXT,                         -- when its next post may be claimed; NULL: nothing to claim
    UNIQUE (workspace_id, channel)
);
CREATE INDEX channels_due ON channels (next_due) WHERE next_due IS NOT NULL AND paused = '';
CREATE INDEX channels_ready ON channels (workspace_id, ready_at) WHERE ready_at IS NOT NULL;

CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id),
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (workspace_id, member)
);

CREATE TABLE queries (
    id INTEGER PRIMARY KEY,
    canonical TEXT NOT NULL UNIQUE,
    compiled BLOB NOT NULL,                -- empty: it cannot be read any more
    watches INTEGER NOT NULL DEFAULT 0,    -- how many are active
    fresh INTEGER NOT NULL DEFAULT 0       -- 1: watched since the queries were last streamed to the matcher
);
CREATE INDEX queries_fresh ON queries (id) WHERE fresh = 1;

CREATE TABLE watches (
    id INTEGER PRIMARY KEY,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    query_id INTEGER NOT NULL REFERENCES queries (id),
    typed TEXT NOT NULL,
    made_by INTEGER NOT NULL REFERENCES members (id),
    made_at TEXT NOT NULL,
    since TEXT,
    ended_at TEXT
);
CREATE UNIQUE INDEX watches_active ON watches (channel_id, query_id) WHERE ended_at IS NULL;
CREATE INDEX watches_of_query ON watches (query_id, channel_id) WHERE ended_at IS NULL;
CREATE INDEX watches_unset ON watches (id) WHERE ended_at IS NULL AND since IS NULL;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    member_id INTEGER REFERENCES members (id),    -- NULL: the bot itself
    channel_id INTEGER REFERENCES channels (id),
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
"""

ARCHIVE = """
CREATE TABLE papers (
    ordinal INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    announced TEXT,
    recorded INTEGER NOT NULL,             -- 1: read from the id sequence, 0: brought in by a member
    published TEXT NOT NULL,
    updated TEXT NOT NULL,
    categories TEXT NOT NULL,              -- JSON list, the primary one first
    authors TEXT NOT NULL,                 -- JSON list
    title TEXT NOT NULL,
    abstract TEXT NOT NULL,
    comment TEXT,
    doi TEXT,
    journal_ref TEXT
);
CREATE INDEX papers_announced ON papers (announced);

CREATE TABLE versions (
    paper INTEGER NOT NULL REFERENCES papers (ordinal) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    updated TEXT NOT NULL,
    PRIMARY KEY (paper, version)
) WITHOUT ROWID;

CREATE TABLE days (                        -- listing days; '' stands for papers without one
    day TEXT PRIMARY KEY,
    papers INTEGER NOT NULL,
    recorded INTEGER NOT NULL,             -- how many of them were read from the id sequence
    lowest INTEGER NOT NULL,               -- no ordinal of the day lies outside
    highest INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE kept (
    paper INTEGER PRIMARY KEY REFERENCES papers (ordinal)
);

CREATE TABLE matches (
    paper INTEGER NOT NULL REFERENCES papers (ordinal) ON DELETE CASCADE,
    query_id INTEGER NOT NULL REFERENCES queries (id),
    PRIMARY KEY (paper, query_id)
) WITHOUT ROWID;

-- Holds what bot.text makes of a paper, one space between words, so that the tokenizer has nothing to decide.
CREATE VIRTUAL TABLE full_text USING fts5 (
    title, abstract, authors, categories,
    content = '', columnsize = 0, tokenize = "ascii tokenchars '+#.-|'"
);
"""

OUTBOX = """
CREATE TABLE deliveries (                  -- once a channel and paper, for ever
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    paper INTEGER NOT NULL REFERENCES kept (paper),
    state INTEGER NOT NULL,                -- 0 waiting, 1 in a post, 2 withdrawn, 3 its post died
    late INTEGER NOT NULL,
    PRIMARY KEY (channel_id, paper)
) WITHOUT ROWID;
CREATE INDEX deliveries_waiting ON deliveries (channel_id, paper) WHERE state = 0;
CREATE INDEX deliveries_stranded ON deliveries (channel_id, paper) WHERE state = 3;

-- A channel's active watches that want a paper: it matches, and was not announced before the watch.
CREATE VIEW wanted AS
    SELECT w.channel_id, m.paper, m.query_id
    FROM matches m
    JOIN watches w ON w.query_id = m.query_id AND w.ended_at IS NULL
    JOIN papers p ON p.ordinal = m.paper
    WHERE w.since <= coalesce(p.announced, '9999');

CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    kind TEXT NOT NULL,
    heading TEXT NOT NULL,
    text TEXT NOT NULL,
    receipt TEXT,                          -- JSON list: announced, checked, matched, late
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    thread_of INTEGER REFERENCES posts (id),
    composed INTEGER NOT NULL,             -- the first post stored in the same step
    counted_from INTEGER,                  -- the last poll which the channel had been given before
    state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0,
    first_attempt TEXT,
    not_before TEXT NOT NULL,              -- pending: not claimed earlier; uncertain: looked up then
    message TEXT,
    last_error TEXT NOT NULL DEFAULT '',
    made_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX posts_pending ON posts (channel_id, id) WHERE state = 'pending';
CREATE INDEX posts_open ON posts (channel_id) WHERE state IN ('sending', 'uncertain');
CREATE INDEX posts_sending ON posts (id) WHERE state = 'sending';
CREATE INDEX posts_uncertain ON posts (not_before) WHERE state = 'uncertain';
CREATE INDEX posts_sent ON posts (channel_id, id) WHERE state = 'sent';
CREATE INDEX posts_message ON posts (channel_id, message) WHERE message IS NOT NULL;
CREATE INDEX posts_thread ON posts (thread_of) WHERE thread_of IS NOT NULL;

CREATE TABLE entries (
    post_id INTEGER NOT NULL REFERENCES posts (id),
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    paper INTEGER NOT NULL REFERENCES kept (paper),
    owed INTEGER NOT NULL,                 -- 1: for the sake of the channel's delivery of that paper
    late INTEGER NOT NULL,
    words TEXT NOT NULL,                   -- JSON list
    queries TEXT NOT NULL,                 -- JSON list
    PRIMARY KEY (post_id, place)
) WITHOUT ROWID;
"""

LIBRARY = """
CREATE TABLE saves (
    member_id INTEGER NOT NULL REFERENCES members (id),
    paper INTEGER NOT NULL REFERENCES kept (paper),
    channel_id INTEGER REFERENCES channels (id),  -- NULL: taken back without having been saved
    saved_at TEXT NOT NULL,                       -- or taken back
    taken_back INTEGER NOT NULL DEFAULT 0,        -- remembered, since events come in any order
    PRIMARY KEY (member_id, paper)
) WITHOUT ROWID;
CREATE INDEX saves_of_member ON saves (member_id, saved_at) WHERE NOT taken_back;
CREATE INDEX saves_in_channel ON saves (channel_id, paper, saved_at) WHERE NOT taken_back;

CREATE TABLE dismissals (
    channel_id INTEGER NOT NULL REFERENCES channels (id),
    paper INTEGER NOT NULL REFERENCES kept (paper),
    member_id INTEGER NOT NULL REFERENCES members (id),
    dismissed_at TEXT NOT NULL,
    PRIMARY KEY (channel_id, paper, member_id)
) WITHOUT ROWID;

CREATE TABLE events (                      -- of the platforms, handled already
    event TEXT PRIMARY KEY,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX events_at ON events (at);
"""

POLLS = """
CREATE TABLE state (                       -- single values: cursor, last success, sign of life, …
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE polls (                       -- what each recorded batch covered, a row for each of its listing days
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    day TEXT,
    news INTEGER NOT NULL,                 -- 0: back-fill, counted in no receipt
    announced INTEGER NOT NULL,
    checked INTEGER NOT NULL
);
CREATE INDEX polls_day ON polls (day);

CREATE TABLE missing (
    id TEXT PRIMARY KEY,
    announced TEXT,
    first_missed TEXT NOT NULL,
    last_asked TEXT NOT NULL,
    asked INTEGER NOT NULL,
    poll INTEGER NOT NULL                  -- the row of polls that counts it as announced; 0: none
) WITHOUT ROWID;

CREATE TABLE found_late (                  -- papers that had been missing
    paper INTEGER PRIMARY KEY REFERENCES papers (ordinal) ON DELETE CASCADE,
    missed INTEGER NOT NULL,               -- the row of polls that counts it as announced; 0: none
    found INTEGER NOT NULL                 -- the last row of polls when it was found
);
CREATE INDEX found_late_found ON found_late (found);
"""
