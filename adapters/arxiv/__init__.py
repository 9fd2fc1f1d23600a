"""arXiv as the source of papers."""

from adapters.arxiv.source import API_URL, ArxivSource

__all__ = ["API_URL", "ArxivSource"]
