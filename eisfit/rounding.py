"""Rounding a value together with its standard error, by the rule of the Particle Data Group.

The rule (Review of Particle Physics, Introduction, section 5.3 "Rounding"): if the three highest-order digits
of the error lie between 100 and 354, round it to two digits; between 355 and 949, to one; between 950 and
999, up to 1000, keeping two. The value ends at the same decimal place as its error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

MISSING = "n/a"
"""What stands where there is no number."""

_PLAIN_LOW, _PLAIN_HIGH = -3, 5  # decimal exponents written without a power of ten
_FINEST = 1e-12  # of a value: double precision carries no smaller error through a fit
_DIGITS = 5  # significant digits of a value that has no error
_DIGITS_IN_DOUBT = 3  # of one that has an error which is not known: more would be no information


def value_with_error(value: float | None, stderr: float | None) -> str:
    """Return the value and its standard error rounded together.

    Parameters
    ----------
    value
        The number; None and NaN give ``"n/a"``.
    stderr
        Its standard error. None or 0: exact or unknown, and the value stands alone. NaN: not to be had, and
        the value has three digits and ``± ?``. Less than 1e-12 of the value: shown as that, which is what
        double precision carries.

    Examples
    --------
    >>> value_with_error(36.812, 0.2871)
    '36.81 ± 0.29'
    >>> value_with_error(36.812, 0.367)
    '36.8 ± 0.4'
    >>> value_with_error(1.2345e-5, 4.6e-7)
    '(1.23 ± 0.05)e-5'
    >>> value_with_error(36.8, None)
    '36.8'
    >>> value_with_error(49.99999999999999, 1.5e-15)
    '50.00000000000 ± 0.00000000005'
    """
    rounded = _round(value, stderr)
    if isinstance(rounded, str):
        return rounded
    number, error, power = rounded
    pair = f"{number} ± {error}"
    return pair if power == 0 else f"({pair})e{power}"


def latex_value_with_error(value: float | None, stderr: float | None) -> str:
    r"""Return the same as `value_with_error` in LaTeX's math mode.

    >>> print(latex_value_with_error(1.2345e-5, 4.6e-7))
    $(1.23 \pm 0.05)\times 10^{-5}$
    >>> print(latex_value_with_error(36.8, None))
    $36.8$
    """
    rounded = _round(value, stderr)
    if isinstance(rounded, str):
        return _latex_words(rounded)
    number, error, power = rounded
    pair = rf"{number} \pm {error}"
    return f"${pair}$" if power == 0 else rf"$({pair})\times 10^{{{power}}}$"


def hertz(frequency: float | None, digits: int = 4) -> str:
    """Return a frequency with the prefix that reads best.

    >>> hertz(0.01), hertz(1e5), hertz(12.345), hertz(None)
    ('10 mHz', '100 kHz', '12.35 Hz', 'n/a')
    >>> hertz(8.3e-4, 1), hertz(0.76, 1), hertz(6.8e7, 1), hertz(999.96)
    ('800 uHz', '800 mHz', '70 MHz', '1 kHz')
    """
    if frequency is None or not math.isfinite(frequency):
        return MISSING
    shown = float(f"{frequency:.{digits}g}")
    for limit, factor, unit in ((1e-3, 1e6, "uHz"), (1.0, 1e3, "mHz"), (1e3, 1.0, "Hz"), (1e6, 1e-3, "kHz")):
        if abs(shown) < limit:
            return f"{shown * factor:.{max(digits, 3)}g} {unit}"
    return f"{shown * 1e-6:.{max(digits, 3)}g} MHz"


def hertz_range(low: float | None, high: float | None) -> str:
    """Return a range of frequencies, or the one frequency that it is.

    >>> hertz_range(0.01, 1e5), hertz_range(50.0, 50.0)
    ('10 mHz to 100 kHz', '50 Hz')
    """
    return " to ".join(dict.fromkeys((hertz(low), hertz(high))))


def significant(value: float | None, digits: int = _DIGITS, *, trailing_zeros: bool = True) -> str:
    """Return `value` with so many significant digits, with a power of ten where that reads better.

    >>> significant(0.0123456, 3), significant(51.9, 4), significant(6.8e7, 2), significant(None, 3)
    ('0.0123', '51.90', '6.8e7', 'n/a')
    """
    if digits < 1:
        raise ValueError(f"digits must be 1 or more, not {digits}")
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    exact = _to_decimal(value)
    rounded = _quantize(exact, exact.adjusted() - digits + 1)
    exponent = rounded.adjusted()
    plain = _PLAIN_LOW <= exponent <= max(_PLAIN_HIGH, min(digits - 1, 7))
    decimals = max(0, digits - 1 - (exponent if plain else 0))
    text = f"{rounded if plain else rounded.scaleb(-exponent):.{decimals}f}"
    if "." in text and not trailing_zeros:
        text = text.rstrip("0").rstrip(".")
    return text if plain else f"{text}e{exponent}"


def _round(value: float | None, stderr: float | None) -> str | tuple[str, str, int]:
    """Return (value, error, power of ten), or the finished words where the rule does not apply."""
    if value is None or not math.isfinite(value) or stderr is None or stderr == 0:
        return significant(value, _DIGITS, trailing_zeros=False)
    alone = significant(value, _DIGITS, trailing_zeros=False)
    if math.isnan(stderr):
        return f"{significant(value, _DIGITS_IN_DOUBT)} ± ?"
    if math.isinf(stderr):
        return f"{alone} ± inf"
    error, place = _round_error(max(abs(stderr), _FINEST * abs(value)))
    number = _quantize(_to_decimal(value), place)
    if number == 0 and value != 0:  # far below its error: rounding would hide what the fit found
        return f"{significant(value, 2)} ± {significant(abs(stderr), 2)}"
    return _write_scaled(number, error, place)


def _round_error(stderr: float) -> tuple[Decimal, int]:
    """Return the error rounded by the rule, and the decimal place where it ends."""
    exact = _to_decimal(stderr)
    top = exact.adjusted()
    leading = int(exact.scaleb(2 - top))
    if leading >= 950:
        return _to_decimal(1).scaleb(top + 1), top
    place = top - 1 if leading <= 354 else top
    return _quantize(exact, place), place


def _write_scaled(number: Decimal, error: Decimal, place: int) -> tuple[str, str, int]:
    exponent = max(number.adjusted() if number else error.adjusted(), error.adjusted())
    power = 0 if _PLAIN_LOW <= exponent <= _PLAIN_HIGH else exponent
    decimals = max(0, power - place)
    return f"{number.scaleb(-power):.{decimals}f}", f"{error.scaleb(-power):.{decimals}f}", power


def _to_decimal(value: float) -> Decimal:
    from decimal import Decimal  # a millisecond that thousands of fits have no use for

    return Decimal(repr(float(value)))


def _quantize(exact: Decimal, place: int) -> Decimal:
    from decimal import ROUND_HALF_EVEN

    return exact.scaleb(-place).to_integral_value(ROUND_HALF_EVEN).scaleb(place)


def _latex_words(words: str) -> str:
    if words == MISSING:
        return "--"
    mantissa, _, rest = words.partition(" ± ")
    parts = [_latex_number(part) for part in (mantissa, rest) if part]
    return "$" + r" \pm ".join(parts) + "$"


def _latex_number(text: str) -> str:
    if text.endswith("inf"):
        return text.replace("inf", r"\infty")
    mantissa, _, power = text.partition("e")
    return rf"{mantissa}\times 10^{{{power}}}" if power else mantissa
