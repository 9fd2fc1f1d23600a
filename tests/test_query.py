"""Queries as values: canonical form, explanation, and the plain meaning of each construct."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.models import Paper
from bot.paper_caches import empty_caches
from bot.query import And, Field, Not, Or, Query, Term, anchored, negated, terms
from bot.query_canonical import tree_of_canonical
from bot.query_tree import Node, normal_form
from bot.text import words
from tests.factories import make_paper
from tests.strategies import nodes, papers, queries
from tests.strategies import terms as any_terms


def word(text: str, field: Field = Field.ANY) -> Term:
    return Term(field, tuple(text.split()))


PAPER = make_paper(
    title="Chain-of-Thought Prompting of LLMs: A R$^2$ Survey",
    abstract='We use RLHF-based reward models and  fine-\ntuning in C++; G{\\"o}del agrees. Policies differ.',
    authors=("Yann LeCun", "Ann O'Neil-Adams", 'G{\\"o}del, Kurt'),
    categories=("cs.CL", "math.CO"),
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rlhf", ("RLHF",)),
        ("RLHF survey", ("RLHF", "Survey")),
        ('"chain of thought"', ("Chain-of-Thought",)),
        ("chain-of-thoughts", ("Chain-of-Thought",)),
        ("llm", ("LLMs",)),
        ("policy", ("Policies",)),
        ('"reward model"', ("reward models",)),
        ("fine-tuning", ("fine- tuning",)),
        ("R2", ("R²",)),
        ("$R^2$", ("R²",)),
        ("c++", ("C++",)),
        ("Gödel", ("Gödel",)),
        ("polic*", ("Policies",)),
        ("polici*", ("Policies",)),
        ("prompt*", ("Prompting",)),
        ("ti:llm abs:rlhf", ("LLMs", "RLHF")),
        ("au:lecun", ("Yann LeCun",)),
        ('au:"LeCun, Yann"', ("Yann LeCun",)),
        ("au:lec*", ("Yann LeCun",)),
        ("@godel", ("Gödel, Kurt",)),
        ("au:adams", ("Ann O'Neil-Adams",)),
        ("au:oneil", ("Ann O'Neil-Adams",)),
        ("cat:cs.CL", ("cs.CL",)),
        ("#math.co", ("math.CO",)),
        ("cat:cs.*", ("cs.CL",)),
        ("nothing OR rlhf OR llm", ("LLMs", "RLHF")),
        ("rlhf -nothing", ("RLHF",)),
        ("rlhf (nothing OR -more)", ("RLHF",)),
        ("rlhf (LLM OR -more) RLHF", ("RLHF", "LLMs")),
        ("@lecun OR @adams", ("Ann O'Neil-Adams", "Yann LeCun")),
        ("au:lecun au:yann", ("Yann LeCun",)),
        ("nothing", None),
        ("rlhf -survey", None),
        ('"survey we"', None),  # a phrase does not reach from the title into the abstract
        ('"lecun ann"', None),
        ('au:"lecun ann"', None),  # nor from one author to the next
        ("au:adam", None),  # names have no plural
        ("ti:rlhf", None),
        ("abs:llm", None),
        ("cat:cs.LG", None),
        ("cat:stat.*", None),
        ("rl", None),
        ("(nothing OR more) rlhf", None),
        ("rlhf (nothing OR -llm)", None),
        ("rlh", None),
    ],
)
def test_matches(typed: str, found: tuple[str, ...] | None) -> None:
    assert Query.parse(typed).matches(PAPER) == found


def test_lists_do_where_tuples_are_declared() -> None:
    lists = make_paper(authors=["Yann LeCun"], categories=["cs.CL"])
    assert Query.parse("@lecun #cs.CL").matches(lists) == ("Yann LeCun", "cs.CL")


def test_oddly_written_matches_fall_back_to_normalised_words() -> None:
    paper = make_paper(title="reward " + "." * 80 + " model", abstract="x\u0332y")
    assert Query.parse('"reward model"').matches(paper) == ("reward model",)
    assert Query.parse("xy").matches(paper) == ("x\u0332y",)
    assert Query.parse("ab").matches(make_paper(title="a™b", abstract="")) == ("ab",)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("RLHF", "rlhf"),
        ("reward model", "model reward"),
        ("model AND reward model", "model reward"),
        ('"Chain of thoughts"', '"chain of thought"'),
        ("fine-tuning", '"fine tuning"'),
        ("b | a", "a OR b"),
        ("a b OR c", "c OR a b"),
        ("c (b OR a)", "c (a OR b)"),
        ("((a)) (((b)))", "a b"),
        ("(a OR b) OR (b OR c)", "a OR b OR c"),
        ("-survey rlhf", "rlhf -survey"),
        ("NOT NOT rlhf", "rlhf"),
        ("x -(a b)", "x (-a OR -b)"),
        ("x -(a OR -b)", "b x -a"),
        ("ti:(b OR a)", "ti:a OR ti:b"),
        ("title:a author:b category:CS.cl abstract:d", "ti:a abs:d au:b cat:cs.CL"),
        ("@LeCun #CS.*", "au:lecun cat:cs.*"),
        ("Transform*", "transform*"),
        ("ti:Policies*", "ti:policies*"),
        ('"RLHF"', "rlhf"),
        ("and or not", "and not or"),
    ],
)
def test_canonical(typed: str, canonical: str) -> None:
    assert Query.parse(typed).canonical == canonical
    assert Query.parse(canonical) == Query.of_canonical(canonical) == Query.parse(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('"chain of thought" -survey', "with “chain of thought” in title or abstract, but not “survey”"),
        ("a b", "with “a” and “b” in title or abstract"),
        ("a OR b OR c", "with “a”, “b” or “c” in title or abstract"),
        ("transform*", "with a word beginning with “transform” in title or abstract"),
        ("ti:a abs:b", "with “a” in the title, and with “b” in the abstract"),
        ("x ti:(a OR b)", "with “x” in title or abstract, and with “a” or “b” in the title"),
        ("@lecun", "by “lecun”"),
        ("au:lec*", "by somebody with a name beginning with “lec”"),
        ("cat:cs.CL", "in cs.CL (Computation and Language)"),
        ("cat:hep-th", "in hep-th (High Energy Physics - Theory)"),
        ("cat:cs.*", "in any category of cs (Computer Science)"),
        ("cat:(cs.CL OR cs.LG)", "in cs.CL (Computation and Language) or cs.LG (Machine Learning)"),
        ("a -@b -ti:c -d", "with “a” in title or abstract, but not “d” and not “c” in the title and not by “b”"),
        ("a -#cs.CL", "with “a” in title or abstract, but not in cs.CL (Computation and Language)"),
        ("a @b OR c", "either with “c” in title or abstract or (with “a” in title or abstract, and by “b”)"),
        ("@x (a OR @b)", "by “x”, and either (with “a” in title or abstract) or (by “b”)"),
        ("@x (@a OR -b -@c)", "by “x”, and either (by “a”) or (without “b” in title or abstract and not by “c”)"),
        (
            "@x (@a OR (b (@c OR @d)))",
            "by “x”, and either (by “a”) or (with “b” in title or abstract, and by “c” or “d”)",
        ),
    ],
)
def test_explain(typed: str, said: str) -> None:
    assert Query.parse(typed).explain() == f"papers {said}"


@given(queries())
def test_the_canonical_form_is_a_fixed_point(query: Query) -> None:
    again = Query.parse(query.canonical)
    assert Query.of_canonical(query.canonical) == again
    assert tree_of_canonical(query.canonical) == query.root
    assert again == query
    assert again.root == query.root
    assert again.canonical == query.canonical
    assert again.compiled == query.compiled
    assert hash(again) == hash(query)


@pytest.mark.parametrize("text", ["", " ", "a  b OR", "OR a", "(a OR b", "a)", "()", "a - b", "title:a", '"a', "a:b"])
def test_what_is_no_canonical_form_is_left_to_the_parser(text: str) -> None:
    assert tree_of_canonical(text) is None


def test_a_canonical_form_of_another_language_is_refused() -> None:
    with pytest.raises(QueryError, match="`doi:` is not a field"):
        Query.of_canonical("diffusion doi:10")


@given(queries())
def test_different_queries_are_explained_differently(query: Query) -> None:
    other = Query.of(And((query.root, word("elsewhere"))))
    assert query.explain() != other.explain()
    assert query.explain().startswith("papers ")


@given(nodes(), any_terms())
def test_order_and_repetition_do_not_matter(node: Node, term: Term) -> None:
    assert Query.of(And((node, term))) == Query.of(And((term, node, And((term, node)))))
    assert Query.of(Or((term, And((term, node))))) == Query.of(Or((And((node, term)), term, term)))


def is_normal(node: Node) -> bool:
    match node:
        case And(children) | Or(children):
            flat = not any(type(child) is type(node) for child in children)
            return flat and len(set(children)) == len(children) >= 2 and all(map(is_normal, children))
        case Not(child):
            return isinstance(child, Term)
        case _:
            return True


def truth(node: Node, paper: Paper) -> bool:
    match node:
        case And(children):
            return all(truth(child, paper) for child in children)
        case Or(children):
            return any(truth(child, paper) for child in children)
        case Not(child):
            return not truth(child, paper)
        case _:
            return Query.of(node).matches(paper) is not None


@given(nodes(), any_terms(), papers())
def test_the_normal_form_means_the_same(node: Node, term: Term, paper: Paper) -> None:
    normal = normal_form(node)
    assert is_normal(normal)
    assert truth(normal, paper) == truth(node, paper) != truth(negated(node), paper)
    found = Query.of(And((term, node))).matches(paper)
    assert (found is not None) == (truth(term, paper) and truth(node, paper))
    assert found is None or (found and all(found) and len(set(found)) == len(found))


@given(st.lists(st.tuples(queries(), papers()), min_size=2, max_size=6))
def test_what_was_found_before_changes_no_answer(asked: list[tuple[Query, Paper]]) -> None:
    fresh = []
    for query, paper in asked:
        empty_caches()
        fresh.append(query.matches(paper))
    again = [query.matches(paper) for query, paper in [*asked, *reversed(asked)]]
    assert again == [*fresh, *reversed(fresh)]


@given(nodes(), papers())
def test_anchored_trees_match_no_empty_paper(node: Node, paper: Paper) -> None:
    empty = make_paper(title="", abstract="", authors=("",), categories=("none",))
    if anchored(normal_form(node)):
        assert Query.of(node).matches(empty) is None
    else:
        with pytest.raises(ValueError, match="not a query"):
            Query.of(node)


def test_a_tree_that_is_too_big_is_no_query() -> None:
    with pytest.raises(ValueError, match="not a query"):
        Query.of(Or(tuple(word(f"w{n}") for n in range(41))))
    with pytest.raises(ValueError, match="not a query"):
        Query.of(word("w" * 501))


def test_terms_lists_negated_ones_too() -> None:
    assert list(terms(Query.parse("a (b OR -c) -d").root)) == [word(text) for text in "abcd"]


def test_real_titles_match_as_phrases(real_papers: list[Paper]) -> None:
    for paper in real_papers[::200]:
        found = Query.of(Term(Field.TITLE, tuple(words(paper.title)[:3]))).matches(paper)
        assert found is not None
        assert words(found[0]) == words(paper.title)[:3]
