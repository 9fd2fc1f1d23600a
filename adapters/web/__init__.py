"""HTTP: what the process says of itself, and what other adapters have served."""

from adapters.web.server import WebServer

__all__ = ["WebServer"]
