"""Papers and what is known of them besides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """An arXiv work, as its version ``version`` describes it. The primary category comes first.

    ``announced`` is the listing day; sources estimate it where arXiv does not say.
    """

    id: str
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    published: datetime
    updated: datetime
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    announced: date | None = None

    def __hash__(self) -> int:
        # Papers are keys of caches, and all of their texts and authors together take microseconds to hash.
        return hash((self.id, self.version))

    @property
    def primary_category(self) -> str:
        return self.categories[0]

    @property
    def abstract_url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}"


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper says, by its id."""

    id: str
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What a community makes of a paper, as it was at ``read_at``. What is not known is None or empty.

    ``paper``: the id without version. ``repository`` (with its ``stars``) and ``project`` are https addresses.
    ``summary`` and ``keywords`` were written by a machine. All texts are of strangers.
    """

    paper: str
    upvotes: int
    read_at: datetime
    comments: int = 0
    repository: str = ""
    stars: int | None = None
    project: str = ""
    organisation: str = ""
    summary: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper of a top list with the number of members who saved it, one with several accounts counted once."""

    paper: Paper
    saves: int


@dataclass(frozen=True, slots=True)
class Trending:
    """A paper of a ranking by the community and the team: ``saves`` by members of the team, and its signal."""

    paper: Paper
    saves: int
    signal: Signal | None


@dataclass(frozen=True, slots=True)
class Similar:
    """A paper that is like another one. ``because`` says why: "because both speak of …", "because you saved …"."""

    paper: Paper
    because: str
