"""Find the circuit of a spectrum: no list of candidates, no start values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import SpectrumError
from eisfit.fitting.fitted_points import add_noise, select_points
from eisfit.fitting.identify.identification import Identification, IdentifiedCircuit
from eisfit.fitting.identify.ranking import (
    MANY,
    Answer,
    compute_misfit,
    estimate_noise,
    find_closer,
    grade_trial,
    make_answers,
)
from eisfit.fitting.identify.roles import name_parts
from eisfit.fitting.identify.search import explore
from eisfit.fitting.identify.structures import circuit_of
from eisfit.fitting.identify.trials import Trial, Workbench
from eisfit.fitting.identify.usable import FEWEST, drop_broken, drop_top
from eisfit.rounding import hertz
from eisfit.spectra import WEIGHTING
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.masks import Drop
from eisfit.spectra.noise import compute_weights
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig import check_once
from eisfit.verdict import Flag

_INDUCTIVE_POINTS = _NEGATIVE_POINTS = 2
_BEYOND_NOISE = 3.0  # standard deviations
_LOOKS = 3


@takes_spectrum
def identify(
    spectrum: Spectrum,
    *,
    weighting: str = WEIGHTING,
    fmin: float | None = None,
    fmax: float | None = None,
    drop: Drop | None = None,
    drop_inductive: bool = False,
    seed: int = 0,
) -> Identification:
    """Find which circuit a spectrum supports, among all that can be built of arcs, diffusion, R and L.

    Plain structures are fitted from the smallest up, without start values; from the best, others are grown,
    changed and cut down. They are ranked by their evidence (Laplace's approximation, with priors that are
    stated in `eisfit.fitting.identify.evidence`). Circuits that the data cannot tell apart are one answer.

    Parameters
    ----------
    spectrum
        What was measured, as for `eisfit.fit`.
    weighting, fmin, fmax, drop, drop_inductive, seed
        As for `eisfit.fit`.

    Returns
    -------
    Identification
        `circuits` ranked by probability, `best` a circuit that `eisfit.fit` takes. There is no ranking, and
        a flag that says so, where too much of the spectrum breaks the Kramers-Kronig relations.

    Raises
    ------
    SpectrumError
        Where there are too few points to tell circuits apart.
    UsageError
        For an unknown weighting, or a dropped frequency that was not measured.

    Examples
    --------
    >>> from eisfit import simulate
    >>> s = simulate("rs-ct", {"R_s": 1, "R_ct": 10, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9})
    >>> identify(s).best.string
    'R_s-p(R_ct,CPE_ct)'
    """
    kept = select_points(spectrum, fmin=fmin, fmax=fmax, drop=drop, drop_inductive=drop_inductive)
    if kept.points < FEWEST:
        raise SpectrumError(
            f"{kept.name}: {kept.points} points cannot tell circuits apart; measure at least {FEWEST}, or "
            "give a circuit"
        )
    tested = check_once(kept)
    clean, flags = drop_broken(kept, tested)
    if clean is None:
        return Identification(kept, (), 0, float(tested.noise_relative), flags)
    found = _rank(add_noise(clean, weighting), weighting, seed, flags)
    shorter = None if found.ok else drop_top(clean)
    if shorter is None:
        return found
    clean, flag = shorter
    again = _rank(add_noise(clean, weighting), weighting, seed, (*flags, flag))
    return again if again.ok else found


def _rank(clean: Spectrum, weighting: str, seed: int, flags: tuple[Flag, ...]) -> Identification:
    weight = compute_weights(clean, weighting)
    obeys = not any(flag.name == "kk_failed" for flag in flags)
    bench, trials = _explore(Workbench(clean, weight, _estimate_noise(clean, weight), seed, obeys))
    found = make_answers(trials, bench)
    rows = tuple(_make_row(answer, bench) for answer in found)
    nearest = find_closer(found)
    if nearest is not None:
        flags = (*flags, _flag_closer(nearest, found[0].trial))
    if rows[0].free >= MANY and rows[0].grade != "A":
        flags = (*flags, _flag_many(rows[0]))
    if rows[0].grade == "D" and _is_active(clean, np.sqrt(bench.scale) / weight[::2]):
        flags = (*flags, _flag_active(clean))
    if bench.is_free_of_noise and not bench.is_exact:
        flags = (*flags, _flag_digits(found[0].trial))
    noise = float(np.sqrt(bench.scale * np.mean(1 / (weight * np.repeat(np.abs(clean.impedance), 2)) ** 2)))
    return Identification(clean, rows, len(trials), noise, flags)


def _explore(bench: Workbench) -> tuple[Workbench, list[Trial]]:
    """Explore, and once more where circuits leave less than noise can: few points let none be estimated."""
    spectrum = bench.spectrum
    for _ in range(_LOOKS):
        noise = np.sqrt(bench.scale) / bench.weight[::2]
        explored, trials = explore(bench, inductive=_turns_inductive(spectrum, noise))
        scale = estimate_noise(trials, explored)
        if spectrum.noise is not None or bench.is_simulated or scale >= explored.scale:
            break
        bench = replace(bench, scale=scale)
    return explored, trials


def _flag_closer(nearest: Trial, first: Trial) -> Flag:
    string = circuit_of(name_parts(nearest.structure, nearest.values).structure).string
    seen = (
        f"{string} comes closer ({100 * nearest.rms:.2g} % rms with {nearest.size} parameters, the "
        f"first {100 * first.rms:.2g} % with {first.size})"
    )
    return Flag(
        "closer_circuit",
        seen,
        "more elements may only imitate what no small circuit gives; the first is usable",
    )


def _flag_many(first: IdentifiedCircuit) -> Flag:
    seen = (
        f"the first has {first.free} parameters and leaves more than the noise; many circuits of about that "
        "size come as near, and a plain one is named where no other gets a better grade: its probability is "
        "among those found"
    )
    cure = "take it for a description, its elements not for processes; give the circuit where you know it"
    return Flag("one_of_many", seen, cure)


def _flag_digits(first: Trial) -> Flag:
    seen = (
        "the data show no noise, and none of the circuits tried gives them to their digits; the first leaves "
        f"{100 * first.rms:.2g} % rms"
    )
    cure = "they may come from something else than arcs and diffusion; where you know it, give the circuit"
    return Flag("digits_missed", seen, cure)


def _is_active(spectrum: Spectrum, noise: FloatArray) -> bool:
    """Return whether Z' is below zero, by more than noise, in a spectrum that obeys Kramers-Kronig."""
    below = spectrum.impedance.real < -_BEYOND_NOISE * noise
    return int(below.sum()) >= _NEGATIVE_POINTS and check_once(spectrum).ok


def _flag_active(spectrum: Spectrum) -> Flag:
    negative = spectrum.frequency[spectrum.impedance.real < 0]
    seen = (
        f"Z' is negative from {hertz(negative.min())} to {hertz(negative.max())}, and the spectrum obeys "
        "Kramers-Kronig: it has a negative resistance, as of passivation, which no circuit that was tried has"
    )
    cure = "give a circuit and allow it: --circuit 'R_s-p(R1,C1,R2-L2)' --bound R2=-1e9:0 --bound L2=-1e9:0"
    return Flag("negative_resistance", seen, cure)


def _estimate_noise(spectrum: Spectrum, weight: FloatArray) -> float:
    """Return the mean square of the weighted noise: measured, else what no consistent impedance explains."""
    if spectrum.noise is not None:
        return float(np.mean((np.repeat(spectrum.noise, 2) * weight) ** 2))
    from_test = float(np.mean((np.repeat(check_once(spectrum).unexplained, 2) * weight) ** 2))
    floor = 1e-20 * float(np.mean((np.repeat(np.abs(spectrum.impedance), 2) * weight) ** 2))
    return max(from_test, floor)


def _turns_inductive(spectrum: Spectrum, noise: FloatArray) -> bool:
    """Return whether Z'' is above zero, by more than noise, at low frequency: below a capacitive range."""
    reactance = spectrum.impedance.imag
    capacitive = np.flatnonzero(reactance < 0)
    if not capacitive.size:
        return False
    return int(np.sum((reactance > _BEYOND_NOISE * noise)[capacitive[0] :])) >= _INDUCTIVE_POINTS


def _make_row(answer: Answer, bench: Workbench) -> IdentifiedCircuit:
    trial = answer.trial
    final = name_parts(trial.structure, trial.values)
    others = [name_parts(t.structure, t.values) for t in answer.equal]
    drawings = tuple(circuit_of(one.structure).string for one in (final, *others))
    return IdentifiedCircuit(
        circuit=circuit_of(final.structure),
        probability=answer.probability,
        rms=trial.rms,
        misfit=compute_misfit(trial, bench),
        grade=grade_trial(trial, bench),
        chisqr=trial.chisqr,
        free=trial.size,
        values=final.values,
        drawings=drawings,
        drawn=tuple(one.values for one in others),
        assigned=final.assigned,
        at_bound=trial.at_bound,
    )
