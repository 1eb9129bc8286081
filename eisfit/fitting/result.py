"""What a fit returns: frozen, with its own verdict, to tables, to JSON and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, KeysView, Mapping
from dataclasses import field
from functools import cached_property
from itertools import combinations
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import EisfitError, SpectrumError, did_you_mean, expect_document
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result_parts import (
    FittedParameter,
    Statistics,
    convert_to_version_2,
    name_place,
    read_statistics,
)
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import restore_bounds
from eisfit.records import ShownAsText, dataclass, make_record
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.vectors import make_vector
from eisfit.verdict import Flag, usable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from eisfit.model.geometry import Geometry

_FINE = 300  # points of a fit that is drawn
_IN_COLUMNS = (
    "parameters", "statistics", "covar", "var_names", "derived", "grade", "flags", "alternatives",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(ShownAsText):
    """A fitted spectrum.

    Attributes
    ----------
    spectrum, circuit, weighting
        What was fitted, and how.
    parameters
        Name -> `FittedParameter`; also ``result["R_ct"]``.
    statistics
        See `Statistics`.
    covar, var_names
        Covariance (V, V) that the noise makes of the varied parameters, or None; what the circuit's own error
        adds is in `stderr` of the parameters and of `derived`.
    covariance_rescaled
        Whether `covar` takes the size of the noise from the residuals: multiplied by redchi (all weightings
        but ``noise``), or a robust loss.
    derived
        Name -> {value, stderr, unit, verdict}, errors from the full covariance.
    grade
        ``A`` to ``D``, see `eisfit.verdict.GRADES`.
    flags
        Each with name, cause, cure and level.
    loss, representation
        What was minimised; see `eisfit.engine.objective`.
    starts, agreed
        How many starts were tried and how many ended in this optimum.
    alternatives
        Other optima that the data allows, each a document with its values.
    chosen_by
        Who chose the circuit: ``user``, ``identify``, or ``default`` where a series was given none and the
        common one serves.
    lmfit
        lmfit's own ``MinimizerResult``; None in a result that was read back from JSON.
    """

    spectrum: Spectrum
    circuit: Circuit
    weighting: str
    parameters: Mapping[str, FittedParameter]
    statistics: Statistics
    covar: FloatArray | None
    var_names: tuple[str, ...]
    covariance_rescaled: bool
    derived: Mapping[str, Mapping[str, Any]]
    grade: str
    flags: tuple[Flag, ...]
    loss: str = "linear"
    representation: str = "impedance"
    starts: int = 0
    agreed: int = 0
    alternatives: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)  # no value of the class
    chosen_by: str = "user"
    lmfit: Any = field(default=None, compare=False)

    error = None

    if not TYPE_CHECKING:  # what all attributes are, a type checker knows from the fields

        def __getattr__(self, name: str) -> Any:
            """Take a field out of the columns of a batch, when it is first asked for."""
            if name not in _IN_COLUMNS or "_row" not in self.__dict__:
                circuit = self.__dict__.get("circuit")
                told = f": it is result[{name!r}]" if circuit and name in circuit.names else name_place(name)
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{told}")
            return self.__dict__.setdefault(name, self.__dict__["_row"].field(name, self))

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields: a copy, or what is pickled, leaves the columns of its batch behind."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def of_columns(cls, row: Any, fields: dict[str, Any]) -> FitResult:
        """Return the result with these fields; ``row.field(name, result)`` gives the others when asked."""
        fields["_row"] = row
        return make_record(cls, fields)

    @property
    def ok(self) -> bool:
        """Whether the result can be used as it stands: graded A to C, and no flag forbids it."""
        return usable(self.grade, self.flags)

    @property
    def params(self) -> Any:
        """The ``Parameters`` of lmfit, with values, errors and correlations.

        Raises
        ------
        EisfitError
            In a result that was read back from JSON, or finished by the batched solver (`track`, `fit_many`):
            lmfit's objects are not there.
        """
        if self.lmfit is None:
            raise EisfitError(
                "this result has no objects of lmfit, because it was read from JSON, or was not finished in "
                "lmfit (finish='lmfit' does that): use result.parameters"
            )
        return self.lmfit.params

    @property
    def values(self) -> dict[str, float]:
        """Name -> value."""
        return {name: p.value for name, p in self.parameters.items()}

    @cached_property
    def fitted(self) -> ComplexArray:
        """Impedance of the fitted circuit at the measured frequencies, (F,) ohm; not writable."""
        found = self.circuit.impedance(self.spectrum.frequency, self.values)
        found.setflags(write=False)
        return found

    @property
    def geometry(self) -> Geometry:
        """What is known of the cell: its area, the electrode's thickness."""
        from eisfit.model.geometry import Geometry

        return Geometry.of_metadata(self.spectrum.metadata)

    @property
    def residuals(self) -> ComplexArray:
        """(Z_model - Z_measured) / |Z_measured|, (F,) complex."""
        measured = self.spectrum.impedance
        return np.asarray((self.fitted - measured) / np.abs(measured))

    @property
    def correlations(self) -> list[tuple[str, str, float]]:
        """Pairs of varied parameters and their correlation, the strongest first."""
        if self.covar is None:
            return []
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = np.sqrt(np.diag(self.covar))
            matrix = self.covar / np.outer(spread, spread)
        above = matrix[np.triu_indices_from(matrix, 1)].tolist()
        pairs = zip(combinations(self.var_names, 2), above, strict=True)
        found = [(one, other, value) for (one, other), value in pairs if isfinite(value)]
        return sorted(found, key=lambda pair: -abs(pair[2]))

    def __getitem__(self, name: str) -> FittedParameter:
        if name not in self.parameters:
            if name in self.derived:
                raise EisfitError(f"{name!r} is derived, no parameter: result.derived[{name!r}]")
            known = name if isinstance(name, str) else ""
            raise EisfitError(f"no parameter {name!r}{did_you_mean(known, self.parameters)}")
        return self.parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __contains__(self, name: object) -> bool:
        return name in self.parameters

    def keys(self) -> KeysView[str]:
        """Return the names of the parameters."""
        return self.parameters.keys()

    def replace_flags(self, flags: tuple[Flag, ...]) -> FitResult:
        """Return a copy with other flags, for callers that know more; those that forbid make it not `ok`."""
        return dataclasses.replace(self, flags=flags)

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it cannot be read back."""
        document = {
            "spectrum": self.spectrum.summary(),
            "circuit": {
                "name": self.circuit.name,
                "string": self.circuit.string,
                "chosen_by": self.chosen_by,
            },
            "weighting": self.weighting,
            "loss": self.loss,
            "representation": self.representation,
            "covariance_rescaled": self.covariance_rescaled,
            "parameters": {name: p.to_dict() for name, p in self.parameters.items()},
            "statistics": self.statistics.to_dict(),
            "derived": {name: dict(row) for name, row in self.derived.items()},
            "correlations": [list(pair) for pair in self.correlations],
            "starts": self.starts,
            "agreed": self.agreed,
            "grade": self.grade,
            "ok": self.ok,
            "flags": [flag.to_dict() for flag in self.flags],
            "alternatives": [dict(one) for one in self.alternatives],
            "error": None,
        }
        return document | self._data() if data else document

    def _data(self) -> dict[str, Any]:
        columns = self.spectrum.to_dict()["data"]
        fitted = self.fitted
        return {
            "data": columns | {"fit_real_ohm": fitted.real.tolist(), "fit_imag_ohm": fitted.imag.tolist()},
            "covariance": {
                "names": list(self.var_names),
                "matrix": None if self.covar is None else self.covar.tolist(),
            },
            "circuit_document": self.circuit.to_dict(),
            "spectrum_document": {k: v for k, v in self.spectrum.to_dict().items() if k != "data"},
        }

    @classmethod
    @expect_document("fit")
    def from_dict(cls, document: Mapping[str, Any]) -> FitResult:
        """Rebuild a result from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document lacks the data, as those printed by the command line do.
        """
        document = convert_to_version_2(document)
        missing = {"data", "covariance", "circuit_document", "spectrum_document"} - set(document)
        if missing:
            several = "; these are several: take one of document['results']" if "results" in document else ""
            whole = several or "; what --output writes, and to_dict(), is complete"
            raise EisfitError(f"not a complete fit document: {', '.join(sorted(missing))} missing{whole}")
        matrix = document["covariance"]["matrix"]
        rows = {name: restore_bounds(row) for name, row in document["parameters"].items()}
        return cls(
            spectrum=Spectrum.from_dict({**document["spectrum_document"], "data": document["data"]}),
            circuit=Circuit.from_dict(document["circuit_document"]),
            weighting=document["weighting"],
            loss=document.get("loss", "linear"),
            representation=document.get("representation", "impedance"),
            parameters={name: FittedParameter.from_dict({"name": name, **row}) for name, row in rows.items()},
            statistics=read_statistics(document["statistics"]),
            covar=None if matrix is None else np.array(matrix, dtype=float),
            var_names=tuple(document["covariance"]["names"]),
            covariance_rescaled=document["covariance_rescaled"],
            derived=document["derived"],
            grade=document["grade"],
            flags=tuple(Flag.from_dict(flag) for flag in document["flags"]),
            starts=document["starts"],
            agreed=document["agreed"],
            alternatives=tuple(document["alternatives"]),
            chosen_by=document["circuit"]["chosen_by"],
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per parameter: value, stderr, unit, bounds, ..."""
        import pandas as pd

        rows = {name: restore_bounds(p.to_dict()) for name, p in self.parameters.items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def predict(self, frequency: ArrayLike | None = None) -> ComplexArray:
        """Return the impedance of the fitted circuit, (F,) complex ohm, at any `frequency`, (F,) Hz.

        Raises
        ------
        SpectrumError
            For frequencies that are no positive numbers.
        """
        if frequency is None:
            return self.fitted
        f = make_vector(np.atleast_1d(frequency), "frequency", np.float64)
        if not (f > 0).all():
            raise SpectrumError(f"frequency: must be positive, but {f[~(f > 0)][0]:g} Hz is among them")
        return self.circuit.impedance(f, self.values)

    def summary(self) -> str:
        """Return the table and the verdict as text, as ``print(result)`` shows them."""
        return str(self)

    def methods(self) -> str:
        """Return a paragraph for a paper: data, circuit, weights, values with errors, goodness, software."""
        from eisfit.display.report.methods import methods_text

        return methods_text(self.to_dict())

    def to_latex(self) -> str:
        """Return a LaTeX table: values, standard errors, units, verdicts; brackets: not determined."""
        from eisfit.display.report.fit_tables import fit_latex

        return fit_latex(self.to_dict(data=False))

    def plot(self, ax: Any = None, *, kind: str = "nyquist", **options: Any) -> Any:
        """Draw measured points and fit, and return the axes.

        Parameters
        ----------
        ax
            Axes to draw on, one or two for a Bode plot; a new figure where None.
        kind
            ``nyquist``, ``bode`` or ``residuals``; `plot_overview` draws everything.
        **options
            Of ``eisfit.plot.nyquist``, ``bode`` or ``residuals``.

        Raises
        ------
        UsageError
            For another kind.
        """
        from eisfit.display import plot

        f, z = self.spectrum.frequency, self.spectrum.impedance
        if kind == "residuals":
            off = -self.residuals  # measured less fit, as in every figure
            return plot.residuals(f, off.real, off.imag, ax=ax, **options)
        fine = np.geomspace(f.max(), f.min(), max(_FINE, f.size))  # a line, not a polygon through few points
        curve = {"fitted": self.predict(fine), "fitted_frequency": fine}
        shown = {"label": self.spectrum.name, **curve, **options}
        return plot.draw_spectrum(kind, f, z, ax, shown)

    def plot_overview(self, **options: Any) -> tuple[Axes, ...]:
        """Draw Nyquist, Bode and residuals in one figure and return the axes."""
        from eisfit.display import plot

        return plot.fit_overview(self.to_dict(), **options)

    def __str__(self) -> str:
        from eisfit.display.report.fits import fit_text

        return fit_text(self.to_dict())

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import fit_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_fit

        document = self.to_dict()
        return place_beside(fit_html(document), lambda: draw_fit(document), alt="fit")

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.parameters)


def result_or_failure(document: Mapping[str, Any]) -> FitResult | FitFailure:
    """Return what `to_dict` of either has written."""
    if document["error"] is None:
        return FitResult.from_dict(document)
    where = document["spectrum"]
    return FitFailure(where["source"], document["error"], where["index"], where["cycle"])
