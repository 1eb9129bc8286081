"""pyimpspec's circuit description code with values in braces, there and back.

``R{R=53.2:sol}(C{C=1.7E-11:dl}[R{R=325f:ct}W{Y=2E-4}])``: brackets as in Boukamp's code, for each parameter
``name=value``, ``f`` behind a fixed value, ``/lower/upper`` (a number, or percent of the value), and a label
after a colon. Elements by its documentation (version 5), x = j omega::

    Q  1 / (Y x^n)            W  1 / (Y x^n), n = 0.5          K     R / (1 + tau x)
    Wo coth((B x)^n)/(Y x)^n  Ws tanh((B x)^n)/(Y x)^n         Zarc  R / (1 + (tau x)^n)
    G  1 / (Y (k + x)^n)      Ga R / (1 + tau x)^n             Ha    R / (1 + (tau x)^a)^b
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from eisfit.errors import CircuitError, did_you_mean
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, Line, Node, Series
from eisfit.model.scanner import Scanner

Values = Mapping[str, float]
_HALF = 0.5
#: Its symbol -> (names of its parameters, their defaults).
_DEFAULTS: dict[str, dict[str, float]] = {
    "R": {"R": 1e3}, "C": {"C": 1e-6}, "L": {"L": 1e-6}, "La": {"L": 1e-6, "n": 0.95},
    "Q": {"Y": 1e-6, "n": 0.95}, "W": {"Y": 1.0, "n": _HALF},
    "Wo": {"Y": 1.0, "B": 1.0, "n": _HALF}, "Ws": {"Y": 1.0, "B": 1.0, "n": _HALF},
    "G": {"Y": 1.0, "k": 1.0, "n": _HALF}, "Ga": {"R": 1.0, "tau": 1.0, "n": _HALF},
    "K": {"R": 1.0, "tau": 1.0}, "Zarc": {"R": 1e3, "tau": 1.0, "n": 0.95},
    "Ha": {"R": 1.0, "tau": 1.0, "a": 0.7, "b": 0.8},
}  # fmt: skip
_ALIASES = {"T": "Wo", "O": "Ws"}
_SYMBOL = re.compile(r"[A-Z][a-z]*")
_SHAPE = re.compile(r"(?:[A-Z][a-z]*|[()\[\]])+")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf|-inf"
_PARAMETER = re.compile(
    rf"(?P<name>\w+)=(?P<value>{_NUMBER})(?P<fixed>[fF]?)"
    rf"(?:/(?P<low>(?:{_NUMBER})?%?)(?:/(?P<high>(?:{_NUMBER})%?))?)?"
)


def is_code(text: str) -> bool:
    """Return whether a string is of this form: values in braces, or elements that Boukamp does not have.

    >>> is_code("R{R=5}(RC)"), is_code("[R(RWo)]"), is_code("R0-p(R1,C1)"), is_code("rs-ct")
    (True, True, False, False)
    """
    bare = re.sub(r"\{[^{}]*\}|!V=\d+!|\s", "", text)
    symbols = _SYMBOL.findall(bare)
    known = set(symbols) <= {*_DEFAULTS, *_ALIASES} and not set(symbols) <= set("RCLQWTO")
    return "{" in text or (known and len(symbols) > 1 and bool(_SHAPE.fullmatch(bare)))


def read(text: str) -> Circuit:
    """Read a code: its values are start values, or fixed, its limits bounds.

    Raises
    ------
    CircuitError
        For an element that eisfit does not have in this form, or what is no such code; names the place.

    Examples
    --------
    >>> circuit = read("R{R=53.2:sol}(Q{Y=1E-5,n=0.9}[R{R=325f:ct}W{Y=2E-4}])")
    >>> circuit.string, circuit.parameters["R_ct"].value, circuit.parameters["R_ct"].vary
    ('R_sol-p(CPE1,R_ct-W1)', 325.0, False)
    """
    reader = _Reader(re.sub(r"!V=\d+!", "", text).strip())
    circuit = Circuit.from_string(reader.read_series(""))
    said = {name: change for name, change in reader.changes.items() if change}
    start, fix, bound = (
        {name: change[key] for name, change in said.items() if key in change}
        for key in ("value", "fix", "bound")
    )
    return circuit.constrain(start=start, fix=fix, bound=bound)


class _Reader(Scanner):
    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.taken: Counter[str] = Counter()
        self.changes: dict[str, dict[str, Any]] = {}

    def fail(self, what: str) -> CircuitError:
        return CircuitError(f"{what}\n  {self.text}\n  {' ' * self.place}^")

    def read_parts(self, closing: str) -> list[str]:
        found = []
        while self.peek() not in ("", ")", "]"):
            found.append(self.read_part())
        if self.peek() != closing:
            raise self.fail(f"expected {closing or 'the end'!r}")
        if not found:
            raise self.fail("expected an element")
        self.place += bool(closing)
        return found

    def read_series(self, closing: str) -> str:
        return "-".join(self.read_parts(closing))

    def read_part(self) -> str:
        if self.take("("):
            branches = self.read_parts(")")
            return f"p({','.join(branches)})" if len(branches) > 1 else branches[0]
        return self.read_series("]") if self.take("[") else self.read_element()

    def read_element(self) -> str:
        match = _SYMBOL.match(self.text, self.place)
        symbol = _ALIASES.get(match.group(), match.group()) if match else ""
        if match is None or symbol not in _DEFAULTS:
            known = ", ".join(_DEFAULTS)
            raise self.fail(f"eisfit reads these of pyimpspec's elements: {known}")
        self.place = match.end()
        given, label = self.read_braces(symbol)
        ours, changes = _translate(symbol, given, self.fail)
        self.taken[ours] += 1
        name = f"{ours}_{label}" if label else f"{ours}{self.taken[ours]}"
        for key, change in changes.items():
            self.changes[f"{name}_{key}" if key else name] = change
        return name

    def read_braces(self, symbol: str) -> tuple[dict[str, dict[str, Any]], str]:
        """Return what stands in braces behind an element: parameter -> value, fix, bound; and the label."""
        if self.peek() != "{":
            return {}, ""
        end = self.text.find("}", self.place)
        if end < 0:
            raise self.fail("this brace is not closed")
        content, _, label = self.text[self.place + 1 : end].partition(":")
        given: dict[str, dict[str, Any]] = {}
        for text in filter(None, (part.strip() for part in content.split(","))):
            match = _PARAMETER.fullmatch(text.replace(" ", ""))
            if match is None:
                raise self.fail(f"{text!r}: expected NAME=VALUE, with f for fixed or /LOWER/UPPER behind")
            if match["name"] not in _DEFAULTS[symbol]:
                near = did_you_mean(match["name"], _DEFAULTS[symbol])
                raise self.fail(f"{symbol} has no parameter {match['name']!r}{near}")
            given[match["name"]] = _parse_match(match)
        self.place = end + 1
        return given, re.sub(r"\W+", "_", label.strip())


def _parse_match(match: re.Match[str]) -> dict[str, Any]:
    value = float(match["value"])
    if match["fixed"]:
        return {"fix": value}
    sides = [_parse_limit(match[side], value) for side in ("low", "high")]
    return {"value": value} | ({"bound": tuple(sides)} if any(s is not None for s in sides) else {})


def _parse_limit(text: str | None, value: float) -> float | None:
    if not text:
        return None
    number = value * float(text[:-1]) / 100 if text.endswith("%") else float(text)
    return number if math.isfinite(number) else None


_SAME = {
    "R": {"R": ""}, "C": {"C": ""}, "L": {"L": ""}, "La": {"L": "L", "n": "alpha"},
    "Q": {"Y": "Q", "n": "alpha"}, "K": {"R": "R", "tau": "tau"},
    "Zarc": {"R": "R", "tau": "tau", "n": "alpha"},
    "Ha": {"R": "R", "tau": "tau", "a": "alpha", "b": "beta"},
}  # fmt: skip
_OURS = {"Q": "CPE", "Ha": "HN", "Ga": "G"}


def _translate(
    symbol: str, given: dict[str, dict[str, Any]], fail: Callable[[str], CircuitError]
) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return our symbol, and our parameter -> its value, fix and bounds."""
    ours = _OURS.get(symbol, symbol)
    if symbol in _SAME:
        return ours, {key: given.get(name, {}) for name, key in _SAME[symbol].items()}
    known = {name: _get_value(given.get(name), default) for name, default in _DEFAULTS[symbol].items()}
    exponent_free = known["n"] != _HALF or "value" in given.get("n", {})
    if exponent_free and symbol == "W":
        return "CPE", {"Q": given.get("Y", {}), "alpha": given.get("n", {})}
    if exponent_free and ours == "G":
        raise fail("eisfit's G has the exponent 0.5 alone: fix n=0.5f, or register an element")
    for name in ("Y", "k"):
        if any(limit for limit in given.get(name, {}).get("bound", ())):
            raise fail(f"limits of {symbol}'s {name} cannot be translated: leave them out")
    if not given:
        return ours, {}
    return (f"{ours}p" if exponent_free else ours), _list_changes(symbol, known, given, exponent_free)


def _list_changes(
    symbol: str, known: Values, given: dict[str, dict[str, Any]], exponent_free: bool
) -> dict[str, dict[str, Any]]:
    fixed = all("fix" in given.get(name, {}) for name in known if name != "n")
    key = "fix" if fixed else "value"
    if symbol == "W":
        return {"sigma": {key: 1 / (math.sqrt(2) * known["Y"])}}
    if symbol == "G":
        return {"R": {key: 1 / (known["Y"] * math.sqrt(known["k"]))}, "tau": {key: 1 / known["k"]}}
    if symbol == "Ga":
        return {"R": given.get("R", {}), "tau": given.get("tau", {})}
    found = {"R": {key: (known["B"] / known["Y"]) ** known["n"]}, "tau": given.get("B", {})}
    return {**found, "p": given.get("n", {"fix": known["n"]})} if exponent_free else found


def _get_value(said: dict[str, Any] | None, default: float) -> float:
    return default if said is None else said.get("fix", said.get("value", default))


def write(circuit: Circuit, values: Values | None = None) -> str:
    """Return the code that pyimpspec reads; fixed parameters are fixed there.

    Raises
    ------
    CircuitError
        For an element or a line that pyimpspec does not have in this form.

    Examples
    --------
    >>> write(Circuit.from_string("R_s-p(R_ct,CPE_ct)"))
    'R{:s}(R{:ct}Q{:ct})'
    """
    fixed = {name for name, p in circuit.parameters.items() if not p.free}
    return _write_node(circuit.tree, values, fixed)


def _write_node(node: Node, values: Values | None, fixed: set[str]) -> str:
    if isinstance(node, Component):
        return _write_element(node, values, fixed)
    if isinstance(node, Line):
        raise CircuitError(f"{node}: pyimpspec's string for a line of any sub-circuits is not written here")
    inner = "".join(
        f"[{_write_node(child, values, fixed)}]"
        if isinstance(child, Series)
        else _write_node(child, values, fixed)
        for child in node.children
    )
    return inner if isinstance(node, Series) else f"({inner})"


def _write_element(component: Component, values: Values | None, fixed: set[str]) -> str:
    symbol = component.symbol
    v = {row.symbol: 1.0 for row in component.element.parameters}
    if values is not None:
        keys = zip(component.element.parameters, component.parameter_names, strict=True)
        v = {row.symbol: float(values[name]) for row, name in keys}
    makers: dict[str, Callable[[], tuple[str, dict[str, float]]]] = {
        "W": lambda: ("W", {"Y": 1 / (math.sqrt(2) * v["sigma"])}),
        "Wo": lambda: ("Wo", {"Y": v["tau"] / v["R"] ** 2, "B": v["tau"]}),
        "Ws": lambda: ("Ws", {"Y": v["tau"] / v["R"] ** 2, "B": v["tau"]}),
        "Wop": lambda: ("Wo", {"Y": v["tau"] * v["R"] ** (-1 / v["p"]), "B": v["tau"], "n": v["p"]}),
        "Wsp": lambda: ("Ws", {"Y": v["tau"] * v["R"] ** (-1 / v["p"]), "B": v["tau"], "n": v["p"]}),
        "G": lambda: ("Ga", {"R": v["R"], "tau": v["tau"]}),
    }
    alike = next((theirs for theirs in _SAME if _OURS.get(theirs, theirs) == symbol), None)
    if alike is not None:
        theirs, numbers = alike, {key: v[ours] for key, ours in _SAME[alike].items()}
    elif symbol in makers:
        theirs, numbers = makers[symbol]()
    else:
        raise CircuitError(f"pyimpspec has no element {symbol} ({component.name}) in this form")
    whole = set(component.parameter_names) <= fixed
    same = len(numbers) == len(component.parameter_names)  # one of theirs for one of ours, in order
    is_fixed = [name in fixed if same else whole for name in (*component.parameter_names, "", "")]
    rows = zip(numbers.items(), is_fixed, strict=False)
    shown = (
        ",".join(f"{key}={value!r}{'f' * held}" for (key, value), held in rows) if values is not None else ""
    )
    return f"{theirs}{{{shown}:{component.label}}}"
