"""The threats of SECURITY.md: each has a test, and each test that is named there is there and can fail."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = re.compile(r"`(test_\w+)::(test_\w+)`")


def rows() -> list[list[str]]:
    """The cells of the table's rows."""
    _, _, section = (ROOT / "SECURITY.md").read_text().partition("\n## Threats\n")
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    assert lines[0] == "| threat | what stops it | tested by |"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@cache
def functions(module: str) -> dict[str, ast.AST]:
    """The functions and methods of a file of tests by their names."""
    tree = ast.parse((ROOT / "tests" / f"{module}.py").read_text())
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def can_fail(module: str, name: str) -> bool:
    """Whether a test asserts something, itself or by a function beside it, or waits for something that has to come."""
    for node in ast.walk(functions(module)[name]):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr == "raises"):
            return True
        called = node.id if isinstance(node, ast.Name) else ""
        if called == "until" or (called != name and called in functions(module) and can_fail(module, called)):
            return True
    return False


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0])[:60])
def test_each_threat_has_something_that_stops_it_and_tests_that_are_there(row: list[str]) -> None:
    threat, stopped_by, tested_by = row
    assert threat
    assert stopped_by
    named = NAMED.findall(tested_by)
    assert "<br>".join(f"`{module}::{name}`" for module, name in named) == tested_by
    assert named
    for module, name in named:
        assert (ROOT / "tests" / f"{module}.py").is_file(), module
        assert name in functions(module), f"{module}::{name}"
        assert can_fail(module, name), f"{module}::{name} asserts nothing"


def test_each_test_of_a_threat_stands_in_the_table() -> None:
    named = {each for row in rows() for each in NAMED.findall(row[2])}
    for path in (ROOT / "tests").glob("test_threats_*.py"):
        there = {(path.stem, name) for name in functions(path.stem) if name.startswith("test_")}
        assert there <= named, path.stem
