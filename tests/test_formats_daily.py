"""The page of daily papers, as a renderer with tables shows it."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.formats.daily import ROWS, Part, Section, daily_page
from bot.models import Paper
from tests.factories import make_paper

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Rendered(HTMLParser):
    """The headings, links, cells and texts of a rendered page; nothing but the page's own elements may be there."""

    OWN = frozenset(
        {"h1", "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "a", "details", "summary"}
    )

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.headings: list[str] = []
        self.links: list[str] = []
        self.folded = 0
        self._into: list[str] | None = None
        self.feed(MarkdownIt("gfm-like", {"linkify": False}).render(page))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.OWN
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._into = self.rows[-1]
        elif tag in ("h1", "h2", "h3"):
            self.headings.append("")
            self._into = self.headings
        elif tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        elif tag == "details":
            self.folded += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "h1", "h2", "h3"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data


def page_of(papers: list[Paper], query: str = "RLHF") -> str:
    return daily_page([Part("", [Section(query, papers)])], NOON, "UTC")


def test_a_page_of_a_channel() -> None:
    paper = make_paper(comment="9 pages")
    page = daily_page([Part("", [Section("RLHF", [paper]), Section("#cs.CL moss", [])])], NOON, "Europe/Berlin")
    assert page == (
        "# Daily papers\n\n"
        "Last update: 2026-03-04 13:00 (Europe/Berlin)\n\n"
        "## RLHF\n\n"
        "| Title | Date | Abstract | Comment |\n"
        "| --- | --- | --- | --- |\n"
        "| **[A study of careful delivery](https://arxiv.org/abs/2603.00001)** | 2026-03-03 | "
        "<details><summary>Show</summary>We deliver every letter exactly once and count the steps.</details> "
        "| 9 pages |\n\n"
        "## \\#cs.CL moss\n\n"
        "No papers yet.\n"
    )
    shown = Rendered(page)
    assert shown.headings == ["Daily papers", "RLHF", "#cs.CL moss"]
    assert shown.rows[0] == ["Title", "Date", "Abstract", "Comment"]
    assert shown.rows[1] == [
        "A study of careful delivery", "2026-03-03", "ShowWe deliver every letter exactly once and count the steps.",
        "9 pages",
    ]  # fmt: skip
    assert (shown.links, shown.folded) == ([paper.abstract_url], 1)


def test_channels_have_parts_of_their_own() -> None:
    section = Section("RLHF", [make_paper()])
    page = daily_page([Part("slack #reading|x", [section]), Part("discord", [section])], NOON, "UTC")
    assert Rendered(page).headings == ["Daily papers", "slack #reading|x", "RLHF", "discord", "RLHF"]


def test_the_latest_hundred_are_shown_and_a_paper_once() -> None:
    papers = [make_paper(f"2603.{number:05}") for number in range(ROWS + 5)]
    shown = Rendered(page_of([papers[0], *papers]))
    assert len(shown.rows) == 1 + ROWS
    assert shown.links == [paper.abstract_url for paper in papers[:ROWS]]


def test_a_page_of_nothing_says_so() -> None:
    assert "Nothing is watched yet." in daily_page([Part("", [])], NOON, "UTC")


@pytest.mark.parametrize(
    "text",
    [
        "a | b || c", "\\| x", "`code | more", "[a](b) | ![c](d)", "<script>alert(1)</script> | <details>",
        "</details></td></tr>", "line\nbreak\r\n\r\n| x | y |", "$a|b$ \\alpha_{1|2}", "**b** __c__ ~~d~~ # e",
        "&lt;b&gt; &amp; &#124;", "ends with \\", "https://evil.example | www.evil.example", "| --- | --- |",
        "\u2028| a\u2029| b\x0b\x0c\x85", "``` \n | x", "<!-- | -->", "<![CDATA[ | ]]>", "<a href='|'>x",
    ],
)  # fmt: skip
def test_every_row_is_shown_with_its_four_cells(text: str) -> None:
    papers = [make_paper("2603.00001", title=text, abstract=text, comment=text), make_paper("2603.00002")]
    shown = Rendered(page_of(papers, text))
    assert [len(row) for row in shown.rows] == [4, 4, 4]
    assert shown.links == [paper.abstract_url for paper in papers]
    assert shown.folded == 2
    if "\\" not in text and "$" not in text and not any(mark in text for mark in ("~", "``", "\u2028")):
        plain = " ".join(text.split())
        assert shown.rows[1][0] == shown.rows[1][3] == shown.headings[1] == plain
        assert shown.rows[1][2] == f"Show{plain}"


_hostile = st.text(max_size=30) | st.text(alphabet="\r\n\t -=+@|[]()<>`*_\\$&#!\"';:{}~^ax/", max_size=40)


@settings(deadline=None)
@given(st.lists(st.tuples(_hostile, _hostile, _hostile), min_size=1, max_size=3), _hostile)
def test_no_text_breaks_the_table(texts: list[tuple[str, str, str]], query: str) -> None:
    papers = [
        make_paper(f"2603.{n:05}", title=title, abstract=abstract, comment=comment)
        for n, (title, abstract, comment) in enumerate(texts)
    ]
    shown = Rendered(page_of(papers, query).encode("utf-8", "replace").decode())
    assert [len(row) for row in shown.rows] == [4] * (1 + len(papers))
    assert shown.links == [paper.abstract_url for paper in papers]
