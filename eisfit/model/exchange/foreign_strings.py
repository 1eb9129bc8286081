"""Circuit strings of other programs, in the common notation.

==================  ==========================  ==========================================================
AutoEIS             ``R1-[P2,R3-C4]``           square brackets are parallel, P is a constant phase element
EC-Lab ZFit         ``R1+Q2/(R2+W2)``           + is series, / parallel and binds closer
MATLAB Zfit         ``s(R1,p(R1,E2))``          series and parallel by name; the digit counts parameters
Simscape Battery    ``R0+(R1,CPE1)``            + is series, (a,b) parallel
repetition          ``R_s-K*5``                 five K in series, a chain of Voigt elements
==================  ==========================  ==========================================================

pyimpspec's are in `eisfit.model.exchange.pyimpspec`, Boukamp's and impedance.py's in `eisfit.model.notation`.
"""

from __future__ import annotations

import re
from collections import Counter

from eisfit.errors import NotationError
from eisfit.model.scanner import Scanner

#: Symbol of EC-Lab (application note 14 and its manual) and of the others -> ours.
_SYMBOLS = {"Q": "CPE", "P": "CPE", "E": "CPE", "M": "Wo", "Ma": "Wop", "Wd": "Ws"}
_KNOWN = {"R", "C", "L", "La", "W", "G", "CPE", *_SYMBOLS}
_NAME = re.compile(r"(?P<symbol>[A-Za-z]+?)(?P<label>_?\d*)$")
_REPEATED = re.compile(r"\b([A-Za-z]+)\*(\d+)")
_LONGEST = 40
_DIGITS = 9  # of a number of elements: more are no number of anything, and thousands Python refuses


def translate_string(text: str) -> str:
    """Return a circuit string in the common notation; one that is of no other program as it is.

    Raises
    ------
    NotationError
        When it is of another program and cannot be read; shows the place.

    Examples
    --------
    >>> translate_string("R1-C2-[R3,P4]-[R5,[R6,C7]]")
    'R1-C2-p(R3,CPE4)-p(R5,p(R6,C7))'
    >>> translate_string("R1+Q2/(R2+W2)"), translate_string("s(R1,p(R1,E2))"), translate_string("R_s-K*3")
    ('R1-p(CPE2,R2-W2)', 'R1-p(R2,CPE1)', 'R_s-K1-K2-K3')
    """
    text = _REPEATED.sub(lambda match: _expand_repetition(text, match), text)
    tight = re.sub(r"\s", "", text)
    if re.match(r"[sp]\(", tight) and "s(" in tight:
        return _Reader(text, numbered=True).read_whole(_Reader.read_named)
    if "[" in tight and re.search(r"[-,]", tight):
        renamed = re.sub(r"\bP(?=\d)", "CPE", text)
        return renamed.replace("[", "p(").replace("]", ")")
    if re.search(r"[+/]", tight) and re.fullmatch(r"[\w+/(),]+", tight):
        return _Reader(text).read_whole(_Reader.read_sum)
    return text


def _expand_repetition(text: str, match: re.Match[str]) -> str:
    symbol, digits = match[1], match[2].lstrip("0")
    count = int(digits) if 0 < len(digits) < _DIGITS else 0
    if not 1 <= count <= _LONGEST:
        raise NotationError(text, match.start(2), f"a chain has 1 to {_LONGEST} elements")
    return "-".join(f"{symbol}{k}" for k in range(1, count + 1))


def _join_parallel(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"p({','.join(parts)})"


class _Reader(Scanner):
    """Recursive descent; gives the common notation."""

    def __init__(self, text: str, *, numbered: bool = False) -> None:
        super().__init__(text)
        self.numbered = numbered
        self.counts: Counter[str] = Counter()

    def read_whole(self, rule: object) -> str:
        found: str = rule(self)  # type: ignore[operator]
        if self.peek():
            raise self.fail(f"expected the end, not {self.peek()!r}")
        return found

    def fail(self, message: str) -> NotationError:
        return NotationError(self.text, self.place, message)

    def read_sum(self) -> str:
        return "-".join(self.repeat(self.read_quotient, "+"))

    def read_quotient(self) -> str:
        return _join_parallel(self.repeat(self.read_primary, "/"))

    def read_primary(self) -> str:
        if not self.take("("):
            return self.read_component()
        parts = self.repeat(self.read_sum, ",")
        if not self.take(")"):
            raise self.fail("expected '+', '/', ',' or ')'")
        return _join_parallel(parts)

    def read_named(self) -> str:
        """Read ``s(...)``, ``p(...)`` or an element."""
        head = self.text[self.place : self.place + 1] if self.peek() else ""
        if head not in ("s", "p"):
            return self.read_component()
        self.place += 1
        if not self.take("("):
            raise self.fail("expected '('")
        parts = self.repeat(self.read_named, ",")
        if not self.take(")"):
            raise self.fail("expected ',' or ')'")
        return "-".join(parts) if head == "s" else _join_parallel(parts)

    def read_component(self) -> str:
        self.peek()
        word = re.compile(r"\w+").match(self.text, self.place)
        match = None if word is None else _NAME.match(word.group())
        if word is None or match is None or match["symbol"] not in _KNOWN:
            raise self.fail(f"expected an element of {', '.join(sorted(_KNOWN))}, with a number")
        self.place = word.end()
        symbol = _SYMBOLS.get(match["symbol"], match["symbol"])
        self.counts[symbol] += 1
        return f"{symbol}{self.counts[symbol]}" if self.numbered else f"{symbol}{match['label']}"
