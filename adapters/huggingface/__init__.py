"""The community's signals from Hugging Face's Daily Papers."""

from adapters.huggingface.source import HuggingFaceSource

__all__ = ["HuggingFaceSource"]
