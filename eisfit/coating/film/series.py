"""A film's numbers from several films: a straight line over their thickness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from eisfit.errors import StudyError
from eisfit.tracking.growth.growth import fit_growth
from eisfit.tracking.scatter import compute_reach
from eisfit.validation.quantiles import normal_quantile


def thickness_series(
    thickness: ArrayLike,
    area_resistance: ArrayLike,
    stderr: ArrayLike,
) -> dict[str, float]:
    """Conductivity and interface offset from films of several thicknesses: R A = offset + t / s.

    Weighted least squares; what the films scatter beyond their errors, those of the thickness, widens both.

    Parameters
    ----------
    thickness
        cm.
    area_resistance, stderr
        ohm cm^2.

    Returns
    -------
    dict
        ``ionic_conductivity_S_per_cm``, ``offset_ohm_cm2`` with their ``_stderr``: the 95 % interval takes
        1.96 of them, also where the size of the errors had to be taken from the scatter of few films;
        ``scatter`` is the factor by which that is larger than they say, 1 where chance explains it.

    Raises
    ------
    StudyError
        With fewer than three films, of fewer than two thicknesses, or where resistance does not rise.
    """
    x, y, sy = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (thickness, area_resistance, stderr))
    )
    if x.size < 3 or np.unique(x).size < 2:
        raise StudyError("a thickness series needs three films or more, of at least two thicknesses")
    if (sy <= 0).any():
        raise StudyError("every point of a series needs a standard error above zero")
    line = fit_growth(x, y, sy, name="R A", law="linear", one_cell=False)
    if line.slope <= 0:
        raise StudyError(
            "the area resistance does not rise with the thickness: the films cannot share a conductivity"
        )
    assert line.slope_stderr is not None
    assert line.intercept_stderr is not None
    wider = line.quantile(0.95) / normal_quantile(0.975)
    return {
        "ionic_conductivity_S_per_cm": 1 / line.slope,
        "ionic_conductivity_S_per_cm_stderr": wider * line.slope_stderr / line.slope**2,
        "offset_ohm_cm2": line.intercept,
        "offset_ohm_cm2_stderr": wider * line.intercept_stderr,
        "scatter": compute_reach(line.scatter, line.dof)[0],
    }
