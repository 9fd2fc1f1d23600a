"""The store in one SQLite file: ``SqliteStore`` fulfils ``bot.ports.Store``.

store        everything together              database      the connection on its own thread, transactions
lock         one process a file               faults        errors of SQLite and the system as sentences
schema       the tables                       migrations    the numbered steps to it, in place
values       columns and back                 state         single values by name
people       workspaces, members, audit       channels      settings, when they are due
papers       the archive                      days          its listing days
importing    papers by the thousand
full_text    the index, queries as FTS5       rewording     both made again for a new normaliser
watches      queries and who watches them     owing         which papers are owed to whom
queue        whose turn it is                 outbox        posts on their way (backlog: how they stand)
history      posts and deliveries, asked for  moving        a channel with a new identity
cursors      polls, missing numbers           receipts      what a digest proves
fanning      from recorded papers to deliveries  giving     deliveries, old ones packed
keeping      housekeeping of the file
saves        the library                       linking       teams, persons, the codes that join them
mirroring    what addresses are owed           subscriptions addresses, their codes, what became of each mail
relating     similar papers                    figures       a channel week by week
copying      whole copies, checked before they get a name
restoring    what a copy that was put back must find out before it posts
repairing    a damaged file's rows into a new one: read by pages, checked by columns, put together by piecing
lean         sqlite-utils without numpy
"""

from storage.sqlite import lean  # isort: skip  # before anything that imports sqlite-utils
from storage.sqlite.store import SqliteStore

__all__ = ["SqliteStore", "lean"]
