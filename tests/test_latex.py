"""LaTeX as people can read it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from bot.latex import looks_like_latex, readable
from bot.latex_symbols import SYMBOLS
from bot.models import Paper


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no mark-up at all, 5% of 3_4 ~ x", "no mark-up at all, 5% of 3_4 ~ x"),
        ("$\\alpha$-divergence", "α-divergence"),
        ("\\'e {\\'e} \\'{e} \\\"{\\i} {\\\"o} \\c{c} \\v s \\H{o} \\~n \\^{}", "é é é ï ö ç š ő ñ "),
        ("Stra\\ss e, \\L ukasz, \\AA{} \\o", "Straße, Łukasz, Å ø"),
        ('a \\"quoted\\" word', 'a "quoted" word'),
        ("\\emph{very \\textbf{bold}} {\\bf x} \\mathcal O", "very bold x O"),
        ("$R^2$ and $x^{10}$ and $10^{-4}$ and $i^{th}$", "R² and x¹⁰ and 10⁻⁴ and iᵗʰ"),
        ("CO$_2$, $x_i$, $x_{max}$, $\\pi_\\theta$", "CO₂, xᵢ, x_max, π_θ"),
        ("$90^\\circ$ $C^*$ $x^{n+\\alpha}$", "90° C* x^(n+α)"),
        ("snake_case and a_{ij}", "snake_case and aᵢⱼ"),
        ("\\frac{1}{2} \\frac12 $\\frac{a+b}{c}$ \\sqrt{x} \\sqrt[3]{x+1}", "1/2 1/2 (a+b)/c √x ³√(x+1)"),
        ("$\\mathbb{R}^d$ $\\mathbb R$ \\mathbb{X}", "ℝᵈ ℝ X"),
        ("$\\hat{x}$ $\\bar{abc}$ $\\vec v$", "x\u0302 abc v\u20d7"),
        ("$n \\log n$, $k\\log k$, \\method{} and \\ours wins", "n log n, k log k, method and ours wins"),
        ("50\\% of \\$5 \\& \\_ \\# \\{x\\}", "50% of $5 & _ # {x}"),
        ("$5 million and $10", "$5 million and $10"),
        ("from $5 to $10 and $x$", "from $5 to $10 and x"),
        ("costs $0.1; then text goes on $and$ on", "costs $0.1; then text goes on and on"),
        ("a$b$$c$d $$e$$", "abcd e"),
        ("\\(x_1\\) \\[y_2\\]", "x₁ y₂"),
        ("$x$ see~Fig.~1, about ~2", "x see Fig. 1, about ~2"),
        ("\\sqrt[n_1]{x}", "^(n_1)√x"),
        ("seen before \\cite{doe}, \\ref{x}\\label", "seen before , "),
        ("\\href{https://x.y/~a_b}{here} \\url{x.y} \\href{x.y}{x.y}", "here (https://x.y/~a_b) x.y x.y"),
        ("\\textcolor{red}{warm} \\color{red} x", "warm  x"),
        ("\\textsuperscript{2} \\textsubscript{2} \\unicode{x2013} \\unicode{8211} \\unicode{nonsense}", "² ₂ – – "),
        ("\\binom{n}{k} $\\ket{0}$ \\SI{5}{\\mu m} $1 \\pmod 7$", "binom(n, k) |0⟩ 5 μ m 1 (mod 7)"),
        ("word\\footnote{note} $\\stackrel{a}{b}$", "word (note) b"),
        ("``quoted'' text", "“quoted” text"),
        ("$a\\,b\\!c\\quad d$ \\\\ e", "a bc d   e"),
        ("broken } { ^ $ \\", "broken   ^ $ \\"),
        ("x^", "x^"),
        ("x^{", "x"),
        ("\\frac{1}", "1/"),
    ],
)
def test_readable(text: str, expected: str) -> None:
    assert readable(text) == expected


@given(st.text(st.sampled_from("\\{}$^_~ ab\"1`'()[]") | st.characters(), max_size=40))
def test_anything_can_be_read(text: str) -> None:
    assert isinstance(readable(text), str)
    if not looks_like_latex(text) and "``" not in text:
        assert readable(text) == text


@given(st.lists(st.sampled_from(["\\alpha", "{", "}", "^", "_", "$", "x", " ", "\\frac", "\\'", "\\sqrt", "\\emph"])))
def test_known_commands_leave_no_backslash(pieces: list[str]) -> None:
    assert "\\" not in readable("".join(pieces))


def test_deep_nesting_keeps_the_words() -> None:
    assert "core" in readable("^{" * 500 + "core" + "}" * 500)
    assert "core" in readable("\\emph{" * 500 + "core" + "}" * 500)


def test_symbols_agree_with_pylatexenc() -> None:
    convert = LatexNodes2Text()
    for name in ["alpha", "Gamma", "leq", "neq", "approx", "infty", "times", "pm", "sum", "in", "subseteq", "to", "ss"]:
        assert convert.latex_to_text(f"\\{name}").strip() == SYMBOLS[name]


def test_real_abstracts_become_readable(real_papers: list[Paper]) -> None:
    marked = [paper.abstract for paper in real_papers[::10] if "\\" in paper.abstract]
    left = [text for text in marked if "\\" in readable(text)]
    assert len(left) <= len(marked) * 0.02
