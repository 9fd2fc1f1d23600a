"""What the query language refuses, where, and what it proposes instead."""

from __future__ import annotations

import re
import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.query import Query
from bot.query_lexer import shown
from bot.query_tree import Field, Or, Term, nested


def refused(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        Query.parse(text)
    return caught.value


def examples(hint: str) -> list[str]:
    return re.findall(r"`([^`]+)`", hint)


@pytest.mark.parametrize(
    ("typed", "position", "message", "hint"),
    [
        ("", 0, "The query is empty.", 'Name what to look for, such as `"chain of thought" -survey`.'),
        (" \n ", 0, "The query is empty.", "-survey`."),
        ("-survey", 0, "The query only says what to leave out", "`diffusion -survey`"),
        ("NOT (a b)", 0, "The query only says what to leave out", "`diffusion NOT (a b)`"),
        ("rlhf OR -survey", 8, "One alternative only says what to leave out", "`diffusion -survey`"),
        ("(-a) OR b", 0, "One alternative only says what to leave out", "`diffusion -survey`"),
        ('"chain of', 0, 'The quotation mark " is never closed.', 'Close it: `"chain of"`.'),
        ("x “chain of", 2, "The quotation mark “ is never closed.", 'Close it: `x “chain of"`.'),
        ("a (b OR c", 2, "The parenthesis `(` is never closed.", "Close it: `a (b OR c)`."),
        ("a) b", 1, "The parenthesis `)` closes one that was never opened.", "Without it: `a b`."),
        ("a () b", 2, "There is nothing between `(` and `)`.", "Without them: `a b`."),
        ("a OR", 2, "`OR` stands between two parts; one is missing.", "Without it: `a`."),
        ("| a", 0, "`|` stands between two parts; one is missing.", "Without it: `a`."),
        ("(a AND) b", 3, "`AND` stands between two parts", "Without it: `(a ) b`."),
        ("a AND OR b", 6, "`OR` stands between two parts", "Without it: `a AND b`."),
        ("ANDNOT a", 0, "`ANDNOT` stands between two parts", "Without it: `a`."),
        ("a NOT", 2, "`NOT` has nothing after it to leave out.", "Without it: `a`."),
        ("a NOT OR b", 6, "`OR` stands between two parts", "Without it: `a NOT b`."),
        ("a - b", 2, "`-` stands alone; a minus stands directly before what it leaves out.", "Without it: `a b`."),
        ("a --b", 2, "`--b` has more than one minus.", "Did you mean `a -b`?"),
        ("a !b", 2, "`!b` begins with an exclamation mark; a minus leaves something out.", "Did you mean `a -b`?"),
        ("a & b", 2, "`&` has no letter or digit in it.", "Without it: `a b`."),
        ('a "..."', 2, '`"..."` has no letter or digit in it.', "Without it: `a`."),
        ("ab*", 0, "`ab*` is too short: 3 letters or more come before a star.", "Without the star: `ab`."),
        ("*former", 0, "In `*former` the star is in the wrong place: it ends a word.", "Without it: `former`."),
        ("te*t", 0, "In `te*t` the star is in the wrong place", "Without it: `te t`."),
        ("*", 0, "In `*` the star is in the wrong place: it ends a word.", "For example: `transform*`."),
        ('"trans*"', 0, 'In `"trans*"` the star stands inside quotation marks', "Without them: `trans*`."),
        ('x "flow match*"', 2, 'In `"flow match*"` the star stands inside', "Without them: `flow match*`."),
        ("AND", 0, "`AND` stands between two parts", 'For example: `"chain of thought" -survey`.'),
        ("()", 0, "There is nothing between `(` and `)`.", 'For example: `"chain of thought" -survey`.'),
        ('""', 0, '`""` has no letter or digit in it.', 'For example: `"chain of thought" -survey`.'),
        ("--b", 0, "`--b` has more than one minus.", "For example: `diffusion -survey`."),
        ("!b", 0, "`!b` begins with an exclamation mark", "For example: `diffusion -survey`."),
        ("fine-tun*", 0, "`fine-tun*` is not a single word with a star at its end.", "Try `fine tun*`."),
        ("fine-tu*", 0, "`fine-tu*` is not a single word", "Try `fine tu`."),
        ("…*", 0, "`…*` is not a single word", "Try `transform*`."),
        ("cat:cs", 0, "`cat:cs` is not a category.", "Did you mean `cat:cs.*`?"),
        ("x #cs.cll", 2, "`#cs.cll` is not a category.", "Did you mean `cat:cs.CL`?"),
        ("cat:hep-th.*", 0, "`cat:hep-th.*` is not a category.", "Did you mean `cat:hep-th`?"),
        ('cat:"machine learning"', 4, '`"machine learning"` is not a category.', "Did you mean `cat:cs.LG`?"),
        ("cat:(cs.CL OR qqqq)", 14, "`qqqq` is not a category.", "A category looks like this: `cat:cs.CL`."),
        ("titel:rlhf", 0, "`titel:` is not a field; the fields are ti, abs, au and cat.", "Did you mean `ti:rlhf`?"),
        ("a LoRA:Low-Rank", 2, "`LoRA:` is not a field", 'quote them: `"lora low rank"`.'),
        ('foo:"bar"', 0, "`foo:` is not a field", '`"foo"`.'),
        ("https://x.org/1", 0, "`https://x.org/1` is an address, not something to look for", '`"chain of thought"`.'),
        ("ti: rlhf", 0, "`ti:` stands directly before what it is about, without a space.", "Like this: `ti:rlhf`."),
        ("@", 0, "`@` stands directly before what it is about", "Like this: `au:lecun`."),
        ("ti:-rlhf", 0, "In `ti:-rlhf` the minus comes too late.", "Put it first: `diffusion -ti:rlhf`."),
        (
            "ti:(a au:b)",
            6,
            "`au:b` stands inside the parentheses of `ti:`",
            "Write fields side by side: `ti:diffusion au:ho`.",
        ),
        ('ti:(a @"b c")', 6, "`@` stands inside the parentheses of `ti:`", "`ti:diffusion au:ho`"),
        ("au:LeCun, Yann", 0, "`au:LeCun,` ends with a comma", 'Like this: `au:"Yann LeCun"`.'),
        ("a 'chain of thought'", 2, "`'chain of thought'` stands in single quotes", 'Like this: `"chain of thought"`.'),
    ],
)
def test_refused_with_place_and_remedy(typed: str, position: int, message: str, hint: str) -> None:
    error = refused(typed)
    assert (error.position, error.text) == (position, typed)
    assert error.message.startswith(message)
    assert error.hint.removesuffix(".").endswith(hint.removesuffix("."))
    for each in examples(error.hint):
        Query.parse(each)


@pytest.mark.parametrize(
    ("typed", "like"),
    [
        ("a || b", "a OR b"),
        ("a AND b", "a b"),
        ("a ANDNOT b", "a -b"),
        ("a AND NOT b", "a -b"),
        ("a –b", "a -b"),
        ("a −b", "a -b"),
        ('a -"b c"', 'a NOT "b c"'),
        ("“a b” „c d“", '"a b" "c d"'),
        ("a\u200b OR\u200b \u2060-b c", "a OR -b c"),
        ("RLHF: a survey!", "rlhf a survey"),
        ("1:2 ratio", '"1 2" ratio'),
        ("state-of-the-art", '"state of the art"'),
        ("O(n)", "o n"),
        ('"C*-algebra"', "C*-algebra"),
        ('"A* search"', '"a search"'),
        ("transform*, x", "transform* x"),
        ("'chain'", "chain"),
        ("don't", "dont"),
        ("ti:a:b", 'ti:"a b"'),
        ("TI:a Au:b", "ti:a au:b"),
        ("@(a OR b)", "au:a OR au:b"),
        ('@"LeCun, Yann" x', 'au:"Yann LeCun" x'),
        ("au:LeCun,Yann", 'au:"Yann LeCun"'),
        ('au:"McNutt, Jr."', 'au:"McNutt Jr"'),
        ("cat:(CS.cl OR cs.*)", "cat:cs.CL OR cat:cs.*"),
        ('cat:"cs.CL"', "#cs.CL"),
        ("cat:cmp-lg", "#CMP-LG"),
        ('Schr\\"odinger \\alpha', "Schrödinger α"),
        ('"Schr\\"odinger cat"', '"Schrödinger cat"'),
        ("-AND x", "x -and"),
        ("x NOT -y", "x y"),
        ("a (b) (c OR d)", "a b (d OR c)"),
        ("x -(-(a OR b))", "x (a OR b)"),
    ],
)
def test_read_alike(typed: str, like: str) -> None:
    assert Query.parse(typed) == Query.parse(like)


def test_length_is_limited_before_and_after_reading() -> None:
    assert Query.parse("x" * 500).canonical == "x" * 500
    error = refused("x" * 501)
    assert error.message == "The query has 501 characters; 500 are possible."
    assert error.position == 500
    grown = refused("ti:(" + " OR ".join(f"abcdefgh{n}" for n in range(34)) + ")")
    assert grown.message.startswith("Written out in full the query has 5")
    assert all(Query.parse(each) for error in (error, grown) for each in examples(error.hint))


def test_terms_are_limited() -> None:
    Query.parse(" ".join(f"w{n}" for n in range(40)))
    error = refused(" ".join(f"w{n}" for n in range(41)))
    assert error.message == "The query has more than 40 terms; `w40` is one too many."
    assert error.position == len(" ".join(f"w{n}" for n in range(40))) + 1


def alternating(groups: int) -> str:
    """A query with so many groups in one another."""
    text = "z"
    for group in range(groups):
        text = f"a{group} ({text})" if group % 2 else f"b{group} OR {text}"
    return text


def test_nesting_is_limited() -> None:
    assert nested(Query.parse(alternating(14)).root) == 14
    error = refused(alternating(15))
    assert error.message == "15 groups of the query stand in one another; 14 are possible."
    assert error.text[error.position :].startswith("(b0 OR z)")
    with pytest.raises(ValueError, match="not a query"):
        Query.of(Or((Query.parse(alternating(14)).root, Term(Field.ANY, ("x",)))))


def test_words_of_a_phrase_are_limited() -> None:
    assert len(Query.parse("-".join("abcdefghij" * 4)).canonical.split()) == 40
    error = refused('x ti:"' + " ".join("abcdefghij" * 4) + ' k"')
    assert error.message == 'The phrase `"a b c d e f g h i j a b c d e f g h i …` has 41 words; 40 are possible.'
    assert (error.position, error.hint) == (5, 'A few of them will do: `"a b c d"`.')
    with pytest.raises(ValueError, match="not a query"):
        Query.of(Term(Field.ANY, tuple("abcdefghij" * 4 + "k")))


@pytest.mark.parametrize(
    "piece", ["(", ")", "((", '"', "-", "()", "a OR ", "-(", "*", "ti:", "ti:(", "a:", "|", "'a ", "!"]
)
def test_long_nonsense_is_refused_quickly(piece: str) -> None:
    refused(piece * 100_000)
    refused((piece * 500)[:500])


def test_deep_parentheses_are_read() -> None:
    assert Query.parse("(" * 200 + "a" + ")" * 200).canonical == "a"
    assert Query.parse("x" + " -(" * 100 + "a" + ")" * 100).canonical == "a x"


ALPHABET = st.sampled_from(
    [*"()\"-|*@#:!,.'`\\$“”–", *"ab ", " OR ", "NOT ", "AND ", "ti:", "au:(", "cat:cs", ".CL", "\u200b", "é"]
)


@given(st.lists(ALPHABET | st.characters(), max_size=40).map("".join))
@example("`a`")
@example("a\x00b: `c`")
def test_every_text_is_read_or_refused_helpfully(text: str) -> None:
    refusal, query = None, None
    try:
        query = Query.parse(text)
    except QueryError as error:
        refusal = error
    if refusal is not None:
        said = refusal.message + refusal.hint
        assert 0 <= refusal.position <= len(text)
        assert refusal.hint[-1] in ".?"
        assert refusal.message.count("`") % 2 == 0
        assert len(said) < 400
        assert not {unicodedata.category(c) for c in said} & {"Cc", "Cf", "Cs"}
        assert examples(refusal.hint)
        for each in examples(refusal.hint):
            Query.parse(each)
    if query is not None:
        assert Query.parse(query.canonical) == query
        assert query.compiled


@given(st.lists(st.sampled_from([*string.ascii_letters, *"²é-'’+#. "]), min_size=1, max_size=12).map("".join))
def test_a_quoted_text_is_a_phrase_of_its_words(text: str) -> None:
    if any(c.isalnum() for c in text):
        assert Query.parse(f'"{text}"') == Query.parse(Query.parse(f'"{text}"').canonical)


def test_shown() -> None:
    assert shown("a `b`\n\u202e c\x07" + "d" * 50) == "a 'b' c" + "d" * 32 + "…"
    assert shown("\ud800\u200b") == "…"
