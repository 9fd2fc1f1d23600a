"""The store in one SQLite file: ``SqliteStore`` fulfils ``bot.ports.Store``.

database      the connection on its own thread, transactions, opening and closing
faults        SQLite's and the system's errors as StoreError, in one place
lock          one process a file
migrations    the numbered list of schemas, each upgrade in place
values        moments, days, lists and papers as columns and back
people        workspaces, channels and members by number; who changed what
papers        the archive                        full_text     its index and the translation of queries
watches       channels with settings, watches     owing         which papers are owed to whom
outbox        posts on their way                  history       posts and deliveries as people ask for them
saves         the library                         cursors       polls, missing numbers, receipts
"""

from storage.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
