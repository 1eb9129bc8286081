"""Values with units, exact or uncertain, as a study file writes them.

>>> quantity("5 nm", "cm")
5e-07
>>> thickness = uncertain({"low": "5 nm", "high": "5.5 nm"}, "cm")
>>> f"{thickness.median:.4g}"
'5.25e-07'
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError, did_you_mean
from eisfit.records import dataclass
from eisfit.unit_names import parse_measure

AVOGADRO = 6.02214076e23  # 1/mol, exact since the SI of 2019
BOLTZMANN_EV = 8.617333262e-5  # eV/K, exact since the SI of 2019, to these digits
ZERO_CELSIUS = 273.15  # K

Kind = Literal["exact", "uniform", "loguniform", "normal"]

# What is due, in words and as an example, for each canonical unit.
_DUE = {
    "cm": ("a length", "5 nm"),
    "cm^2": ("an area", "1.13 cm^2"),
    "1/cm": ("an area per volume", "1e4 1/cm"),
    "ohm": ("a resistance", "51.9 ohm"),
    "ohm*cm": ("a resistivity", "70 uohm*cm"),
    "ohm*cm^2": ("an area-specific resistance", "13 ohm*cm^2"),
    "S/cm": ("a conductivity", "3.8e-8 S/cm"),
    "F/cm^2": ("a capacitance per area", "10 uF/cm^2"),
    "F": ("a capacitance", "1 uF"),
    "H": ("an inductance", "1 uH"),
    "cm^3/mol": ("a molar volume", "8.17 cm^3/mol"),
    "mol/cm^3": ("a concentration", "1e-3 mol/cm^3"),
    "V": ("a potential", "-0.35 V"),
    "A": ("a current", "1 mA"),
    "eV": ("an energy", "0.5 eV"),
    "K": ("a temperature", "25 degC"),
    "Hz": ("a frequency", "1 kHz"),
    "1": ("a plain number", "1.5"),
}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*$", re.DOTALL)
_TYPOGRAPHY = str.maketrans({"·": "*", "Ω": "Ω", "²": "^2", "³": "^3", "⁻": "^-"})
# Names with an exponent of one digit, multiplied and divided, one pair of brackets deep.
_LONGEST_UNIT = 60
# What stands where is certain at every character, so that no text is matched in many ways.
_NAME = r"\(?[A-Za-zµμΩΩÅ°%]+(?:(?:\^|\*\*)[+-]?[1-9](?!\d))?\)?"
_UNIT = re.compile(rf"(?:1/)?{_NAME}(?:(?:\*|/| ){_NAME})*")


class UnitError(EisfitError, ValueError):
    """A value whose unit or number cannot be what is due."""


@dataclass(frozen=True)
class Uncertain:
    """A value that is exact, or a range, or a normal distribution.

    Parameters
    ----------
    kind
        ``exact``, ``uniform``, ``loguniform`` (both between `a` and `b`) or ``normal``
        (mean `a`, standard deviation `b`, cut at zero where `positive`).
    a, b
        See `kind`; in `unit`. `b` of an exact value is ignored.
    unit
        Canonical unit of the numbers.
    positive
        Whether the quantity is positive by nature.
    source
        Where the value comes from.
    """

    kind: Kind
    a: float
    b: float = 0.0
    unit: str = "1"
    positive: bool = True
    source: str = ""

    @property
    def exact(self) -> bool:
        """Whether every draw is the same number."""
        return self.kind == "exact" or (self.kind != "normal" and self.a == self.b) or self._zero_spread

    @property
    def _zero_spread(self) -> bool:
        return self.kind == "normal" and self.b == 0

    @property
    def median(self) -> float:
        """The value that half of all draws exceed."""
        return float(self.draw(0.5))

    def draw(self, uniform: ArrayLike) -> FloatArray:
        """Turn numbers between 0 and 1 (any shape) into values: the distribution's quantiles.

        >>> Uncertain("loguniform", 1e-6, 1e-2).draw([0.0, 0.5, 1.0])
        array([1.e-06, 1.e-04, 1.e-02])
        """
        u = np.asarray(uniform, dtype=np.float64)
        if self.exact:
            return np.full(u.shape, self.a)
        if self.kind == "uniform":
            return self.a + (self.b - self.a) * u
        if self.kind == "loguniform":
            return np.asarray(np.exp(np.log(self.a) + np.log(self.b / self.a) * u))
        return self._normal(u)

    def _normal(self, u: FloatArray) -> FloatArray:
        from statistics import NormalDist  # scipy's takes 80 ms at import

        below = 0.5 * math.erfc(self.a / self.b / math.sqrt(2)) if self.positive else 0.0
        # A quasi-random 0 or 1 would be infinitely far out: kept within 8 standard deviations.
        inside = np.clip(below + (1 - below) * u, 6e-16, 1 - 1e-15)
        quantiles = list(map(NormalDist().inv_cdf, inside.ravel().tolist()))
        value = self.a + self.b * np.reshape(quantiles, inside.shape)
        return np.maximum(value, 1e-9 * self.b) if self.positive else np.asarray(value)

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.exact:
            return f"{self.a:.4g}{unit}"
        if self.kind == "normal":
            return f"{self.a:.4g} ± {self.b:.2g}{unit}"
        return f"{self.a:.4g} to {self.b:.4g}{unit}" + (" (log)" if self.kind == "loguniform" else "")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-like document."""
        names = {"normal": ("value", "stderr"), "exact": ("value",)}.get(self.kind, ("low", "high"))
        numbers = dict(zip(names, (self.a, self.b), strict=False))
        scale = {"scale": "log"} if self.kind == "loguniform" else {}
        return {**numbers, **scale, "unit": self.unit, "source": self.source}


def quantity(value: str | float, unit: str, where: str = "") -> float:
    """Return `value` in `unit`; a bare number is taken to be in `unit` already.

    Parameters
    ----------
    value
        Text such as ``"70 uohm*cm"``, or a number.
    unit
        Canonical unit, such as ``"ohm*cm"``; ``"1"`` for plain numbers.
    where
        Named at the start of the error message.

    Raises
    ------
    UnitError
        One sentence: what was given, what dimension it has, what is due.

    Examples
    --------
    >>> quantity("70 uohm/cm", "ohm*cm", "film.resistivity")
    Traceback (most recent call last):
    ...
    eisfit.units.UnitError: film.resistivity: '70 uohm/cm' is in 'uohm/cm', but a resistivity is due,
    for example '70 uohm*cm'
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise _make_error(where, f"{value!r} is not a value; {_name_unit(unit)} is due")
    try:
        number = float(value) if not isinstance(value, str) else _parse(value, unit, where)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise _make_error(where, f"{_shorten(value)} is not a finite number")
    return number


def uncertain(
    value: Any, unit: str, where: str = "", *, positive: bool = True, zero: bool = False, bare: bool = False
) -> Uncertain:
    """Read an exact value, a range ``{low, high}`` or a normal ``{value, stderr}`` as TOML gives them.

    Parameters
    ----------
    value
        Text, number, or a table with ``low, high`` (and ``scale = "log"``) or ``value, stderr``; a table may
        carry ``unit`` for all its numbers, and ``source``.
    unit, where
        See `quantity`.
    positive
        Refuse numbers below zero, and zero too unless `zero`.
    bare
        Accept numbers without a unit, taken in `unit`.

    Raises
    ------
    UnitError
        One sentence for whatever is wrong.

    Examples
    --------
    >>> uncertain({"value": 51.9, "stderr": 0.4}, "ohm", bare=True)
    Uncertain(kind='normal', a=51.9, b=0.4, unit='ohm', positive=True, source='')
    """
    if isinstance(value, Uncertain):
        return value
    table = dict(value) if isinstance(value, Mapping) else {"value": value}
    _check_keys(table, where)
    numbers = {key: _read_number(table, key, unit, where, bare) for key in _KEYS if key in table}
    read = _make_distribution(table, numbers, where)
    limits = [read.a] if read.kind in ("exact", "normal") else [read.a, read.b]
    if positive and (min(limits) < 0 or (min(limits) == 0 and not zero)):
        raise _make_error(
            where,
            f"must be positive, but {min(limits):g} {unit if unit != '1' else ''}".rstrip() + " is given",
        )
    return Uncertain(read.kind, read.a, read.b, unit, positive, str(table.get("source", "")))


_KEYS = ("value", "stderr", "low", "high")


def _check_keys(table: dict[str, Any], where: str) -> None:
    allowed = (*_KEYS, "scale", "unit", "source")
    for key in table:
        if key not in allowed:
            raise _make_error(where, f"unknown key {key!r}{did_you_mean(key, allowed)}")
    if table.get("scale", "linear") not in ("linear", "log"):
        raise _make_error(where, f"scale is 'linear' or 'log', not {table['scale']!r}")


def _read_number(table: dict[str, Any], key: str, unit: str, where: str, bare: bool) -> float:
    value = table[key]
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    if plain and "unit" in table:
        value = f"{quantity(value, unit, where)!r} {table['unit']}"
    elif plain and not bare and unit != "1" and value != 0:
        raise _make_error(
            where, f"{value!r} has no unit; {_name_unit(unit)} is due, for example {_DUE[unit][1]!r}"
        )
    if key == "stderr" and unit == "K" and isinstance(value, str):
        # A difference of temperatures has no zero to be measured from.
        value = re.sub(r"(degC|celsius|°C)\s*$", "K", value)
    return quantity(value, unit, where)


def _make_distribution(table: dict[str, Any], numbers: dict[str, float], where: str) -> Uncertain:
    given = set(numbers)
    if given == {"value"}:
        return Uncertain("exact", numbers["value"])
    if given == {"value", "stderr"}:
        if numbers["stderr"] < 0:
            raise _make_error(where, "stderr must not be negative")
        return Uncertain("normal", numbers["value"], numbers["stderr"])
    if given == {"low", "high"}:
        return _read_range(numbers["low"], numbers["high"], table.get("scale") == "log", where)
    raise _make_error(where, "give a value, or {value, stderr}, or {low, high}")


def _read_range(low: float, high: float, log: bool, where: str) -> Uncertain:
    if low > high:
        raise _make_error(where, f"low ({low:g}) is above high ({high:g})")
    if log and low <= 0:
        raise _make_error(where, f"a logarithmic range must start above zero, not at {low:g}")
    return Uncertain("loguniform" if log else "uniform", low, high)


def _parse(text: str, unit: str, where: str) -> float:
    match = _NUMBER.match(text)
    if not match:
        raise _make_error(
            where,
            f"{_shorten(text)} does not start with a number; {_name_unit(unit)} is due, "
            f"for example {_DUE[unit][1]!r}",
        )
    number, given = float(match[1]), match[2]
    if not given:
        if unit == "1":
            return number
        raise _make_error(
            where, f"{_shorten(text)} has no unit; {_name_unit(unit)} is due, for example {_DUE[unit][1]!r}"
        )
    return number if given == unit else _convert(number, given, unit, text, where)


def _convert(number: float, given: str, unit: str, text: str, where: str) -> float:
    # "cm2" is what people write for cm^2, and a middle dot for a product.
    tidy = " ".join(given.translate(_TYPOGRAPHY).replace("^-^", "^-").replace("Ohm", "ohm").split())
    tidy = re.sub(r"(?<=m)([23])(?!\w)", r"^\1", re.sub(r" ?([*/^]|(?<=\()|(?=\))) ?", r"\1", tidy))
    if unit == "eV" and re.search(r"/\s*mol$", tidy):
        number, tidy = number / AVOGADRO, re.sub(r"\s*/\s*mol$", "", tidy)
    known = parse_measure(tidy) if len(tidy) <= _LONGEST_UNIT and _UNIT.fullmatch(tidy) else None
    due = f"{_name_unit(unit)} is due, for example {_DUE[unit][1]!r}"
    if known is None:
        raise _make_error(where, f"{_shorten(given)} in {_shorten(text)} is not a unit; {due}")
    wanted = parse_measure(unit)
    if wanted is None or known.powers != wanted.powers:
        raise _make_error(where, f"{text!r} is in {given!r}, but {due}")
    # 15 digits: so that "5 nm" is 5e-07 cm and not 5.000000000000001e-07.
    return float(f"{(number * known.factor + known.offset) / wanted.factor:.15g}")


def _shorten(value: object) -> str:
    """Return a value as messages name it: all of it where it is short."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_UNIT:
        return "an integer of so many digits"
    text = repr(value)
    return text if len(text) <= 2 * _LONGEST_UNIT else f"{text[:_LONGEST_UNIT]}...'"


def _name_unit(unit: str) -> str:
    return _DUE[unit][0]


def _make_error(where: str, message: str) -> UnitError:
    return UnitError(f"{where}: {message}" if where else message)
