"""The archive's words, weighed: ``FileIndex`` fulfils ``bot.ports.TermIndex`` with a file beside the database.

file       the file: how it is written and read        index      the file's owner: reads it, has it made anew
building   counts and weighs; runs in a process of its own, the only one that loads scikit-learn
"""

from adapters.tfidf.index import FileIndex

__all__ = ["FileIndex"]
"""The name is of the way words are weighed."""
