"""The quantities that a series may run over (cycle, temperature, state of charge, ...), and names of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import UsageError, did_you_mean
from eisfit.records import dataclass
from eisfit.units import ZERO_CELSIUS

if TYPE_CHECKING:
    from eisfit.spectra.spectrum import Spectrum

_NUMBER = r"([-+]?\d+(?:[.p]\d+)?)"
_BEFORE, _AFTER = r"(?<![A-Za-z0-9.,])", r"(?![A-Za-z0-9%])"
#: ``T-20C``, ``Temp=25C``: behind the quantity a minus is one.
_SYMBOL = r"(?<![A-Za-z0-9])(?:T|[Tt]emp(?:erature)?)(?:[ _=])?"
#: ``T45`` between underscores; T12 may be a trial.
_BARE_SYMBOL = r"(?:^|(?<=_))T(-?1?[1-9][05]|100)(?=[_ ]|$)"


@dataclass(frozen=True)
class Axis:
    """A quantity that a series may run over.

    Attributes
    ----------
    name, unit
        As in JSON, columns and options; the unit that values are kept in.
    attribute
        Of a spectrum, where it has one of its own.
    also
        Other names that are understood.
    example
        What is recognised in a file's or sheet's name.
    suffixes
        Units behind a number in a name -> factor to `unit`; temperatures in K are shifted besides.
    prefixes
        Words before a number in a name.
    """

    name: str
    unit: str
    attribute: str | None = None
    also: tuple[str, ...] = ()
    example: str = ""
    suffixes: Mapping[str, float] = field(default_factory=dict)
    prefixes: tuple[str, ...] = ()

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Regular expressions with the groups number and, where there is one, unit."""
        found = []
        if self.prefixes:
            words = "|".join(map(re.escape, self.prefixes))
            units = "|".join(map(re.escape, self.suffixes)) or r"(?!)"
            found.append(
                re.compile(rf"{_BEFORE}(?:{words})[ _=]?{_NUMBER}[ _]?({units})?{_AFTER}", re.IGNORECASE)
            )
        if self.suffixes and not self.prefixes:
            units = "|".join(map(re.escape, self.suffixes))
            if self.name == "temperature":
                found.append(re.compile(rf"{_SYMBOL}{_NUMBER}[ _]?({units}){_AFTER}"))
                found.append(re.compile(_BARE_SYMBOL))
            found.append(re.compile(rf"{_BEFORE}{_NUMBER}[ _]?({units}){_AFTER}"))
        if self.name == "soc":
            found.append(re.compile(rf"{_BEFORE}{_NUMBER}[ _]?%?[ _]?SOC{_AFTER}", re.IGNORECASE))
            found.append(re.compile(rf"{_BEFORE}{_NUMBER}[ _]?%"))
        return tuple(found)

    def factor(self, unit: str) -> float | None:
        """Return what a number in a unit is multiplied with to be in the axis'; None for another's unit."""
        plain = {key.lower(): factor for key, factor in self.suffixes.items()}
        return self.suffixes.get(unit, plain.get(unit.lower()))

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return "state of charge" if self.name == "soc" else self.name.replace("_", " ")

    @property
    def label(self) -> str:
        """Its name and unit, for a figure."""
        unit = {"degC": "°C"}.get(self.unit, self.unit)
        return f"{self.name} / {unit}" if unit else self.name

    def format(self, value: float | None) -> str:
        """Return a value with its unit, as in a table; `?` where unknown."""
        if value is None:
            return "?"
        return f"{value:.6g} {self.unit}".rstrip() if self.unit != "degC" else f"{value:.6g} °C"


_BEHIND_SYMBOL = re.compile(rf"{_SYMBOL}$")
_MINUS = re.compile(r"(?<![A-Za-z0-9])(?:minus|neg)[ _-]?(?=\d)", re.IGNORECASE)
_VARIABLE = re.compile(r"([^\W\d]\w*)\s*=\s*'$")
_COUNTER = re.compile(r"^\d+_[shd]")  # 04_s.csv: a file of a list, no seconds
_FLAT = ("2d", "3d")  # how a plot is drawn, no days
_LEAST_DEGREES = 5.0  # of a temperature above zero that is written with a mere C
_COLDEST = -223.15  # degC, 50 K: less of a K are thousands of ohm
_TREATED = re.compile(
    r"(?:sinter|anneal|calcin|dri|bak|fir|cur|fus|sputter|temper|heat[ _-]?treat)"
    r"(?:e?d|ing)?(?P<aside>[ _]*,)?[ _:(-]*(?:at[ _-]+)?$",
    re.IGNORECASE,
)
_COOLEST_TREATED = 60.0  # degC: behind a comma less is the measurement's
_RATE_BEFORE = re.compile(r"(?:fast|rate|charged?|chg)[ _-]?$", re.IGNORECASE)
_RATE_BEHIND = re.compile(r"[ _-]?(?:c?rate|(?:dis|fast)?[ _-]?(?:charg|chg))", re.IGNORECASE)
_DEGREES = dict.fromkeys(("°C", "ºC", "degC", "DEGC", "deg", "DEG", "C"), 1.0) | {"K": 1.0}
_KNOWN = (
    Axis("cycle", "", "cycle", ("cycles",), "cyc100"),
    Axis("time", "s", "time_s", ("age",), "24h",
         {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "days": 86400.0}),
    Axis("temperature", "degC", "temperature_C", ("temp", "T"), "25C or 298K", _DEGREES),
    Axis("potential", "V", "potential_V", ("voltage", "bias"), "3.7V or 300mV",
         {"V": 1.0, "VDC": 1.0, "mV": 1e-3, "mVDC": 1e-3, "mvdc": 1e-3}),
    Axis("soc", "%", None, ("state_of_charge", "stateofcharge"), "SOC050 or 50%", {"%": 1.0}, ("SOC",)),
    Axis("thickness", "nm", None, ("film_thickness",), "5nm",
         {"nm": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3, "mm": 1e6}),
    Axis("pressure", "MPa", None, ("stack_pressure",), "50MPa",
         {"MPa": 1.0, "kPa": 1e-3, "GPa": 1e3, "bar": 0.1, "mbar": 1e-4}),
    Axis("amplitude", "mV", None, ("ac_amplitude",), "amp10mV",
         {"mV": 1.0, "V": 1e3}, ("amplitude", "ampl", "amp", "ac", "rms")),
)  # fmt: skip

#: The axes that are known by name; any other name is the user's own.
AXES: Mapping[str, Axis] = MappingProxyType({axis.name: axis for axis in _KNOWN})
AXIS_UNITS: Mapping[str, str] = MappingProxyType({axis.name: axis.unit for axis in _KNOWN})
_ALSO = {_plain: axis for axis in _KNOWN for _plain in (axis.name, *axis.also)}


def find_axis(name: str) -> Axis:
    """Return an axis by its name; a name that is not known makes an axis of the user's own.

    Examples
    --------
    >>> find_axis("state of charge").unit
    '%'
    >>> find_axis("humidity").example
    'humidity5'

    Raises
    ------
    UsageError
        For a name that is no word.
    """
    plain = re.sub(r"[\s-]+", "_", name.strip())
    found = _ALSO.get(plain) or _ALSO.get(plain.lower())
    if found is not None:
        return found
    if not re.fullmatch(r"[^\W\d]\w*", plain):
        raise UsageError(f"{name!r} is no name of an axis; use {', '.join(AXES)}, or a word of your own")
    return Axis(plain, "", example=f"{plain}5", prefixes=(plain,))


def split_axes(by: str | Sequence[str]) -> tuple[Axis, ...]:
    """Return the one or two axes that are asked for, from `a`, `a,b` or a pair.

    Raises
    ------
    UsageError
        For more than two, or the same one twice.
    """
    names = by.split(",") if isinstance(by, str) else list(by)
    if not all(isinstance(name, str) for name in names):
        raise UsageError(f"by takes names of axes ({', '.join(AXES)}), not {names[0]!r}")
    axes = tuple(find_axis(name) for name in names)
    if not 1 <= len(axes) <= 2 or len({axis.name for axis in axes}) < len(axes):
        raise UsageError(f"by {', '.join(names)}: name one axis, or two different ones")
    return axes


def check_own_axes(spectra: Sequence[Spectrum], axes: Sequence[Axis]) -> None:
    """Raise UsageError for a word of the user's own that no spectrum has a value of: it may be misspelt."""
    for axis in axes:
        if spectra and axis.name not in AXES and all(find_axis_value(s, axis) is None for s in spectra):
            near = did_you_mean(axis.name, AXES) or f"; names such as {axis.example}, or a manifest, would"
            raise UsageError(f"no spectrum says its {axis.name}{near}")


def find_axis_value(spectrum: Spectrum, axis: Axis) -> float | None:
    """Return where a spectrum stands on an axis, from its fields, its header or else its names; or None."""
    own = getattr(spectrum, axis.attribute) if axis.attribute else None
    if own is None:
        own = spectrum.axes.get(axis.name)
    return None if own is None else float(own)


def list_axis_values(spectra: Iterable[Spectrum], axis: Axis) -> FloatArray:
    """Return where spectra stand on an axis, (N,), NaN where one does not say."""
    return np.array([find_axis_value(spectrum, axis) for spectrum in spectra], dtype=np.float64)


def read_name(name: str) -> dict[str, float]:
    """Return what the name of a file or a sheet says of the axes; what it says twice differently is left out.

    Examples
    --------
    >>> read_name("cell7_-25C_SOC050")
    {'temperature': -25.0, 'soc': 50.0}
    >>> read_name("film_5nm_413K")
    {'temperature': 139.85, 'thickness': 5.0}
    >>> read_name("cell7_2C_25C"), read_name("cell7_0.5C"), read_name("cell7_2degC")
    ({'temperature': 25.0}, {}, {'temperature': 2.0})
    >>> read_name("sintered_1200C"), read_name("fast_10C_25C"), read_name("10K_resistor")
    ({}, {'temperature': 25.0}, {})
    >>> read_name("w='1mm'"), read_name("Temp='25C' thickness='5nm'")
    ({}, {'temperature': 25.0, 'thickness': 5.0})
    """
    found = {}
    for axis in _KNOWN[1:]:
        value = find_in_name(name, axis)
        if value is not None:
            found[axis.name] = value
    return found


def find_in_name(name: str, axis: Axis, pattern: re.Pattern[str] | None = None) -> float | None:
    """Return the number in a name by the axis' patterns, or by one of the user's (number in its group)."""
    name = (
        _MINUS.sub("-", name.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-"))
        if pattern is None
        else name
    )
    for one in (pattern,) if pattern is not None else axis.patterns:
        found = [match for match in one.finditer(name) if not _is_no_value(match, axis)]
        values = {_read_value(match, axis) for match in found}
        if len(values) == 1:
            return values.pop()
        if values:
            return None
    return None


def _is_no_value(match: re.Match[str], axis: Axis) -> bool:
    counted = axis.name == "time" and not match.start() and _COUNTER.match(match[0]) is not None
    return counted or match[0] in _FLAT or _is_of_variable(match, axis) or _is_other_degree(match, axis)


def _is_of_variable(match: re.Match[str], axis: Axis) -> bool:
    """Whether a number is that of a simulator's variable of another name than the axis: ``w='1mm'``."""
    variable = _VARIABLE.search(match.string[: match.start()])
    return variable is not None and variable[1].lower() not in map(str.lower, (axis.name, *axis.also))


def _is_other_degree(match: re.Match[str], axis: Axis) -> bool:
    """Return whether a number with C or K is no temperature of the measurement.

    A battery's rate (0.5C, 2C: hardly a cell is measured at 2 degC; fast_10C), a sample's heat treatment
    (sintered_1200C), a thousand ohm (10K_resistor).
    """
    if axis.name != "temperature" or len(match.groups()) < 2:
        return False
    number = _read_value(match, axis)
    before, after = match.string[: match.start()], match.string[match.end() :]
    if number is None or is_treatment(number, before):
        return number is not None
    if match[2] == "K":
        return number < _COLDEST
    if match[2] != "C":
        return False
    return 0 < number < _LEAST_DEGREES or bool(_RATE_BEFORE.search(before) or _RATE_BEHIND.match(after))


def is_treatment(temperature_C: float, before: str) -> bool:
    """Return whether a temperature behind some words is that of a heat treatment.

    >>> is_treatment(900.0, "LLZO sintering ("), is_treatment(500.0, "annealed, ")
    (True, True)
    >>> is_treatment(25.0, "annealed, ")
    False
    """
    treated = _TREATED.search(before)
    return treated is not None and not (treated["aside"] and temperature_C < _COOLEST_TREATED)


def _read_value(match: re.Match[str], axis: Axis) -> float | None:
    try:
        number = float(match[1].lower().replace("p", "."))
    except (ValueError, AttributeError):
        return None
    # A hyphen behind a word parts words (cell-25C); a minus stands by itself (cell_-25C).
    before = match.string[: match.start(1)]
    if match[1].startswith("-") and before[-1:].isalnum() and not _BEHIND_SYMBOL.search(before):
        number = -number
    if axis.name == "soc" and match[1].strip("+-0123456789") and number <= 1:  # a fraction
        number *= 100
    unit = match[2] if len(match.groups()) > 1 else None
    if axis.name == "temperature" and unit == "K":
        return round(number - ZERO_CELSIUS, 6)
    factor = axis.factor(unit) if unit else None
    return number if factor is None else number * factor
