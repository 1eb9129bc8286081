"""Intervals by profile likelihood, of parameters and of what follows from them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from eisfit.arrays import finite
from eisfit.fitting.derived import list_formulas
from eisfit.fitting.errors.intervals_result import Interval, Intervals
from eisfit.fitting.errors.profile import Profile, compute_profiles
from eisfit.fitting.errors.profile_derived import compute_derived_profiles
from eisfit.fitting.errors.refit import Refit
from eisfit.fitting.result import FitResult
from eisfit.validation.quantiles import normal_quantile, t_quantile


def quantile(result: FitResult, level: float) -> float:
    """Return the two-sided quantile of t, or of the normal distribution where the noise is measured."""
    upper = 0.5 + 0.5 * level
    return (
        t_quantile(result.statistics.nfree, upper) if result.covariance_rescaled else normal_quantile(upper)
    )


def profile_intervals(
    result: FitResult,
    level: float,
    names: tuple[str, ...],
    derived: tuple[str, ...] = (),
    *,
    rough: bool,
) -> Intervals:
    """Return the profile intervals of free parameters and of derived quantities; see `eisfit.intervals`."""
    width = quantile(result, level)
    refit = Refit.of(result, plain=True)
    found = compute_profiles(refit, names, width, rough=rough) if names else []
    followed = _profile_derived(refit, derived, width, rough)
    law = (
        "(chisqr/chisqr_min - 1) nfree <= F(1, nfree)"
        if result.covariance_rescaled
        else ("chisqr - chisqr_min <= chi2(1)")
    )
    rows, more = (
        {p.name: Interval.of(result, p.name, p.low, p.high) for p in part} for part in (found, followed)
    )
    traces = {p.name: _make_trace(p) for p in found}
    return Intervals(
        level, "profile", f"{law} = {width**2:.3f}", rows, _notes([*found, *followed]), traces, derived=more
    )


def _profile_derived(refit: Refit, names: tuple[str, ...], width: float, rough: bool) -> list[Profile]:
    """Return the profiles of derived quantities, wider by the errors of the given geometry."""
    result = refit.result
    table = list_formulas(result.circuit, result.geometry)
    found = compute_derived_profiles(refit, {name: table[name].formula for name in names}, width, rough=rough)
    return [_widen_profile(p, result.derived[p.name]["value"], width * table[p.name].given) for p in found]


def _widen_profile(profile: Profile, value: float, more: float) -> Profile:
    """Return a profile with ends further out by a relative error that is independent of the fit."""
    ends = [
        end and float(value * np.exp(np.sign(end - value) * np.hypot(np.log(end / value), more)))
        for end in (profile.low, profile.high)
    ]
    return dataclasses.replace(profile, low=ends[0], high=ends[1])


def _notes(found: list[Profile]) -> tuple[str, ...]:
    notes = []
    if better := [profile.name for profile in found if profile.better]:
        notes.append(
            f"the profile of {', '.join(better)} met a lower chisqr than the fit's: "
            "fit again from other start values (start=...)"
        )
    if parted := [profile.name for profile in found if profile.parted]:
        notes.append(
            f"the interval of {', '.join(parted)} reaches to another optimum (alternatives); "
            "what lies between the two does not fit"
        )
    return tuple(notes)


def _make_trace(profile: Profile) -> dict[str, Any]:
    return {
        "values": profile.values.tolist(),
        "rise": [finite(r) for r in profile.rise.tolist()],
        "limit": profile.limit,
    }
