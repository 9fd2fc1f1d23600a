"""The invented papers of the pictures in `docs/`, the same on every platform: a digest of them and cards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from bot.models import ChannelRef, Entry, MessageRef, Paper, Post, PostKind, Receipt


def _paper(number: int, title: str, authors: str, categories: str, abstract: str = "", **more: Any) -> Paper:
    moment = datetime(2026, 3, 3, 15, tzinfo=UTC)
    return Paper(
        f"2603.{number:05}", 1, title, abstract, tuple(authors.split(", ")), tuple(categories.split()), moment, moment,
        announced=date(2026, 3, 4), **more,
    )  # fmt: skip


_ABSTRACT = (
    "Reward models are trained on comparisons, but who compares? We let $n$ readers rank the same answers "
    "and ask how far a policy trained on their mean drifts from each of them. With a penalty of $\\lambda "
    "\\leq 0.1$ the drift falls by half while the mean reward stays within $\\pm 2\\%$; beyond that, "
    "\\emph{everybody} loses. Code and rankings are released."
)
PAPERS = (
    (_paper(1207, "Whose Preferences? Reward Models under Disagreeing Readers",
            "Ada Post, Émile Café, Jun Mori, Lena Weg", "cs.CL cs.LG", _ABSTRACT,
            comment="14 pages, 6 figures; code at the project page"), ("RLHF", "reward model")),
    (_paper(1310, "Small Critics for Long Answers", "Noor Haddad, Tomás Ruiz", "cs.LG"), ("reward model",)),
    (_paper(1544, "RLHF without Regret: a Bandit View of $\\varepsilon$-Greedy Tuning",
            "Mia Lund, Piotr Zając, Ife Ade", "stat.ML cs.LG"), ("RLHF",)),
    (_paper(1871, "Asking Twice: Consistency as a Training Signal", "Wei Chen, Ana Sousa", "cs.CL"), ("RLHF",)),
)  # fmt: skip


def digest(channel: ChannelRef) -> Post:
    """A digest of all of them."""
    entries = tuple(Entry(number, paper, words) for number, (paper, words) in enumerate(PAPERS, 1))
    heading = "4 new papers · Wednesday 4 March 2026"
    return Post("k" * 24, channel, PostKind.DIGEST, heading, entries, Receipt(1_203, 1_203, 4))


def cards(channel: ChannelRef, thread: MessageRef | None = None) -> list[Post]:
    """The card of each, in the thread of their digest."""
    return [
        Post(letter * 24, channel, PostKind.CARD, entries=(entry,), thread=thread)
        for letter, entry in zip("abcd", digest(channel).entries, strict=True)
    ]
