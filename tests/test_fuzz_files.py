"""Answers, files and settings that somebody else made: read, or refused in a sentence; never an exception."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import arxiv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arxiv.feed import UnsoundError, screen
from adapters.arxiv.parse import LONGEST_ABSTRACT, LONGEST_TITLE, to_paper
from adapters.arxiv.snapshot import RecordError, Snapshot
from bot.commands.importing import MOST_BYTES
from bot.config import Config
from bot.conversation import File
from bot.errors import ConfigError
from tests.commands_kit import open_room
from tests.defects import noted
from tests.factories import make_paper
from tests.standins.arxiv_atom import entry, feed
from tests.standins.clock import FakeClock
from tests.store_kit import NOW
from tests.strategies import damaged, strange_texts
from tests.thoroughness import examples

GOOD = feed([entry(make_paper(f"2603.{number:05}")) for number in (1, 2)], total=2, start=0, size=200)
MARKS = [
    "<", ">", "&", "&#0;", "&#x202e;", "&amp;", "<a>", "</entry>", "<entry>", "]]>", "<![CDATA[", "<!--",
    "<?x?>", "\x00", "<!DOCTYPE feed [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]>", "&b;",
    'encoding="utf-16"', "9" * 5_000, "-1",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "2026-02-30T00:00:00Z", "xmlns=''", "v0", "é", "\u202e",
]  # fmt: skip


@st.composite
def spoiled(draw: st.DrawFn, text: str, marks: list[str]) -> bytes:
    """A text with some of its places overwritten, and perhaps cut off or in another encoding."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 60))
        text = text[:start] + draw(st.sampled_from(marks) | st.text(max_size=5)) + text[end:]
    if draw(st.booleans()):
        text = text[: draw(st.integers(0, len(text)))]
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1", "utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
    )
    return text.encode(encoding, "replace")


def _papers(body: bytes) -> list[Any]:
    """What gets through, as the client takes it: screened, read by the package, made papers."""
    page = screen(body, page_size=200)
    return [to_paper(result) for result in arxiv._feed.parse(page.body).results]


@examples(150)
@given(spoiled(GOOD, MARKS))
def test_a_damaged_answer_of_arxiv_is_refused_or_gives_papers_within_bounds(body: bytes) -> None:
    papers, reason = [], "it is"
    try:
        papers = _papers(body)
    except UnsoundError as error:
        reason = str(error)
    assert re.match("it (is|has|begins)|its ", reason)
    for paper in filter(None, papers):
        assert paper.id in ("2603.00001", "2603.00002") or re.fullmatch(r"\d{4}\.\d{4,5}|[a-z-]+/\d{7}", paper.id)
        assert 0 < len(paper.title) <= LONGEST_TITLE
        assert len(paper.abstract) <= LONGEST_ABSTRACT
        assert 0 < paper.version < 10_000


@pytest.mark.parametrize("size", [1_000_000, 10_000_000])
def test_a_huge_title_is_cut_or_its_entry_left_out(size: int) -> None:
    body = GOOD.replace("A study", "A" * size, 1).encode()
    papers = _papers(body)
    assert [len(paper.title) for paper in papers] in (
        [LONGEST_TITLE, len(make_paper().title)],
        [len(make_paper().title)],
    )


RECORD: dict[str, Any] = {
    "id": "0704.0001", "title": "On letters", "abstract": "Invented.", "categories": "cs.CL cs.LG", "comments": None,
    "authors": "Ada Post, Bea Café", "authors_parsed": [["Post", "Ada", ""]], "doi": None, "journal-ref": None,
    "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
}  # fmt: skip


@examples(150)
@given(damaged(RECORD))
def test_a_damaged_record_of_the_bulk_metadata_is_refused_in_a_few_words(record: Any) -> None:
    reason = "-"
    try:
        paper = Snapshot(NOW).paper(json.dumps(record).encode())
    except RecordError as error:
        reason = str(error)
    else:
        assert len(paper.title) <= LONGEST_TITLE
        assert paper.authors
    assert 0 < len(reason) < 400
    assert "\n" not in reason


SETTINGS: dict[str, Any] = {
    "format": "paperroute", "version": 1, "watches": ["RLHF", {"query": "min:3 diffusion"}], "schedule": "daily 09:00",
    "layout": "thread", "top": "mon 09:00", "sort": "new", "similar": True,
}  # fmt: skip
OPML = (
    '<?xml version="1.0" encoding="utf-8"?><opml version="2.0"><body><outline text="arXiv">'
    '<outline xmlUrl="https://rss.arxiv.org/rss/cs.CL"/>'
    '<outline xmlUrl="http://export.arxiv.org/api/query?search_query=ti:%22reward%20model%22+AND+cat:cs.CL"/>'
    "</outline></body></opml>"
)
LIST = '# keywords\nRLHF\n"chain of thought" -survey\nmin:5 cat:cs.*\n'
HUGE = [
    "[" * 50_000, "{" * 50_000, '{"a":' * 20_000, "<opml>" + "<outline>" * 9_000, "(" * 90_000, "a\n" * 45_000,
    "\u202e" * 30_000, "<opml " + " ".join(f"a{number}='x'" for number in range(9_000)) + "/>", "-" * 99_000,
]  # fmt: skip
_files = st.one_of(
    spoiled(OPML, [*MARKS, "%00", "%FF", "((((", "outline", "xmlUrl=''", "id_list="]),
    spoiled(LIST, ['"', "(", "\n", "min:", "cat:", "-", "*", "\x00", "\u2028"]),
    damaged(SETTINGS, 4).map(lambda value: json.dumps(value).encode()),
    spoiled(json.dumps(SETTINGS), ["{", "[" * 500, "]", '"', "1e999", "NaN", "\\ud800", ":"]),
    strange_texts(60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=60),
    st.binary(max_size=40).map(gzip.compress),
    st.sampled_from(HUGE).map(str.encode),
)  # fmt: skip


@examples(8, long=2_000)
@given(st.lists(_files, min_size=5, max_size=15), st.sampled_from(["import", "import preview"]))
async def test_any_file_is_imported_or_refused_in_sentences(contents: list[bytes], text: str) -> None:
    with TemporaryDirectory() as folder, noted() as defects:
        async with open_room(Path(folder), FakeClock()) as room:
            for content in contents:
                reply = await room.say(text, files=(File("watches", "text/plain", content[:MOST_BYTES]),))
                assert reply.text
                assert len(reply.text) < 6_000
                assert "Traceback" not in reply.text
                defects.none()


NAMES = [
    "ARXIV_API_URL", "DISCORD_API_URL", "DISCORD_GATEWAY_URL", "DISCORD_TOKEN", "HUGGINGFACE_API_URL",
    "PAPERROUTE_ARXIV_DELAY", "PAPERROUTE_BACKFILL", "PAPERROUTE_CONTACT", "PAPERROUTE_DATABASE",
    "PAPERROUTE_EMAIL_FROM", "PAPERROUTE_KEEP", "PAPERROUTE_LOG", "PAPERROUTE_METRICS_TOKEN",
    "PAPERROUTE_POLL_INTERVAL", "PAPERROUTE_PUBLIC_URL", "PAPERROUTE_SECRET_KEY", "PAPERROUTE_SIGNALS",
    "PAPERROUTE_TIMEZONE", "PAPERROUTE_WEB", "SLACK_API_URL", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN",
    "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "SMTP_URL", "SLACK_BOT_TOKEN_FILE",
    "DISCORD_TOKEN_FILE", "ARXIV_API_URL_FILE", "SMTP_URL_FILE",
]  # fmt: skip
_values = st.one_of(
    strange_texts(6),
    st.sampled_from([
        "http://[", "https://x:99999/", "smtp://a:b@[::1", "smtps://:@:", "https://\u202e.example", "1e999s", "٣d",
        "²h",
        "999999999999w", "-1", "nan", "inf", "json, text, debug", "../..", "/", "\x00", "Europe/../UTC", "0.0.0.0:0",
        ":::", "127.0.0.1:65536", "a@b", "<a@b>", "x" * 100_000, "9" * 5_000, "xoxb-" + "é" * 9, "https://é.example:٣/",
    ]),
)  # fmt: skip


@examples(120)
@given(st.dictionaries(st.sampled_from(NAMES), _values, min_size=1, max_size=6))
def test_any_setting_is_taken_or_refused_in_a_line(environ: dict[str, str]) -> None:
    mistakes: tuple[str, ...] = ()
    try:
        Config.from_env(environ)
    except ConfigError as error:
        mistakes = error.mistakes
    for mistake in mistakes:
        assert mistake.isprintable(), mistake
        assert 0 < len(mistake) < 600
        assert any(name in mistake for name in NAMES), mistake
