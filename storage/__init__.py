"""Keeps what the core asks it to keep. Knows the core's vocabulary and ports; nothing of chat platforms or arXiv."""
