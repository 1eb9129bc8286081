r"""The formulas of the element tables, which are plain text, as LaTeX.

>>> print(latex("R / (1 + (j omega tau)^alpha)"))
\frac{R}{1 + \left(\mathrm{j} \omega \tau\right)^{\alpha}}
"""

from __future__ import annotations

import re

__all__ = ["FormulaError", "equations", "latex", "limit"]

_TOKEN = re.compile(r"\s*(\d+\.?\d*|I[01]\b|[A-Za-z]+(?:_[A-Za-z0-9]+)*|[-+/^()=])")
_FUNCTIONS = {name: rf"\{name}" for name in ("coth", "tanh", "sinh", "cosh", "exp", "ln")}
_FUNCTIONS |= {name: rf"\mathrm{{{name[0]}}}_{name[1]}" for name in ("I0", "I1")}  # modified Bessel functions
_WORDS = {"top", "floor"}  # parameters whose symbol is a word
_GREEK = {"alpha", "beta", "omega", "sigma", "tau", "phi"}


class FormulaError(ValueError):
    """Text that is no formula."""


def latex(text: str) -> str:
    """Return a formula as LaTeX.

    Raises
    ------
    FormulaError
        When it is words, not a formula.
    """
    return _Parser(text).equation()


def equations(text: str) -> list[str]:
    """Return a formula and what it calls by a name of its own (``... with u = ...``), a line each."""
    return [latex(part) for part in text.split(" with ")]


def limit(text: str) -> str:
    """Return a limit, which may be words, a formula or some of both, as Markdown."""
    try:
        return f"${latex(text)}$"
    except FormulaError:
        pass
    for joint in (", as ", ", ", " with "):
        before, found, after = text.partition(joint)
        if found:
            return f"{limit(before)}{joint}{limit(after)}"
    return text


class _Parser:
    """Recursive descent; a product is written by blanks, and ``/`` takes the next factor alone."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                raise FormulaError(text)
            self.tokens.append(found[1])
            place = found.end()

    def equation(self) -> str:
        left = self.sum()
        if self.peek() == "=":
            self.take()
            left = f"{left} = {self.sum()}"
        if self.tokens:
            raise FormulaError(self.tokens[0])
        return left

    def peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self) -> str:
        if not self.tokens:
            raise FormulaError("ends too soon")
        return self.tokens.pop(0)

    def sum(self) -> str:
        written = "-" + self.product() if self.peek() == "-" and self.take() else self.product()
        while self.peek() in ("+", "-"):
            written += f" {self.take()} {self.product()}"
        return written

    def product(self) -> str:
        before = ""  # fractions already written, so that none stands upon another
        written, bare = self.factor()
        while self.peek() not in ("", "+", "-", ")", "="):
            if self.peek() == "/":
                self.take()
                written = bare = rf"\frac{{{bare}}}{{{self.factor()[1]}}}"
            elif r"\frac" in written:
                before += f"{written} "
                written, bare = self.factor()
            else:
                written = bare = f"{written} {self.factor()[0]}"
        return before + written

    def factor(self) -> tuple[str, str]:
        """Return a factor as it stands in a product, and as it stands alone, without its brackets."""
        written, bare = self.base()
        if self.peek() == "^":
            self.take()
            written = bare = f"{written}^{{{self.base()[1]}}}"
        return written, bare

    def base(self) -> tuple[str, str]:
        token = self.take()
        if token == "(":
            inside = self.closed()
            return rf"\left({inside}\right)", inside
        if token == "sqrt":
            self.expect("(")
            root = rf"\sqrt{{{self.closed()}}}"
            return root, root
        if token in _FUNCTIONS:
            self.expect("(")
            called = rf"{_FUNCTIONS[token]}\left({self.closed()}\right)"
            return called, called
        return (self.symbol(token),) * 2

    def closed(self) -> str:
        inside = self.sum()
        self.expect(")")
        return inside

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise FormulaError(f"no {token}")

    @staticmethod
    def symbol(token: str) -> str:
        head, _, tail = token.partition("_")
        if head == "j":
            return r"\mathrm{j}"
        if head in _WORDS:
            head = rf"\mathrm{{{head}}}"
        elif head in _GREEK:
            head = "\\" + head
        elif not (len(head) == 1 or head.replace(".", "").isdigit()):
            raise FormulaError(token)
        return rf"{head}_{{\mathrm{{{tail}}}}}" if tail else head
