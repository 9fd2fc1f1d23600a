"""What papers say an acronym stands for."""

from __future__ import annotations

import pytest

from bot.acronyms import is_acronym, long_forms
from bot.models import Paper
from tests.factories import make_paper


def papers(*abstracts: str) -> list[Paper]:
    return [make_paper(f"2603.{n:05}", title="On letters", abstract=text) for n, text in enumerate(abstracts, 1)]


@pytest.mark.parametrize("word", ["RLHF", "LLM", "LLMs", "LoRA", "MoE", "KV", "GNNs", "NeRF", "AutoML", "Q&A", "GPT2"])
def test_acronyms(word: str) -> None:
    assert is_acronym(word)


@pytest.mark.parametrize(
    "word", ["rlhf", "DeepSeek", "PyTorch", "A", "As", "a", "", "3D", "ABCDEFGHIJKL", "R*", "of the"]
)
def test_other_words(word: str) -> None:
    assert not is_acronym(word)


@pytest.mark.parametrize(
    ("acronym", "text", "form"),
    [
        (
            "RLHF",
            "We use reinforcement learning from human feedback (RLHF).",
            "reinforcement learning from human feedback",
        ),
        ("LoRA", "and Low-Rank Adaptation (LoRA) is", "Low-Rank Adaptation"),
        ("GNN", "that graph neural networks (GNNs) are", "graph neural networks"),
        ("GNNs", "a graph neural network (GNN)", "graph neural network"),
        ("LM", "small language models (LMs)", "language models"),
        ("KV", "the key-value (KV) cache", "key-value"),
        ("MoE", "by mixture of experts (MoE; see below)", "mixture of experts"),
        ("PPO", "with proximal policy optimization (PPO)", "proximal policy optimization"),
        ("SOTA", "the state-of-the-art (SOTA)", "state-of-the-art"),
        ("CLIP", "Contrastive Language-Image Pre-training (CLIP)", "Contrastive Language-Image Pre-training"),
        ("VAE", "a variational autoencoder (VAE)", "variational autoencoder"),
        ("XAI", "explainable artificial intelligence (XAI)", "explainable artificial intelligence"),
        ("RAG", "RAG (retrieval-augmented generation) helps", "retrieval-augmented generation"),
        ("AD", "in Alzheimer's disease (AD)", "Alzheimer's disease"),
        ("VLA", "vision, language, and action (VLA)", "vision, language, and action"),
        ("PDE", "a \\emph{partial differential} equation (PDE)", "partial differential equation"),
        ("rlhf", "reinforcement learning from human feedback (RLHF)", "reinforcement learning from human feedback"),
    ],
)
def test_long_form(acronym: str, text: str, form: str) -> None:
    assert long_forms(acronym, papers(text)) == [(form, 1)]


@pytest.mark.parametrize(
    ("acronym", "text"),
    [
        ("RLHF", "nothing is said about RLHF here"),
        ("RLHF", "we tune (RLHF) and go on"),
        ("RLHF", "Reinforcement learning. From human feedback (RLHF)"),
        ("RLHF", "the method (RLHF)"),
        ("GPU", "Compute (GPU)"),
        ("LLM", "LLM (LLaMA-2-7B)"),
        ("BERT", "BERT (BERT-large)"),
        ("OF", "of fun (OF)"),
        ("A", "anything (A)"),
        ("", "anything ()"),
        ("C*", "certain stars (C*)"),
    ],
)
def test_no_long_form(acronym: str, text: str) -> None:
    assert long_forms(acronym, papers(text)) == []


def test_spellings_are_merged_and_counted_by_paper() -> None:
    found = long_forms(
        "RL",
        papers(
            "Reinforcement Learning (RL). Again reinforcement learning (RL).",
            "reinforcement learning (RL)",
            "Reinforcement learning (RL)",
            "reinforcement-learning (RL)",
            "representation learning (RL)",
            "RL (reinforcement learning)",
        ),
    )
    assert found == [("reinforcement learning", 5), ("representation learning", 1)]


@pytest.mark.parametrize(
    ("acronym", "form"),
    [
        ("RLHF", "reinforcement learning from human feedback"),
        ("LLM", "large language models"),
        ("RAG", "retrieval-augmented generation"),
        ("MoE", "mixture-of-experts"),
        ("LoRA", "low-rank adaptation"),
        ("KV", "key-value"),
    ],
)
def test_real_papers_agree(acronym: str, form: str, real_papers: list[Paper]) -> None:
    found = long_forms(acronym, real_papers[20_000:26_000])
    assert found[0][0].casefold() == form
    assert found[0][1] >= 4
    assert len(found) == 1 or found[0][1] >= 2 * found[1][1]
