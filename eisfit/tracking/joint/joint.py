"""All cycles fitted at once, with parameters that are shared, smooth over the axis, free, or obey a law.

A parameter that obeys Arrhenius' law has two numbers that all spectra share, ln A and the activation energy.

Minimised (by `eisfit.tracking.joint.solver`) is  sum over cycles of chisqr_k / s_k^2  +  sum over smooth
parameters of
strength * |second derivative|^2, with s_k^2 the reduced chisqr of cycle k by itself, or of all cycles where
they scatter no more than chance has it (1 where the noise was measured). Errors are those of
`eisfit.tracking.joint.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import UsageError
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.records import Document, dataclass
from eisfit.rounding import value_with_error
from eisfit.spectra.axes import AXES, Axis, list_axis_values
from eisfit.tracking.arrhenius import Arrhenius, compute_coordinates, fit_arrhenius
from eisfit.tracking.joint.errors import Smoothing
from eisfit.tracking.joint.problem import JointProblem
from eisfit.tracking.joint.result import make_results
from eisfit.tracking.joint.smoothness import Strength, compute_axis, compute_penalty, cross_validate
from eisfit.tracking.joint.solver import State, minimise_banded
from eisfit.tracking.scatter import compute_weights

MODES = ("shared", "smooth", "free", "arrhenius")
_MIN_TEMPERATURES = 3


@dataclass(frozen=True)
class Joint(Document):
    """What a joint fit decided.

    Attributes
    ----------
    modes
        Name -> ``shared``, ``smooth``, ``free`` or ``arrhenius``, of every free parameter.
    strengths
        Of the smooth ones, with their cross-validation.
    cost
        The minimum.
    iterations
        Steps taken.
    converged
        False where the last step still promised an improvement.
    shared
        Name -> (value, standard error) of what all cycles share.
    units
        Of the parameters.
    alone
        Columns of the fits of each cycle by itself: every shared or smooth parameter, and NAME_stderr.
    laws
        Name -> `Arrhenius`, of those that obey it.
    """

    modes: Mapping[str, str]
    strengths: Mapping[str, Strength]
    cost: float
    iterations: int
    converged: bool
    shared: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    alone: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict, repr=False)
    laws: Mapping[str, Arrhenius] = field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What is said of it in a report."""
        notes = [
            f"joint fit: {self._describe(name)} shared by all spectra" for name in self._list_names("shared")
        ]
        notes += [f"joint fit: {name} smooth, {s}" for name, s in self.strengths.items()]
        notes += [f"joint fit: {law} (the law inside the fit)" for law in self.laws.values()]
        free = self._list_names("free")
        notes += [f"joint fit: {', '.join(free)} free in every spectrum"] if free else []
        if not self.converged:
            notes.append("joint fit: not converged; share or smooth less, or give a strength")
        return notes

    def _list_names(self, mode: str) -> list[str]:
        return [name for name, own in self.modes.items() if own == mode]

    def _describe(self, name: str) -> str:
        if name not in self.shared:
            return name
        return f"{name} = {value_with_error(*self.shared[name])} {self.units.get(name, '')}".rstrip()

    def __str__(self) -> str:
        return "\n".join(self.notes)

    def _repr_html_(self) -> str:
        from html import escape

        return "".join(f"<div>{escape(note)}</div>" for note in self.notes)


def fit_jointly(
    fits: Sequence[FitResult],
    circuit: Circuit,
    joint: Mapping[str, str],
    *,
    strength: float | Mapping[str, float] | None = None,
    along: Axis = AXES["cycle"],
) -> tuple[list[FitResult], Joint]:
    """Fit all cycles at once, starting from fits of each by itself.

    Parameters
    ----------
    fits
        Of `eisfit.track`, in the order of the cycles.
    joint
        Parameter -> ``shared``, ``smooth``, ``arrhenius`` (over the temperature) or ``free`` (as all that are
        not named).
    strength
        Of smoothness, for all smooth parameters or by name; None: cross-validated.
    along
        The axis that smooth parameters are smooth over.

    Raises
    ------
    UsageError
        For an unknown mode or parameter, one that does not vary, fewer than three cycles for a smooth one,
        or a strength that is not positive.
    """
    modes = _check_modes(circuit, joint, len(fits))
    if any(fit.loss != "linear" for fit in fits):
        raise UsageError("a joint fit minimises squares: robust losses cannot be combined with it")
    forms = _fit_forms(fits, circuit, modes)
    problem = JointProblem.of(fits, circuit, modes, {name: law.form for name, law in forms.items()})
    x = compute_axis(list_axis_values((fit.spectrum for fit in fits), along))
    strengths = {
        name: _choose_strength(name, strength, problem, x) for name, mode in modes.items() if mode == "smooth"
    }
    smoothing = Smoothing(problem, compute_penalty(x), strengths)
    state = minimise_banded(problem, smoothing.bands())
    results = make_results(problem, state.theta, smoothing.covariance(state.theta))
    told = _describe(results, fits, state, modes, strengths)
    return results, replace(told, laws=_estimate_laws(forms, problem, smoothing, state.theta))


def _fit_forms(fits: Sequence[FitResult], circuit: Circuit, modes: Mapping[str, str]) -> dict[str, Arrhenius]:
    """Return the activation energies of the single fits: they say which form the law has in the fit."""
    wanted = [name for name, mode in modes.items() if mode == "arrhenius"]
    temperature = list_axis_values((fit.spectrum for fit in fits), AXES["temperature"])
    found = {}
    for name in wanted:
        if not np.isfinite(temperature).all() or np.unique(temperature).size < _MIN_TEMPERATURES:
            raise UsageError(f"{name}: arrhenius needs the temperature of every spectrum, and three of them")
        if circuit.parameters[name].scale != "log":
            raise UsageError(f"{name}: may be negative, and has no activation energy")
        value = np.array([fit[name].value for fit in fits])
        error = np.array([fit[name].stderr_noise for fit in fits], dtype=float)  # NaN of None
        error = np.where(error > 0, error, 10 * value)  # undetermined by itself: it says next to nothing
        found[name] = fit_arrhenius(temperature, value, error, name=name, unit=circuit.parameters[name].unit)
    return found


def _estimate_laws(
    singles: Mapping[str, Arrhenius], problem: JointProblem, smoothing: Smoothing, theta: FloatArray
) -> dict[str, Arrhenius]:
    """Return the laws inside the fit: ln A and energy of the common minimum, with their full covariance."""
    if not singles:
        return {}
    values, covariance = smoothing.estimate_shared(theta)
    temperature = list_axis_values((fit.spectrum for fit in problem.fits), AXES["temperature"])
    mean = float(np.mean(compute_coordinates(temperature, "plain")[0]))
    names, column, found = problem.names, 0, {}
    for k in problem.shared:
        single = singles.get(names[k])
        if single is not None:
            back = np.array([[1.0, -mean], [0.0, 1.0]])
            pair = slice(column, column + 2)
            log, energy = back @ values[pair]
            alone, error = problem.values_and_errors(names[k])
            found[names[k]] = single.replace_numbers(
                float(log),
                float(energy),
                back @ covariance[pair, pair] @ back.T,
                places=temperature,
                alone=alone,
                error=error * compute_weights(problem.fits),
            )
        column += 1 if single is None else 2
    return found


def _describe(
    results: Sequence[FitResult],
    fits: Sequence[FitResult],
    state: State,
    modes: Mapping[str, str],
    strengths: Mapping[str, Strength],
) -> Joint:
    first = results[0].parameters
    shared = {name: (first[name].value, first[name].stderr) for name, m in modes.items() if m == "shared"}
    alone: dict[str, tuple[float | None, ...]] = {}
    for name in (name for name, mode in modes.items() if mode != "free"):
        alone[name] = tuple(fit[name].value for fit in fits)
        alone[f"{name}_stderr"] = tuple(fit[name].stderr_noise for fit in fits)
    return Joint(
        modes,
        strengths,
        state.cost,
        state.steps,
        state.converged,
        shared,
        {name: first[name].unit for name in modes},
        alone,
    )


def _check_modes(circuit: Circuit, joint: Mapping[str, str], cycles: int) -> dict[str, str]:
    if not isinstance(joint, Mapping):
        raise UsageError(f"joint goes by the parameters' names, joint={{'R_ct': 'shared'}}, not {joint!r}")
    circuit.check_names(joint)
    for name, mode in joint.items():
        if mode not in MODES:
            raise UsageError(f"{name}: no mode {mode!r}; there are {', '.join(MODES)}")
        if not circuit.parameters[name].free:
            raise UsageError(f"{name} does not vary: it cannot be {mode}")
        if mode == "smooth" and cycles < 3:
            raise UsageError(f"{name}: smooth over {cycles} spectra has no meaning; three are the least")
    return {name: joint.get(name, "free") for name, p in circuit.parameters.items() if p.free}


def _choose_strength(
    name: str, given: float | Mapping[str, float] | None, problem: JointProblem, x: FloatArray
) -> Strength:
    value = given.get(name) if isinstance(given, Mapping) else given
    if value is None:
        return cross_validate(x, *problem.values_and_errors(name))
    if not value > 0:
        raise UsageError(f"{name}: the strength of smoothness must be positive, not {value:g}")
    return Strength(float(value))
