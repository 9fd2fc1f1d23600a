"""Files that make watches: keyword lists, OPML, feeds' addresses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands.watch_files import Wanted, read
from bot.commands.watch_files.feeds import FeedError, feed_query, shown_address
from bot.errors import CommandError
from bot.query import Query


def typed(wanted: Wanted) -> list[str]:
    return [wish.typed for wish in wanted.wishes.values()]


def opml(*addresses: str) -> str:
    feeds = "\n".join(f'<outline text="x" xmlUrl="{address}"/>' for address in addresses)
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<opml version="2.0"><body>\n{feeds}\n</body></opml>'


def test_a_keyword_list_has_a_query_a_line() -> None:
    text = '#\n# what we read\n## more\n#!x\n\n"Time Series",\n  #cs.CL   moss \rRLHF\r\nTime series\n'
    wanted = read(text)
    assert typed(wanted) == ['"Time Series"', "#cs.CL moss", "RLHF", "Time series"]
    assert wanted.mistakes == []


def test_mistakes_name_their_line() -> None:
    (mistake,) = read('RLHF\n\n# x\n"open\n').mistakes
    assert mistake.startswith('Line 4, `"open`: ')


def test_one_endless_line_is_a_mistake_of_its_line() -> None:
    (mistake,) = read("RLHF\n" + "x" * 1_000_000).mistakes
    assert mistake.startswith("Line 2, `xxx")
    assert len(mistake) < 300


def test_what_is_too_many_is_counted() -> None:
    with pytest.raises(CommandError, match="That is 200,000 queries; a channel can have 100 watches"):
        read("a\n" * 200_000)


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("https://export.arxiv.org/rss/cs.CL", "cat:cs.CL"),
        ("http://arxiv.org/rss/cs.ai", "cat:cs.ai"),
        ("https://rss.arxiv.org/atom/cs.CL+stat.ML", "cat:cs.CL OR cat:stat.ML"),
        ("https://rss.arxiv.org/rss/cs%2Bhep-th/", "cat:cs.* OR cat:hep-th"),
        ("feed://export.arxiv.org/rss/Math", "cat:math.*"),
        ("http://export.arxiv.org/api/query?search_query=cat:cs.CL&sortBy=submittedDate&max_results=9", "cat:cs.CL"),
        ("https://export.arxiv.org/api/query?search_query=ti:%22flow+matching%22", 'ti:"flow matching"'),
        ("https://export.arxiv.org/api/query?search_query=ti:x+AND+abs:y+AND+cat:cs.CL", "ti:x abs:y cat:cs.CL"),
        ("https://export.arxiv.org/api/query?search_query=ti:x+OR+abs:x", "ti:x OR abs:x"),
        ("https://export.arxiv.org/api/query?search_query=cat:cs.CL+ANDNOT+ti:survey", "cat:cs.CL NOT ti:survey"),
        (
            "https://export.arxiv.org/api/query?search_query=cat:cs.CL+AND+%28ti:moss+OR+abs:%22a+b%22%29",
            'cat:cs.CL (ti:moss OR abs:"a b")',
        ),
        ("https://export.arxiv.org/api/query?search_query=au:%22Yann+LeCun%22", 'au:"Yann LeCun"'),
        ("https://export.arxiv.org/api/query?search_query=ti:-survey", 'ti:"-survey"'),
        ("https://export.arxiv.org/api/query?search_query=ti:NOT", 'ti:"NOT"'),
        ("https://export.arxiv.org/api/query?search_query=ti:and", "ti:and"),
        ("https://export.arxiv.org/api/query?search_query=ti:transform*", "ti:transform*"),
    ],
)
def test_feeds_are_translated_where_that_is_certain(address: str, query: str) -> None:
    feed = feed_query(address)
    assert (feed.query, feed.broader) == (query, False)
    Query.parse(feed.query)


@pytest.mark.parametrize("search", ["all:electron", "electron", "%22electron%22", "ti:x+AND+electron"])
def test_a_feed_that_looks_further_says_so(search: str) -> None:
    assert feed_query(f"https://export.arxiv.org/api/query?search_query={search}").broader


API = "https://export.arxiv.org/api/query?search_query="


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://blog.example/rss/cs.CL", "that is no feed of arXiv."),
        ("https://arxiv.org.evil.example/rss/cs.CL", "that is no feed of arXiv."),
        ("ftp://arxiv.org/rss/cs.CL", "that is no feed of arXiv."),
        ("https://[::1", "that is no address."),
        ("https://arxiv.org/a/lecun_y_1.atom", "it is not known what this feed has."),
        ("https://arxiv.org/rss/cs.CL/recent", "it is not known what this feed has."),
        ("https://export.arxiv.org/api/query?id_list=1706.03762", "it asks for certain papers and not for words."),
        (API + "ti:x+AND+ti:y+OR+ti:z", "without parentheses it is not certain what belongs together."),
        (API + "ti:x+ANDNOT+ti:y+ANDNOT+ti:z", "without parentheses it is not certain what belongs together."),
        (API + "all:reward+model", "words without AND or OR between them mean something else on arXiv."),
        (API + "ti:x+and+ti:y", "words without AND or OR between them mean something else on arXiv."),
        (API + "submittedDate:[2026+TO+2027]", "`submittedDate:` is no field of a watch."),
        (API + "co:pages", "`co:` is no field of a watch."),
        (API + "au:del_maestro", "`au:` with such signs means something else here."),
        (API + "ti:f?o", "`ti:` with such signs means something else here."),
        (API + "ti:x+AND", "its search lacks a word."),
        (API + "AND+ti:x", "its search lacks a word."),
        (API + "%28ti:x", "its parentheses do not pair up."),
        (API + "ti:x%29", "its parentheses do not pair up."),
        (API + "%22open", "its search cannot be read."),
        (API + "%28" * 900, "its search cannot be read."),
        (API + "x" * 5000, "the address is too long."),
    ],
)
def test_what_is_not_certain_is_told(address: str, why: str) -> None:
    with pytest.raises(FeedError) as caught:
        feed_query(address)
    assert str(caught.value) == why


def test_an_opml_makes_watches_and_notes() -> None:
    wanted = read(
        opml(
            "https://export.arxiv.org/rss/cs.CL",
            "https://ann:secret@blog.example/x`y?key=secret",
            "https://rss.arxiv.org/rss/cs.XX",
            API + "all:moss",
            "https://export.arxiv.org/rss/cs.CL",
        )
    )
    assert typed(wanted) == ["cat:cs.CL", "moss"]
    assert wanted.mistakes == []
    assert wanted.notes[0] == "Line 4, `blog.example`: that is no feed of arXiv."
    assert wanted.notes[1].startswith("Line 5, `rss.arxiv.org/rss/cs.XX`: `cat:cs.XX` is not a category.")
    assert wanted.notes[2].startswith("Where a feed searches all fields, ")
    assert len(wanted.notes) == 3


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    assert shown_address("https://ann:secret@arxiv.org/rss/x") == "arxiv.org/rss/x"
    assert shown_address(API + "co:x") == "export.arxiv.org/api/query?search_query=co:x"
    assert shown_address("https://ann:secret@blog.example/secret?secret#secret") == "blog.example"
    assert shown_address("https://[::1") == shown_address("secret") == ""


def test_an_opml_without_a_usable_feed_is_a_mistake() -> None:
    assert read(opml("https://blog.example/feed")).mistakes == ["Line 3, `blog.example`: that is no feed of arXiv."]
    assert read(opml()).mistakes == ["The OPML has no feeds."]


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]><opml>&lol9;</opml>"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "The OPML defines entities or a document type"),
        ('<!DOCTYPE opml SYSTEM "file:///etc/passwd"><opml/>', "The OPML defines entities or a document type"),
        ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>', "The OPML defines entities"),
        ("<opml><body>", "The OPML cannot be read: no element found in line 1."),
        ("<opml>&nbsp;</opml>", "The OPML cannot be read: undefined entity in line 1."),
        ("<html><body/></html>", "That is XML, but `html` and not OPML."),
        ("<opml>" + "<outline/>" * 10_001 + "</opml>", "The OPML has more than 10,000 entries."),
        ("<opml>" + "<a>" * 12_000, "The OPML has more than 10,000 entries."),
        (
            opml(*(f"https://export.arxiv.org/api/query?search_query=ti:a{n}" for n in range(101))),
            "That is 101 queries; a channel can have 100 watches.",
        ),
    ],
    ids=range(9),
)
def test_a_hostile_opml_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(CommandError) as caught:
        read(text)
    assert caught.value.message.startswith(said)


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet="+:()\"%28% ANDORTtiabsucl*?_-.'", max_size=60)
    | st.lists(
        st.sampled_from(["ti:x", "AND", "OR", "ANDNOT", "(", ")", '"a b"', "all:y", "cat:cs.CL", "and", "-z"]),
        max_size=9,
    ).map("+".join)
)
def test_a_translation_is_a_query_or_refused(search: str) -> None:
    wanted = read(opml((API + search).replace("&", "").replace('"', "%22").replace("<", "")))
    assert bool(wanted.wishes) != bool(wanted.mistakes)
    for canonical, wish in wanted.wishes.items():
        assert wish.query.canonical == canonical
