"""Whether a paper was withdrawn.

arXiv has no field for it: a withdrawal is a new version without a text, whose comment says so, or in older papers the
abstract (https://info.arxiv.org/help/withdraw.html). The words are the authors' own, so only statements about this very
paper count, at the beginning of the comment or the abstract.
"""

from __future__ import annotations

import re

from bot.models import Paper

_STATEMENT = re.compile(
    r"\W*(?:"
    r"(?:this|the)\s+(?:paper|article|submission|manuscript|work|preprint|version|note|document)s?"
    r"\s+(?:has\s+been|is|was|have\s+been)\s+(?:now\s+|temporarily\s+)?withdrawn\b"
    r"|(?:paper|article|submission|manuscript)\s+(?:has\s+been\s+)?withdrawn\b"
    r"|withdrawn\s+(?:by|due|because|for|as|since|pending)\b"
    r"|withdrawn\s*(?:[.;:,(]|$)"
    r"|(?:the\s+)?authors?\s+(?:have|has|wish(?:es)?\s+to)\s+withdr(?:awn|aw)\b"
    r"|(?:i|we)\s+(?:have\s+)?(?:withdraw|withdrawn|withdrew)\s+(?:this|the)\b"
    r"|arxiv\s+admin(?:istrators?)?\s*(?:note)?\s*:?\s*(?:this\s+)?(?:submission|paper|article)\s+(?:has\s+been\s+|was\s+)?"
    r"(?:withdrawn|removed)\b"
    r")",
    re.IGNORECASE,
)


def is_withdrawn(paper: Paper) -> bool:
    """Whether the version at hand is a withdrawal."""
    return any(_STATEMENT.match(text.strip()[:400]) for text in (paper.comment or "", paper.abstract))
