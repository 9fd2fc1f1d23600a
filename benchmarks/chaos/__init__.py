"""The crash campaign: the real program, killed again and again in bad weather, and an account of what became of it.

Some *towns* run side by side. A town has stand-ins of Slack, Discord, a mail server and arXiv on loopback, members who
watch, save and press buttons, and the program as a process of its own. Papers appear in bursts. The program lives for
some seconds and is killed (SIGKILL): at a random instant, before or after a chosen commit of a chosen method of the
store, or when a platform has stored a message and not answered yet. Then it is started again on the same file.

Meanwhile things go wrong: answers are lost, refused, late, garbage; connections break; events come twice and out of
order; clocks jump; the disk is full, the database locked.

In the end the faults stop, the program is let work off what is left, and every message on the platforms is compared
with what was announced and watched: this is the account. Nothing in the product knows of any of this; the launcher
wraps what it has to.

All clocks run faster than the machine's, the program's and the platforms' alike, so that a settling time of half a
minute takes a second.
"""
