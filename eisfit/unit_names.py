"""The units that studies of cells use: their names, prefixes and products, as factors of SI's base units.

Factors: Bureau International des Poids et Mesures, The International System of Units (2019); the inch, the
thermochemical calorie and the ångström by their definitions.
"""

from __future__ import annotations

import re

from eisfit.records import dataclass

# Powers of m, kg, s, A, K, mol.
_NONE = (0, 0, 0, 0, 0, 0)
_LENGTH, _MASS, _TIME = (1, 0, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0)
_CURRENT, _HEAT, _AMOUNT = (0, 0, 0, 1, 0, 0), (0, 0, 0, 0, 1, 0), (0, 0, 0, 0, 0, 1)
_OHM, _SIEMENS, _FARAD = (2, 1, -3, -2, 0, 0), (-2, -1, 3, 2, 0, 0), (-2, -1, 4, 2, 0, 0)
_VOLT, _JOULE, _CHARGE = (2, 1, -3, -1, 0, 0), (2, 1, -2, 0, 0, 0), (0, 0, 1, 1, 0, 0)
_EV, _CALORIE = 1.602176634e-19, 4.184


@dataclass(frozen=True)
class Measure:
    """A unit: `factor` times SI's base units to these `powers`, from a zero at `offset` of them."""

    factor: float
    powers: tuple[int, ...]
    offset: float = 0.0

    def times(self, other: Measure, sign: int) -> Measure:
        """Return the product of two units, or their quotient where `sign` is -1."""
        powers = tuple(a + sign * b for a, b in zip(self.powers, other.powers, strict=True))
        return Measure(self.factor * other.factor**sign, powers)


_PREFIXES = {
    "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "c": -2, "d": -1, "h": 2, "k": 3, "M": 6,
    "G": 9, "T": 12, "femto": -15, "pico": -12, "nano": -9, "micro": -6, "milli": -3, "centi": -2, "deci": -1,
    "kilo": 3, "mega": 6, "giga": 9, "tera": 12,
}  # fmt: skip

_WITH_PREFIX = {
    ("m", "meter", "meters", "metre", "metres"): Measure(1.0, _LENGTH),
    ("g", "gram", "grams"): Measure(1e-3, _MASS),
    ("s", "second", "seconds"): Measure(1.0, _TIME),
    ("A", "ampere", "amperes", "amp", "amps"): Measure(1.0, _CURRENT),
    ("K", "kelvin"): Measure(1.0, _HEAT),
    ("mol", "mole", "moles"): Measure(1.0, _AMOUNT),
    ("ohm", "ohms", "Ω", "Ω"): Measure(1.0, _OHM),
    ("S", "siemens"): Measure(1.0, _SIEMENS),
    ("F", "farad", "farads"): Measure(1.0, _FARAD),
    ("H", "henry", "henries"): Measure(1.0, (2, 1, -2, -2, 0, 0)),
    ("V", "volt", "volts"): Measure(1.0, _VOLT),
    ("J", "joule", "joules"): Measure(1.0, _JOULE),
    ("W", "watt", "watts"): Measure(1.0, (2, 1, -3, 0, 0, 0)),
    ("C", "coulomb", "coulombs"): Measure(1.0, _CHARGE),
    ("Ah",): Measure(3600.0, _CHARGE),
    ("eV",): Measure(_EV, _JOULE),
    ("cal", "calorie", "calories"): Measure(_CALORIE, _JOULE),
    ("N", "newton", "newtons"): Measure(1.0, (1, 1, -2, 0, 0, 0)),
    ("Pa", "pascal", "pascals"): Measure(1.0, (-1, 1, -2, 0, 0, 0)),
    ("Hz", "hertz"): Measure(1.0, (0, 0, -1, 0, 0, 0)),
    ("l", "L", "liter", "liters", "litre", "litres"): Measure(1e-3, (3, 0, 0, 0, 0, 0)),
}
_ALONE = {
    ("Å", "Å", "angstrom", "angstroms"): Measure(1e-10, _LENGTH),
    ("micron", "microns"): Measure(1e-6, _LENGTH),
    ("in", "inch", "inches"): Measure(0.0254, _LENGTH),
    ("min", "minute", "minutes"): Measure(60.0, _TIME),
    ("h", "hr", "hour", "hours"): Measure(3600.0, _TIME),
    ("d", "day", "days"): Measure(86400.0, _TIME),
    ("degC", "celsius", "°C"): Measure(1.0, _HEAT, 273.15),
    ("degF", "fahrenheit", "°F"): Measure(5 / 9, _HEAT, 273.15 - 160 / 9),
    ("%", "percent"): Measure(1e-2, _NONE),
    ("ppm",): Measure(1e-6, _NONE),
    ("dimensionless",): Measure(1.0, _NONE),
}
_PREFIXED = {name: unit for names, unit in _WITH_PREFIX.items() for name in names}
_NAMED = _PREFIXED | {name: unit for names, unit in _ALONE.items() for name in names}
_TOKEN = re.compile(r"\*\*|[*/^() ]|[+-]?\d|[^*/^() \d+-]+")


def parse_measure(text: str) -> Measure | None:
    """Return the unit that an expression such as ``uohm*cm`` or ``1/(ohm cm^2)`` names, or None.

    Factors stand beside a star, a stroke or a space, and are taken from left to right.

    Examples
    --------
    >>> parse_measure("mS/cm").factor
    0.1
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        return None
    tokens.reverse()
    found = _parse_product(tokens)
    return None if tokens else found


def _parse_product(tokens: list[str]) -> Measure | None:
    found = _parse_power(tokens)
    while found is not None and tokens and tokens[-1] != ")":
        sign = {"*": 1, " ": 1, "/": -1}.get(tokens.pop())
        other = None if sign is None else _parse_power(tokens)
        if sign is None or other is None or found.offset or other.offset:
            return None
        found = found.times(other, sign)
    return found


def _parse_power(tokens: list[str]) -> Measure | None:
    found = _parse_one(tokens)
    if found is None or not tokens or tokens[-1] not in ("^", "**"):
        return found
    tokens.pop()
    exponent = tokens.pop() if tokens else ""
    if found.offset or not re.fullmatch(r"[+-]?\d", exponent):
        return None
    power = int(exponent)
    return Measure(found.factor**power, tuple(power * p for p in found.powers))


def _parse_one(tokens: list[str]) -> Measure | None:
    token = tokens.pop() if tokens else ""
    if token == "(":
        found = _parse_product(tokens)
        return found if tokens and tokens.pop() == ")" else None
    if token == "1":
        return Measure(1.0, _NONE)
    if token in _NAMED:
        return _NAMED[token]
    ways = [
        (p, token.removeprefix(p))
        for p in _PREFIXES
        if token.startswith(p) and token.removeprefix(p) in _PREFIXED
    ]
    if not ways:
        return None
    prefix, name = ways[0]
    unit = _PREFIXED[name]
    return Measure(unit.factor * 10.0 ** _PREFIXES[prefix], unit.powers)
