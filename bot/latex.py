"""LaTeX in titles, abstracts and names, as Unicode that people can read.

``readable`` resolves what arXiv's metadata hold: accents (``\\'e``, ``{\\"o}``), Greek letters and symbols
(``$\\alpha$``, ``\\leq``), raised and lowered signs (``$R^2$`` → R², ``CO$_2$`` → CO₂), fractions, fonts
(``\\emph{x}`` → x), links, quotation marks. What it does not know loses its mark-up and keeps its words; text without
mark-up passes unchanged. A dollar sign that opens no formula stays ("$5 million").

The reader goes once from left to right, so its time is linear in the text whatever is nested in it, and it raises
nothing, however broken the mark-up is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.latex_commands import COMMANDS, Handler, accent, lowered, nothing, raised
from bot.latex_symbols import ACCENTS, SPACES, SYMBOLS


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# One set of characters comes first, so that a search goes through plain text at the speed of C.
_TOKEN = re.compile(
    r"[$^_~{}\\](?:(?<=\\)(?P<command>[A-Za-z]{1,64}|.)(?P<after>[ \t\n]{0,8})|(?<=\$)\$|(?<!\\))", re.DOTALL
)
_ROOT_DEGREE = re.compile(r"\[([^\[\]{}$\\]{0,20})\]")
_PROSE = re.compile(r"(?<![\\A-Za-z{])[a-z]{3,}(?![A-Za-z}])")
_LEAST_PROSE = len("the the the the")
_DEEPEST = 50
_LONGEST_FORMULA = 2_000
_FONTS = _names(
    "rm bf it sf tt em sc sl cal frak mathbf mathrm mathsf mathtt mathit mathcal mathscr mathfrak boldsymbol bm Cal "
    "text textbf textit textrm textsf texttt textsc textup textnormal emph underline uline mbox hbox operatorname url "
    "boldmath itshape bfseries left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr displaystyle textstyle "
    "scriptstyle scriptscriptstyle limits nolimits small large Large tiny scriptsize footnotesize normalsize xspace "
    "protect ensuremath smash allowbreak nobreak noindent not enquote uppercase mathop mathord mathrel mathbin "
    "centering raggedright ce overline widehat widetilde"
)
_DROPPED = _names(
    "cite citep citet citealp citeauthor textcite parencite ref eqref cref label begin end color vspace hspace hskip "
    "phantom hypersetup input include bibliography"
)
_JOINING = _names("ss o O l L ae AE oe OE aa i j dj DJ dh DH th TH ng NG imath jmath")
"""Letters of words: the white space that ends their name is no part of the text (``Stra\\ss e``)."""
_SIGNS = dict.fromkeys("!-/@()[]", "") | dict.fromkeys(",;:> \n\t\\", " ") | {"|": "‖"}


def looks_like_latex(text: str) -> bool:
    """Whether ``readable`` could change anything but quotation marks."""
    return "\\" in text or "$" in text or "{" in text or "^" in text


def readable(text: str) -> str:
    """``text`` with its LaTeX mark-up as plain Unicode; white space between words is left as it is."""
    if looks_like_latex(text):
        text = _Reader(text).read()
    if "``" in text:
        text = text.replace("``", "“").replace("''", "”")
    return text


@dataclass(slots=True)
class _Group:
    """An open brace: where its output starts, and the commands that wait for the whole of it."""

    start: int
    waiting: list[Handler]


class _Reader:
    """One pass over a text. ``waiting`` holds the commands that still want an atom: a character, a sign, a group."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._out: list[str] = []
        self._groups: list[_Group] = []
        self._deeper = 0
        self._waiting: list[Handler] = []
        self._formula = ""

    def read(self) -> str:
        text = self._text
        for token in _TOKEN.finditer(text):
            start, end = token.span()
            position = self._position
            if start < position:
                continue  # read together with the token before it
            if start > position:
                if self._waiting:
                    self._plain(text[position:start])
                else:
                    self._out.append(text[position:start])
            self._position = end
            self._token(token)
        self._plain(self._text[self._position :])
        while self._groups:
            self._close()
        self._flush()
        return "".join(self._out)

    def _token(self, token: re.Match[str]) -> None:
        match token[0][0]:
            case "\\":
                self._command(token["command"], token["after"])
            case "$":
                self._dollar(token[0])
            case "{":
                self._open()
            case "}":
                self._close()
            case "^":
                follower = self._next()
                self._wait(raised) if follower and not follower.isspace() else self._plain("^")
            case "_":  # an index in a formula or before a brace, else a part of a name
                self._wait(lowered) if self._formula or self._next() == "{" else self._plain("_")
            case _:  # a tie between words is a space, at the start of a word it means "about"
                before = self._text[token.start() - 1 : token.start()]
                self._plain("~" if not before or before.isspace() or before in "([$/" else " ")

    def _next(self) -> str:
        return self._text[self._position : self._position + 1]

    def _wait(self, handler: Handler) -> None:
        if len(self._waiting) >= _DEEPEST:
            self._flush()
        self._waiting.append(handler)

    def _atom(self, atom: str) -> None:
        """Give an atom to the waiting commands, the latest first, and write what comes out."""
        result: str | Handler = atom
        while self._waiting and isinstance(result, str):
            result = self._waiting.pop()(result)
        if isinstance(result, str):
            self._write(result)
        else:
            self._waiting.append(result)

    def _flush(self) -> None:
        """Nothing more will come for the waiting commands."""
        while self._waiting:
            self._atom("")

    def _plain(self, run: str) -> None:
        """Text without mark-up; a waiting command takes its first character."""
        while self._waiting and run:
            run = run.lstrip()
            if run:
                self._atom(run[0])
                run = run[1:]
        if run:
            self._out.append(run)

    def _write(self, text: str) -> None:
        if text:
            self._out.append(text)

    def _open(self) -> None:
        if len(self._groups) >= _DEEPEST:
            self._flush()  # groups nested deeper are not taken as a whole, or the time would not be linear
            self._deeper += 1
            return
        self._groups.append(_Group(len(self._out), self._waiting))
        self._waiting = []

    def _close(self) -> None:
        if self._waiting:
            self._flush()
        if self._deeper:
            self._deeper -= 1
            return
        if not self._groups:
            return
        group = self._groups.pop()
        self._waiting = group.waiting
        if self._waiting:
            whole = "".join(self._out[group.start :])
            del self._out[group.start :]
            self._atom(whole)

    def _dollar(self, mark: str) -> None:
        if self._waiting:
            self._flush()
        if self._formula:
            self._formula = "$" if mark != self._formula == "$" else ""  # "$a$$b$" is two formulas
        elif _opens_formula(self._text, self._position, mark):
            self._formula = mark
        else:
            self._write(mark)

    def _command(self, name: str, after: str) -> None:
        if not (name[0].isascii() and name[0].isalpha()):
            self._sign(name, after)
        elif name in ACCENTS and (len(name) > 1 or self._next() == "{" or (after and self._next().isalpha())):
            self._wait(accent(name))
        elif name in SYMBOLS:
            self._atom(SYMBOLS[name])
            self._write("" if name in _JOINING else after)
        elif name in COMMANDS:
            self._with_arguments(name)
        elif name in SPACES:
            self._plain(" ")
        elif name in _DROPPED:
            if self._next() == "{":
                self._wait(nothing)
        elif name not in _FONTS and not (self._next() == "{" and not self._text.startswith("{}", self._position)):
            self._name(name, after)

    def _sign(self, sign: str, after: str) -> None:
        """A backslash before anything but a letter."""
        if sign in ACCENTS and not after and (self._next() in {"{", "\\"} or self._next().isalpha()):
            self._wait(accent(sign))
            return
        if sign in "()[]":
            self._flush()
            self._formula = "$" if sign in "([" else ""
        self._atom(_SIGNS.get(sign, sign))
        self._write(after)

    def _with_arguments(self, name: str) -> None:
        if name == "sqrt" and (degree := _ROOT_DEGREE.match(self._text, self._position)):
            self._position = degree.end()
            self._write(raised(degree[1]))
        self._wait(COMMANDS[name])

    def _name(self, name: str, after: str) -> None:
        """A function such as ``\\log`` or an author's own command: its name is the best that can be shown."""
        if not self._waiting and self._out and self._out[-1][-1:].isalnum():
            self._write(" ")
        self._atom(name)
        self._write(after)


def _opens_formula(text: str, start: int, mark: str) -> bool:
    """Whether the dollar sign before ``start`` opens a formula; otherwise it is money, or closes what never opened."""
    end = text.find(mark, start, start + _LONGEST_FORMULA)
    if end < 0:
        return False
    inside = text[start:end]
    if len(inside) >= _LEAST_PROSE and len(_PROSE.findall(inside)) >= 4:
        return False
    amount = inside[:1].isdigit() and (inside[-1:].isspace() or text[end + 1 : end + 2].isdigit())
    return not amount or "\\" in inside
