"""The core of paperroute: it knows no chat platform, no SQL, no arXiv wire format."""

__version__ = "0.1.0"
