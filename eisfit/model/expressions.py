"""Arithmetic expressions between parameters, such as ``2*R_sei``, with exact derivatives.

The text is never run as code: it is parsed, only arithmetic is accepted, and the tree is evaluated here.
What is accepted means the same in lmfit's expressions.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from eisfit.errors import ParameterError, did_you_mean

#: A value (B,) and its derivatives (B,) by parameter name.
Dual = tuple[Any, dict[str, Any]]

_CONSTANTS = {"pi": np.pi, "e": np.e}
_FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    # np.divide, because a Python float would raise at zero instead of giving infinity.
    "sqrt": (np.sqrt, lambda x: np.divide(0.5, np.sqrt(x))),
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: np.divide(1, x)),
    "log10": (np.log10, lambda x: np.divide(1 / np.log(10), x)),
}
_LONGEST = 500  # characters: bounds the depth of the tree, which is walked by recursion
_LONGEST_SHOWN = 60
_ALLOWED = "numbers, parameter names, + - * / ** ( ), sqrt, exp, log, log10 and pi"


class Expression:
    """An expression for one parameter in terms of others.

    Parameters
    ----------
    text
        For instance ``2*R_sei + 1``.
    names
        The parameters that may occur.

    Raises
    ------
    ParameterError
        When the text is not plain arithmetic or names an unknown parameter.

    Examples
    --------
    >>> e = Expression("2*R_sei", ["R_sei", "R_ct"])
    >>> e.evaluate({"R_sei": 4.0})
    (8.0, {'R_sei': 2.0})
    """

    def __init__(self, text: str, names: list[str]) -> None:
        self.text = text.strip()
        shown = _shorten(self.text)
        if len(self.text) > _LONGEST:
            raise ParameterError(f"expression {shown!r}: is longer than {_LONGEST} characters")
        try:
            self._tree = ast.parse(self.text, mode="eval").body
            self.names = sorted(set(_find_names(self._tree, shown, names)))
            _check_constants(self._tree, shown, self.names)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ParameterError(f"expression {shown!r}: is not arithmetic; allowed are {_ALLOWED}") from None

    def evaluate(self, values: Mapping[str, Any]) -> Dual:
        """Return the value and its derivatives by each name, for numbers or arrays of one shape."""
        with np.errstate(all="ignore"):
            return _to_dual(self._tree, values)


def parse_expressions(given: Mapping[str, str], names: list[str]) -> dict[str, Expression]:
    """Return expressions in terms of `names` from their texts, each after those it depends on."""
    waiting = {name: Expression(text, names) for name, text in given.items()}
    ordered: dict[str, Expression] = {}
    while waiting:
        ready = [name for name, e in waiting.items() if not set(e.names) & set(waiting)]
        if not ready:
            raise ParameterError(f"the expressions of {', '.join(waiting)} depend on each other in a circle")
        for name in ready:
            ordered[name] = waiting.pop(name)
    return ordered


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _check_constants(node: ast.AST, text: str, names: list[str]) -> None:
    """Refuse a part without parameters that is no finite number, such as 9**9**9: lmfit would fail on it."""
    for part in ast.walk(node):
        inside = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        if not isinstance(part, ast.expr) or inside & {*names, *_FUNCTIONS}:
            continue
        try:
            with np.errstate(all="ignore"):
                finite = bool(np.isfinite(_to_dual(part, {})[0]))
        except OverflowError:
            finite = False
        if not finite:
            raise ParameterError(
                f"expression {text!r}: {_shorten(ast.unparse(part))!r} is not a finite number"
            )


def _find_names(node: ast.AST, text: str, known: list[str]) -> list[str]:
    """Return the parameters that occur, refusing everything that is not arithmetic."""
    if isinstance(node, ast.Name):
        return _require_known(node.id, text, known)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return []
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)):
        return _find_names(node.left, text, known) + _find_names(node.right, text, known)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
        return _find_names(node.operand, text, known)
    if isinstance(node, ast.Call) and _is_function(node):
        return _find_names(node.args[0], text, known)
    raise ParameterError(
        f"expression {text!r}: {_shorten(ast.unparse(node))!r} is not allowed; allowed are {_ALLOWED}"
    )


def _is_function(node: ast.Call) -> bool:
    named = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
    return named and len(node.args) == 1 and not node.keywords


def _require_known(name: str, text: str, known: list[str]) -> list[str]:
    if name in known:
        return [name]
    if name in _CONSTANTS:
        return []
    raise ParameterError(f"expression {text!r}: unknown parameter {name!r}{did_you_mean(name, known)}")


def _to_dual(node: ast.AST, values: Mapping[str, Any]) -> Dual:
    if isinstance(node, ast.Constant):
        return float(node.value), {}  # type: ignore[arg-type]  # checked in _find_names
    if isinstance(node, ast.Name):
        return (values[node.id], {node.id: 1.0}) if node.id in values else (_CONSTANTS[node.id], {})
    if isinstance(node, ast.UnaryOp):
        value, slopes = _to_dual(node.operand, values)
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        return sign * value, {name: sign * slope for name, slope in slopes.items()}
    if isinstance(node, ast.Call):
        function, slope = _FUNCTIONS[node.func.id]  # type: ignore[attr-defined]  # checked in _find_names
        value, slopes = _to_dual(node.args[0], values)
        return function(value), {name: slope(value) * inner for name, inner in slopes.items()}
    if isinstance(node, ast.BinOp):
        return _binary(node.op, _to_dual(node.left, values), _to_dual(node.right, values))
    raise TypeError(f"{type(node).__name__} was let through by the check of the expression")


def _binary(operator: ast.operator, left: Dual, right: Dual) -> Dual:
    (a, da), (b, db) = left, right
    if isinstance(operator, ast.Add):
        return a + b, _combine(da, 1.0, db, 1.0)
    if isinstance(operator, ast.Sub):
        return a - b, _combine(da, 1.0, db, -1.0)
    if isinstance(operator, ast.Mult):
        return a * b, _combine(da, b, db, a)
    if isinstance(operator, ast.Div):
        return np.divide(a, b), _combine(da, np.divide(1.0, b), db, np.divide(-a, np.square(b)))
    base = np.multiply(a, 1.0)  # a float or complex: an integer refuses negative powers
    power = np.power(base, b)
    by_exponent = power * np.log(base) if db else 0.0
    return power, _combine(da, b * np.power(base, b - 1), db, by_exponent)


def _combine(da: dict[str, Any], a: Any, db: dict[str, Any], b: Any) -> dict[str, Any]:
    return {name: da.get(name, 0.0) * a + db.get(name, 0.0) * b for name in {**da, **db}}
