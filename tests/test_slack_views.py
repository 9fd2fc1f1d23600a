"""Windows and the Home tab: within the limits and harmless, whatever is shown in them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack import home_view, views
from bot.conversation import ChannelOverview, Home, Reply
from bot.models import Channel, ChannelRef, Layout, MemberRef, Save, Watch
from tests.factories import make_paper, make_signal
from tests.slack_kit import texts
from tests.standins.slack_blocks import check_view
from tests.test_slack_posts import LARGE, LINK, Large
from tests.test_slack_text import DOES_SOMETHING, HOSTILE

REF = ChannelRef("slack", "T0LAB", "C0READING")
ANN = MemberRef("slack", "T0LAB", "U0ANN", "Ann")
NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)


def all_text(view: dict[str, Any]) -> str:
    return "\n".join(texts(view["blocks"]))


def test_an_abstract_is_whole_and_readable() -> None:
    paper = make_paper(
        title="On $\\alpha$", abstract="We show $x \\leq y$. " * 90 + "The end.", comment="12 pages, $\\beta$",
        journal_ref="J. Letters 3 (2026)", doi="10.1000/182", version=3, updated=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip
    view = views.abstract(paper)
    shown = all_text(view)
    assert check_view(view) is None
    assert view["title"]["text"] == "arXiv:2603.00001"
    assert "|On α>" in shown
    assert shown.count("We show x ≤ y.") == 90
    assert "The end." in shown
    for fact in ("Comment: 12 pages, β", "Journal: J. Letters 3 (2026)", "DOI: 10.1000/182", "version 3", "9 March"):
        assert fact in shown
    links = [each["url"] for block in view["blocks"] if block["type"] == "actions" for each in block["elements"]]
    assert links == [paper.abstract_url, paper.pdf_url, "https://arxiv.org/html/2603.00001"]


def test_an_abstract_of_an_old_paper_with_thousands_of_authors() -> None:
    paper = make_paper("hep-th/9901001", authors=tuple(f"Author {number}" for number in range(3_000)), abstract="")
    view = views.abstract(paper)
    assert check_view(view) is None
    assert "Author 29 and 2,970 others" in all_text(view)
    assert "(no abstract)" in all_text(view)


def test_an_abstract_has_what_the_community_makes_of_the_paper() -> None:
    signal = make_signal(
        comments=2, repository="https://github.com/lab/letters", stars=412, project="https://letters.example/",
        organisation="*THUDM*", summary="<!channel> In `short`.", keywords=("letters",),
    )  # fmt: skip
    view = views.abstract(make_paper(), signal)
    assert check_view(view) is None
    assert "▲ 87 on Hugging Face · code ★ 412 · ∗THUDM∗ · 2 comments (read on" in all_text(view)
    assert "AI summary, by Hugging Face and not by the authors: &lt;!channel&gt; In 'short'." in all_text(view)
    links = [each["url"] for block in view["blocks"] if block["type"] == "actions" for each in block["elements"]]
    assert links[3:] == [signal.repository, signal.project, "https://huggingface.co/papers/2603.00001"]


@given(LARGE, st.text(max_size=1_000))
@settings(max_examples=40)
def test_every_abstract_fits_into_its_window(large: Large, said: str) -> None:
    signal = make_signal(organisation=said, summary=said, keywords=(said,) * 20, project="https://letters.example/")
    assert check_view(views.abstract(large.paper(), signal)) is None


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_window_does_anything(hostile: str) -> None:
    paper = make_paper(title=hostile, abstract=hostile, authors=(hostile,), comment=hostile, journal_ref=hostile)
    signal = make_signal(organisation=hostile, summary=hostile, keywords=(hostile,))
    for text in texts(views.abstract(paper, signal)["blocks"]):
        strangers = LINK.sub(r"\1", text).removeprefix("*").removesuffix("*")
        assert not DOES_SOMETHING.search(strangers), strangers


@given(st.text(max_size=4_000))
@settings(max_examples=40)
def test_any_reply_fits_into_a_window(text: str) -> None:
    assert check_view(views.result(Reply(text, more="list page:2"), "A title that is longer than Slack takes")) is None
    assert check_view(views.loading(text)) is None


@given(st.text(max_size=1_500), st.text(max_size=300), st.text(max_size=4_000), st.text(max_size=100), st.booleans())
@settings(max_examples=40)
def test_the_form_takes_anything(query: str, schedule: str, explanation: str, channel: str, choose: bool) -> None:
    form = views.watch_form(
        query=query, schedule=schedule, explanation=explanation, private_metadata="{}", channel=channel, choose=choose
    )
    assert check_view(form) is None
    assert form["submit"]["text"] == "Watch"


def overview(number: int, watches: int, *, name: str = "", paused: str = "") -> ChannelOverview:
    ref = ChannelRef("slack", "T0LAB", f"C{number:06}")
    channel = Channel(ref, name or f"channel-{number}", "daily 09:00 UTC", Layout.THREAD, NOW, paused=paused)
    made = tuple(
        Watch(each, ref, f"query{each}", f"query {each} {name}", ANN, NOW, date(2026, 3, 4)) for each in range(watches)
    )
    return ChannelOverview(channel, made, "daily at 09:00", "" if paused else "Thursday")


def saves(many: int, **paper: Any) -> tuple[Save, ...]:
    return tuple(Save(ANN, REF, make_paper(f"2603.{number:05}", **paper), NOW) for number in range(1, many + 1))


def test_a_home_shows_channels_watches_and_saves_with_buttons() -> None:
    view = home_view.render(Home((overview(1, 2), overview(2, 1, paused="Asked by Bob.")), saves(1), more_saved=True))
    shown = all_text(view)
    assert check_view(view) is None
    assert "*#channel-1*\nPapers come daily at 09:00; the next post is on Thursday." in shown
    assert "`query 0`" in shown
    assert "`query 1`" in shown
    assert "Paused: Asked by Bob." in shown
    assert "A study of careful delivery" in shown
    assert "All of them: `/papers saved`." in shown
    accessories = [block["accessory"] for block in view["blocks"] if "accessory" in block]
    labels = [each["text"]["text"] for each in accessories if each["type"] == "button"]
    assert labels == ["Pause", "Resume"]


def test_an_empty_home_says_how_to_begin() -> None:
    shown = all_text(home_view.render(Home((), ())))
    assert "Type `/papers watch RLHF` in one." in shown
    assert "None yet." in shown


@given(st.lists(st.integers(min_value=0, max_value=40), max_size=60), st.integers(min_value=0, max_value=20))
@settings(max_examples=40)
def test_a_home_never_has_more_blocks_than_there_may_be_and_says_what_is_left_out(
    watches: list[int], saved: int
) -> None:
    view = home_view.render(Home(tuple(overview(number, many) for number, many in enumerate(watches)), saves(saved)))
    assert check_view(view) is None
    shown = all_text(view)
    missing = [number for number in range(len(watches)) if f"*#channel-{number}*" not in shown]
    assert ("more channel" in shown) == bool(missing)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_query_or_title_does_anything_at_home(hostile: str) -> None:
    view = home_view.render(Home((overview(1, 1, name=hostile, paused=hostile),), saves(1, title=hostile)))
    assert check_view(view) is None
    for text in texts([block for block in view["blocks"] if block["type"] == "section"]):
        bare = LINK.sub(r"\1", text)
        assert "<!" not in bare
        assert "<@" not in bare
        assert "<#" not in bare
        assert "<http" not in bare
