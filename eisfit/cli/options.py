"""Options that mean the same in every command, and how their texts are read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from eisfit.cli.all_commands import current
from eisfit.cli.command import Argument, Option
from eisfit.cli.completion import find_circuits, find_parameters
from eisfit.cli.output import Folder, check_output, write_results
from eisfit.display import FIGURES
from eisfit.errors import EisfitError, UsageError
from eisfit.records import dataclass
from eisfit.spectra import WEIGHTINGS

if TYPE_CHECKING:
    from eisfit.model.circuit import Circuit
    from eisfit.model.geometry import Geometry

T = TypeVar("T")


def _declare_pairs(form: str, about: str) -> Any:
    return Option(metavar=form, help=about, autocompletion=find_parameters)


Files = Annotated[
    list[str],
    Argument(help="Spectrum files, folders or globs; - reads standard input."),
]
CircuitName = Annotated[
    str,
    Option(
        "--circuit",
        "-c",
        help="A name (eisfit circuits), a circuit string, or a .toml file.",
        autocompletion=find_circuits,
    ),
]
OwnCircuit = Annotated[
    str | None,
    Option(
        "--circuit",
        "-c",
        help="A name (eisfit circuits), a string, or a .toml file; without it identified, '#2': the second.",
        autocompletion=find_circuits,
    ),
]
Weighting = Annotated[
    str,
    Option(words=WEIGHTINGS, help="{}."),
]
ImpedanceUnit = Annotated[
    str | None,
    Option(
        words=("uohm", "mohm", "ohm", "kohm", "Mohm", "Gohm"),
        help="What the file's impedances are in: {}.",
    ),
]
Export = Annotated[
    str | None,
    Option(
        metavar="FORM",
        words=("spice", "circuitikz", "pyimpspec", "impedance.py"),
        help="Print for another program: {}.",
    ),
]
Json = Annotated[bool, Option(help="Print one JSON document and nothing else.")]
Target = Annotated[
    Path | None,
    Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Write JSON, CSV and figures into this folder; x.pdf, .svg or .png: the figure into this file.",
    ),
]


@dataclass(frozen=True)
class Reading:
    """How files are read."""

    average_duplicates: Annotated[bool, Option(help="Average points that share a frequency.")] = False
    impedance_unit: ImpedanceUnit = None
    imag_sign: Annotated[
        str,
        Option(
            words=("auto", "header", "+", "-"),
            help="auto, header (never turned), + (the column holds Im Z) or - (it holds -Im Z).",
        ),
    ] = "auto"

    @property
    def options(self) -> dict[str, Any]:
        """As `eisfit.read` takes it."""
        return vars(self).copy()


@dataclass(frozen=True)
class Placing:
    """What a series runs over, and where each spectrum stands."""

    by: Annotated[
        str | None,
        Option(
            metavar="AXIS",
            help="What the spectra run over: cycle, time, temperature, potential, soc, thickness, pressure, "
            "amplitude or a word of your own; two with a comma make a grid.",
        ),
    ] = None
    axis_pattern: Annotated[
        str | None,
        Option(
            metavar="REGEX",
            help="Regular expression with one group that finds the place on the axis in a file's name.",
        ),
    ] = None
    cycle_pattern: Annotated[
        str | None,
        Option(metavar="REGEX", help="The same for the cycle, without --by."),
    ] = None
    manifest: Annotated[
        Path | None,
        Option(help="CSV file: columns file and cycle, temperature, soc, ..."),
    ] = None

    @property
    def options(self) -> dict[str, Any]:
        """As `eisfit.read_series` takes it."""
        return vars(self).copy()


@dataclass(frozen=True)
class Frequencies:
    """Which range of frequencies is used."""

    fmin: Annotated[float | None, Option(help="Leave out lower frequencies, Hz.")] = None
    fmax: Annotated[float | None, Option(help="Leave out higher frequencies, Hz.")] = None

    def check(self) -> dict[str, Any]:
        """Return them as `eisfit.fit` takes them; UsageError where no frequency is left."""
        if self.fmin is not None and self.fmax is not None and not self.fmin <= self.fmax:
            low, high = f"--fmin {self.fmin:g} Hz", f"--fmax {self.fmax:g} Hz"
            raise UsageError(f"{low} lies above {high}: no frequency is left")
        return vars(self).copy()


@dataclass(frozen=True)
class Points(Frequencies):
    """Which points are used."""

    drop: Annotated[
        list[float] | None, Option(metavar="HZ", help="Leave out the point at this frequency.")
    ] = None
    drop_inductive: Annotated[bool, Option(help="Leave out the inductive tail (Z'' > 0 at the top).")] = False


@dataclass(frozen=True)
class Cell:
    """What is known of the cell: values per area, diffusion coefficients."""

    geometry: Annotated[
        Path | None,
        Option(
            metavar="FILE.toml",
            help="The cell's area, length, ... (docs/geometry.md): values per area, diffusion coefficients.",
        ),
    ] = None
    area: Annotated[
        str | None,
        Option(metavar="AREA", help="Of the electrode, such as 1.13cm2: values per area are added."),
    ] = None

    def read(self) -> Geometry | None:
        """Return what the file or the area says, read once, before anything is fitted."""
        from eisfit.model.geometry import Geometry

        if self.area is not None and self.geometry is not None:
            raise UsageError("--area and --geometry exclude each other: the file may hold the area")
        try:
            if self.area is not None:
                return Geometry.of({"area": self.area})
            return None if self.geometry is None else Geometry.of(self.geometry)
        except EisfitError as error:
            raise UsageError(str(error).replace("geometry.area", "--area")) from None


@dataclass(frozen=True)
class Results:
    """Where results are written, and how their figures look."""

    output: Target = None
    figures: Annotated[
        str,
        Option(metavar="FORM", words=FIGURES, help="{}, of the figures in --output."),
    ] = "png"
    columns: Annotated[
        int,
        Option(metavar="N", help="Figures for a paper: 85 mm (1) or 175 mm (2) wide."),
    ] = 0

    def check(self) -> None:
        """Raise UsageError before the work begins, for what cannot be written."""
        if self.columns not in (0, 1, 2):
            raise UsageError(f"--columns {self.columns}: a figure takes 1 or 2")
        if self.output is None and (self.figures != "png" or self.columns):
            raise UsageError("--figures and --columns are of what --output writes: give it too")
        check_output(self.output)

    def write(self, write: Callable[[Folder], None]) -> None:
        """Let `write` put the results where they belong; nothing where nothing was asked for.

        What the disk refuses is said when the command has shown its results.
        """
        if self.output is None:
            return
        try:
            write_results(self.output, self.figures, self.columns, write)
        except UsageError:
            raise
        except (EisfitError, OSError) as error:
            current.unwritten.append(error)


@dataclass(frozen=True)
class Constraints:
    """What is said of parameters."""

    fix: Annotated[list[str] | None, _declare_pairs("NAME=VALUE", "Fix a parameter. May be repeated.")] = None
    start: Annotated[list[str] | None, _declare_pairs("NAME=VALUE", "Start a parameter here.")] = None
    bound: Annotated[
        list[str] | None,
        _declare_pairs("NAME=LOW:HIGH", "Bound a parameter; an empty side stays as it was."),
    ] = None
    expr: Annotated[
        list[str] | None,
        _declare_pairs(
            "NAME=EXPRESSION",
            "Tie a parameter to others; a fixed ratio is --expr 'R_sei = 0.25*R_ct'.",
        ),
    ] = None

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def of(self, circuit: str | Circuit) -> Circuit:
        """Return the circuit with it.

        Raises
        ------
        UsageError
            For an unknown circuit or parameter, a text that is not NAME=VALUE, NAME=LOW:HIGH or
            NAME=EXPRESSION, or a value outside its bounds.
        """
        from eisfit.model.files.library import circuit as find

        return find(circuit).constrain(
            fix=parse_numbers(self.fix, "--fix"),
            start=parse_numbers(self.start, "--start"),
            bound=_parse(self.bound, "--bound", "NAME=LOW:HIGH", _parse_range),
            expr=_parse(self.expr, "--expr", "NAME=EXPRESSION", str),
        )


@dataclass(frozen=True)
class Arcs:
    """Which optimum is meant."""

    peak: Annotated[
        list[str] | None,
        Option(
            metavar="NAME=LOW:HIGH",
            help="Take the optimum in which the arc of this resistor peaks between these frequencies, Hz.",
        ),
    ] = None
    order: Annotated[
        str | None,
        Option(
            metavar="NAME,NAME",
            help="Take the optimum in which the arcs of these resistors come from the fastest to the "
            "slowest.",
        ),
    ] = None

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def of(self, circuit: Circuit) -> dict[str, Any]:
        """Return the options `peak` and `order` of `eisfit.fit`.

        Raises
        ------
        UsageError
            For a text of another form, an empty range, or a resistor that has no arc in the circuit.
        """
        from eisfit.engine.starts.arc_limits import check_arcs

        found: dict[str, Any] = {}
        if ranges := _parse(self.peak, "--peak", "NAME=LOW:HIGH in Hz", _parse_range):
            found["peak"] = {
                name: (0.0 if low is None else low, math.inf if high is None else high)
                for name, (low, high) in ranges.items()
            }
        if self.order is not None:
            found["order"] = tuple(name.strip() for name in re.split("[,<]", self.order))
            if len(found["order"]) < 2 or not all(found["order"]):
                raise UsageError(
                    f"--order {self.order!r}: expected two or more resistors, such as R_sei,R_ct"
                )
        check_arcs(circuit, **found)
        return found


def parse_numbers(texts: Iterable[str] | None, option: str) -> dict[str, float]:
    """Return name -> number from texts like ``R_s=2.5``."""
    return _parse(texts, option, "NAME=VALUE with a number", float)


def _parse(texts: Iterable[str] | None, option: str, form: str, convert: Callable[[str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for text in texts or ():
        name, value = (part.strip() for part in (*text.split("=", 1), "")[:2])
        if not (name and value):
            raise UsageError(f"{option} {text!r}: expected {form}")
        if name in found:
            raise UsageError(f"{option} {text!r}: {name} is given twice")
        try:
            found[name] = convert(value)
        except ValueError:
            several = f"; each takes its own {option}" if "," in value and "=" in value else ""
            raise UsageError(f"{option} {text!r}: expected {form}, not {value!r}{several}") from None
    return found


def _parse_range(text: str) -> tuple[float | None, float | None]:
    low, colon, high = (part.strip() for part in text.partition(":"))
    if not colon or not (low or high):
        raise ValueError(text)
    return float(low) if low else None, float(high) if high else None
