"""A month of the program's life in minutes: `python -m benchmarks.soak` (`make soak`).

Real: the assembly (``bot.app.assembly``) with its store in a SQLite file, the reader of arXiv over HTTP to a stand-in
in another process, matching, fan-out, composing, the outbox, housekeeping with the index of similar papers in a process
of its own (weekly, not daily: it would take longer than all else), and the timetable of all of it. Not real: time,
which jumps to the next moment at which something happens as soon as nothing is left to do (``virtual``), and the
platforms, which take posts in memory with the limits of Slack and Discord (``platforms``).

So it shows what a month does to a process and whether schedules are kept. It does not cover the library that wakes jobs
by the machine's clock (its triggers are asked, its timers are not), the clients of Slack and Discord and their
connections, members who type meanwhile, signals, mails, and whether the machine is fast enough for a minute's work:
while something is computed, virtual time stands still. Other measurements and the tests cover these.

What is in which module: ``month`` what is to happen when; ``crowd`` who watches; ``archive`` arXiv; ``platforms`` Slack
and Discord; ``virtual`` time; ``sampling`` memory, files, tasks and sockets; ``life`` all of it at work; ``account``
what was posted compared with what had to be; ``growth`` how large the file may become; ``table`` the goals.
"""
