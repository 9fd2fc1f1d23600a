"""arXiv's categories, and what people type for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.categories import (
    ARCHIVES,
    CATEGORIES,
    OLD_CATEGORIES,
    category_name,
    closest_category,
    find_category,
    find_group,
)
from bot.models import Paper


def test_the_taxonomy_is_whole() -> None:
    assert len(CATEGORIES) == 155
    assert len(ARCHIVES) == 20
    assert len(OLD_CATEGORIES) == 18
    assert not set(CATEGORIES) & set(OLD_CATEGORIES)
    assert CATEGORIES["cs.CL"] == "Computation and Language"
    assert CATEGORIES["cs.CE"] == "Computational Engineering, Finance, and Science"
    assert CATEGORIES["cond-mat.mtrl-sci"] == "Materials Science"
    assert CATEGORIES["hep-th"] == ARCHIVES["hep-th"] == "High Energy Physics - Theory"
    assert {name.partition(".")[0] for name in CATEGORIES} == set(ARCHIVES)
    assert all(name and name == name.strip() for name in [*CATEGORIES.values(), *OLD_CATEGORIES.values()])


def test_every_category_of_real_papers_is_known(real_papers: list[Paper]) -> None:
    assert {category for paper in real_papers for category in paper.categories} <= set(CATEGORIES)


def test_find_category() -> None:
    assert find_category("CS.cl") == "cs.CL"
    assert find_category("MATH-PH") == "math-ph"
    assert find_category("CMP-lg") == "cmp-lg"
    assert find_category("cs") is None
    assert find_category("cs.") is None


def test_find_group() -> None:
    assert find_group("cs.*") == "cs."
    assert find_group("Q-BIO.") == "q-bio."
    assert find_group("hep-th.*") is None
    assert find_group("cs") is None


def test_category_name() -> None:
    assert category_name("cs.CL") == "Computation and Language"
    assert category_name("cs.") == "Computer Science"
    assert category_name("cmp-lg") == "Computation and Language"
    assert category_name("zz.ZZ") == "zz.ZZ"


@pytest.mark.parametrize(
    ("typed", "closest"),
    [
        ("cs", "cs.*"),
        ("CS.", "cs.*"),
        ("computer science", "cs.*"),
        ("CL", "cs.CL"),
        ("machine learning", "cs.LG"),
        ("cs.cll", "cs.CL"),
        ("cs-cl", "cs.CL"),
        ("cs/CL", "cs.CL"),
        ("hepth", "hep-th"),
        ("hep-th.*", "hep-th"),
        ("qunat-ph", "quant-ph"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_closest_category(typed: str, closest: str | None) -> None:
    assert closest_category(typed) == closest


@given(st.text(max_size=100))
def test_whatever_is_proposed_exists(text: str) -> None:
    closest = closest_category(text)
    assert closest is None or find_category(closest) == closest or find_group(closest) == closest.removesuffix("*")
