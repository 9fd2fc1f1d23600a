"""What the community makes of a paper, in words."""

from __future__ import annotations

from bot.models import Signal
from bot.signal_line import MOST_LINE, signal_facts, signal_line, signal_links
from tests.factories import make_signal

FULL = make_signal(
    comments=1, repository="https://github.com/lab/letters", stars=1_412, project="https://letters.example/",
    organisation="THUDM", summary="Letters\n arrive.", keywords=("letters", " ", "steps"),
)  # fmt: skip


def test_a_line_has_what_there_is() -> None:
    lines: list[tuple[Signal | None, str]] = [
        (FULL, "▲ 87 on Hugging Face · code ★ 1,412 · THUDM"),
        (make_signal(upvotes=3), "▲ 3 on Hugging Face"),
        (make_signal(upvotes=0, repository="https://github.com/a/b"), "code"),
        (make_signal(upvotes=0), ""),
        (None, ""),
    ]
    for signal, line in lines:
        assert signal_line(signal) == line


def test_a_line_is_one_short_line_whatever_the_organisation_is_called() -> None:
    line = signal_line(make_signal(upvotes=10**12, repository="x", stars=10**12, organisation="Long\nname " * 99))
    assert len(line) <= MOST_LINE
    assert "\n" not in line
    assert line.endswith("…")


def test_facts_name_what_a_machine_wrote() -> None:
    assert signal_facts(FULL) == [
        "▲ 87 on Hugging Face · code ★ 1,412 · THUDM · 1 comment (read on Wednesday 4 March 2026)",
        "AI summary, by Hugging Face and not by the authors: Letters arrive.",
        "AI keywords: letters, steps",
    ]
    assert signal_facts(make_signal(upvotes=0)) == []
    assert signal_facts(None) == []


def test_links() -> None:
    page = ("Hugging Face", "https://huggingface.co/papers/2603.00001")
    assert signal_links(FULL) == [("Code", FULL.repository), ("Project page", FULL.project), page]
    assert signal_links(make_signal()) == [page]
    assert signal_links(None) == []
