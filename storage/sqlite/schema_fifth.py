"""The tables of the fifth migration: what came with digests by e-mail."""

from __future__ import annotations

MAIL = """
-- An address that gets a copy of what a channel is owed. Never removed: a paper comes once an address for ever.
CREATE TABLE mail_subscriptions (
    channel_id INTEGER PRIMARY KEY REFERENCES channels (id),  -- the address as a channel
    source_id INTEGER NOT NULL REFERENCES channels (id),
    member_id INTEGER NOT NULL REFERENCES members (id),
    made_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE INDEX mail_subscriptions_source ON mail_subscriptions (source_id);
CREATE INDEX mail_subscriptions_active ON mail_subscriptions (source_id, channel_id) WHERE ended_at IS NULL;
CREATE INDEX mail_subscriptions_member ON mail_subscriptions (member_id) WHERE ended_at IS NULL;

CREATE TABLE mail_codes (                  -- those that may still be entered
    digest BLOB PRIMARY KEY,               -- the code itself is kept nowhere
    member_id INTEGER NOT NULL REFERENCES members (id),
    source_id INTEGER NOT NULL REFERENCES channels (id),
    address TEXT NOT NULL,
    schedule TEXT NOT NULL,
    ends_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mail_codes_source ON mail_codes (source_id);
CREATE INDEX mail_codes_ends ON mail_codes (ends_at);

CREATE TABLE mailed_codes (                -- mails with codes, lately
    id INTEGER PRIMARY KEY,
    member_id INTEGER NOT NULL REFERENCES members (id),
    mailbox TEXT NOT NULL,
    at TEXT NOT NULL
);
CREATE INDEX mailed_codes_member ON mailed_codes (member_id, at);
CREATE INDEX mailed_codes_mailbox ON mailed_codes (mailbox, at);
CREATE INDEX mailed_codes_at ON mailed_codes (at);

CREATE TABLE mails (                       -- posts whose last byte was sent, or was about to be
    key TEXT PRIMARY KEY,
    taken INTEGER,                         -- NULL: nobody knows
    begun_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX mails_begun ON mails (begun_at);
"""
