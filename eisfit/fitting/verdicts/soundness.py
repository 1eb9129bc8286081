"""Faults of the data itself, and which parameters of a fit depend on faulty points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, robust_spread
from eisfit.errors import SpectrumError
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.findings import Finding
from eisfit.fitting.verdicts.flag_kinds import get_kind, is_beyond_circuits
from eisfit.fitting.verdicts.grade import correlate_neighbours
from eisfit.model.notation import components
from eisfit.rounding import hertz
from eisfit.spectra.noise import compute_weights
from eisfit.spectra.spectrum import TURNED, Spectrum
from eisfit.verdict import FORBIDS, Flag, limit

if TYPE_CHECKING:
    from eisfit.validation.kramers_kronig_result import KramersKronigResult


def find_unsound(result: FitResult) -> list[Finding]:
    """Return what is wrong with the data of a fit, from plain facts and from the Kramers-Kronig test.

    A circuit's impedance obeys Kramers-Kronig. Where it leaves noise alone, so do the data: what a test of
    them would find is a false alarm, and none is made.
    """
    found = [*_find_all_real(result), *_find_absurd_points(result)]
    if _leaves_noise(result):
        return found
    from eisfit.validation.kramers_kronig import check_once

    try:
        tested = check_once(result.spectrum)
    except SpectrumError as error:
        flag = Flag("not_validated", str(error), "measure more frequencies")
        return [*found, Finding(flag)]
    return [*found, *_find_broken(result, tested)]


def _leaves_noise(result: FitResult) -> bool:
    """Return whether all is noise that a fit leaves, every point: grade A allows a few that are off."""
    rms = result.statistics.rms_relative_residual
    if result.grade != "A" or rms > limit("usable_rms"):
        return False
    if rms <= limit("rounding"):
        return True
    off = (result.residuals * np.abs(result.spectrum.impedance)).view(np.float64)
    return not bool(have_outliers((off * compute_weights(result.spectrum, result.weighting))[np.newaxis])[0])


def have_outliers(residuals: FloatArray) -> BoolArray:
    """Return whether weighted residuals (B, 2F) have a point that is no noise, or neighbours that agree."""
    parts = residuals.reshape(len(residuals), -1, 2)
    with np.errstate(all="ignore"):
        most = (limit("stands_out") * robust_spread(residuals, axis=1)[:, np.newaxis]) ** 2
        far = parts[..., 0] ** 2 + parts[..., 1] ** 2 > most
        agree = correlate_neighbours(parts) > limit("neighbours_agree") / np.sqrt(residuals.shape[1])
    return np.asarray(far.any(axis=1) | agree)


def find_turned_sign(spectrum: Spectrum) -> list[Finding]:
    """Return a finding where a reader did not use the header's sign of Z''."""
    note = next((note for note in spectrum.notes if TURNED in note), None)
    if note is None:
        return []
    cure = "look whether it is right (eisfit info); --imag-sign header keeps the sign as the file has it"
    return [Finding(Flag("sign_turned", note.partition(": ")[2], cure))]


def cure_data_first(findings: list[Finding]) -> list[Finding]:
    """Return findings with the misfit last; its cure names the data where these are at fault."""
    if not is_beyond_circuits(finding.flag for finding in findings):
        return findings
    cure = "mend the data first: eisfit check shows what no circuit gives, --drop-invalid leaves it out"
    misfit = [f for f in findings if f.flag.name == "misfit"]
    others = [f for f in findings if f.flag.name != "misfit"]
    return [*others, *(replace(f, flag=replace(f.flag, cure=cure)) for f in misfit)]


def _find_all_real(result: FitResult) -> Iterator[Finding]:
    z = result.spectrum.impedance
    reactive = any(part.symbol != "R" for part in components(result.circuit.tree))
    if reactive and (np.abs(z.imag) <= limit("real_only") * np.abs(z)).all():
        yield Finding(
            Flag(
                "real_only",
                "the imaginary part is zero at every frequency: only a resistance shows that",
                "look whether the file's column of Z'' was exported and read (eisfit info)",
                FORBIDS,
            )
        )


def _find_absurd_points(result: FitResult) -> Iterator[Finding]:
    """Yield a finding for each inner point that lies off both its neighbours by an absurd factor."""
    size = np.log(np.abs(result.spectrum.impedance))
    before, after = size[1:-1] - size[:-2], size[1:-1] - size[2:]
    far = np.minimum(np.abs(before), np.abs(after)) > np.log(limit("absurd_point"))
    for k in np.flatnonzero(far & (np.sign(before) == np.sign(after))) + 1:
        f, z = result.spectrum.frequency[k], abs(result.spectrum.impedance[k])
        factor = np.exp(abs(before[k - 1]))
        yield Finding(
            Flag(
                "absurd_point",
                f"|Z| = {z:.3g} ohm at {hertz(f)} lies off both its neighbours by a factor {factor:.2g}",
                f"leave it out (--drop {f:.6g}); an overload or a mark of the analyser is possible",
                FORBIDS,
            )
        )


def _find_broken(result: FitResult, tested: KramersKronigResult) -> Iterator[Finding]:
    """Yield the flags of the test; where it fails by more than the tolerance, with the parameters it hits.

    A residual above what is usable can only be noise, and noise is consistent.
    """
    noisy = result.grade != "D" and result.statistics.rms_relative_residual > limit("usable_rms")
    broken = tested.invalid & ~_find_single(tested)
    size = np.sqrt(np.mean(np.abs(tested.residuals[broken]) ** 2)) if broken.any() else 0.0
    touched = _find_dependent(result, broken) if size > limit("kk_breach") else ()
    for flag in tested.flags:
        if flag.name == "imaginary_sign" or (noisy and get_kind(flag).no_circuit):
            yield Finding(replace(flag, level=FORBIDS))
        elif flag.name == "kk_failed":
            yield Finding(flag, touched, "extrapolated")
        else:
            yield Finding(flag)


def _find_single(tested: KramersKronigResult) -> BoolArray:
    """Return the points (F,) that lie off the curve by themselves."""
    f = tested.spectrum.frequency
    alone = [r.low_Hz for r in tested.ranges if r.low_Hz == r.high_Hz]
    return np.isin(f, alone)


def _find_dependent(result: FitResult, broken: BoolArray) -> tuple[str, ...]:
    """Return the parameters that depend on some points (F,).

    Those that lose more than a share of their information without them, and those that would move by more
    than their errors allow: one Gauss-Newton step on the other points.
    """
    names = result.var_names
    sound = np.repeat(~broken, 2)
    if 2 * int((~broken).sum()) <= len(names):
        return tuple(names)
    weight = compute_weights(result.spectrum, result.weighting)
    z, slopes = result.circuit.impedance(result.spectrum.frequency, result.values, derivative=True)
    columns = [result.circuit.names.index(name) for name in names]
    jacobian = np.ascontiguousarray(slopes[:, columns].T).view(np.float64) * weight
    largest = np.abs(jacobian).max(axis=1)
    scale = 1 / np.where(largest > 0, largest, 1.0)
    jacobian *= scale[:, np.newaxis]
    residual = np.ascontiguousarray(z - result.spectrum.impedance).view(np.float64) * weight
    whole, part = _invert_normal(jacobian), _invert_normal(jacobian[:, sound])
    share = 1 - np.diag(whole) / np.diag(part)
    moved = np.abs(part @ (jacobian[:, sound] @ residual[sound])) * scale
    stderr = np.array([result.parameters[name].stderr or np.inf for name in names])
    hit = (share > limit("kk_share")) | (moved > limit("kk_shift") * stderr)
    return tuple(name for name, yes in zip(names, hit.tolist(), strict=True) if yes)


def _invert_normal(jacobian: FloatArray) -> FloatArray:
    """Return (J J^T)^-1 (V, V), with a trace of ridge: what is lost with the points becomes very large."""
    return np.asarray(np.linalg.inv(jacobian @ jacobian.T + 1e-10 * np.eye(len(jacobian))))
