"""Figures that a paper would take: arrays and plain documents in, matplotlib axes out, nothing shown.

Every function takes ``ax=None`` (or ``figure=None``) and returns the axes. Without one it draws on a new
pyplot figure, which a notebook displays; `new_axes` and `new_figure` make ones that belong to no window.
"""

from __future__ import annotations

from eisfit.display.plot.coating import contributions
from eisfit.display.plot.comparison import comparison
from eisfit.display.plot.files import save
from eisfit.display.plot.frequency import bode, drt, residuals
from eisfit.display.plot.identification import identification
from eisfit.display.plot.intervals import intervals, profiles
from eisfit.display.plot.joint import joint_course, joint_overview, strength_curve
from eisfit.display.plot.nyquist import nyquist, nyquist_cycles
from eisfit.display.plot.overview import draw_spectrum, fit_overview, kramers_kronig
from eisfit.display.plot.series import cells_trend, cells_trends, nyquist_waterfall
from eisfit.display.plot.style import new_axes, new_figure, paper
from eisfit.display.plot.trends import trend

__all__ = [
    "bode",
    "cells_trend",
    "cells_trends",
    "comparison",
    "contributions",
    "draw_spectrum",
    "drt",
    "fit_overview",
    "identification",
    "intervals",
    "joint_course",
    "joint_overview",
    "kramers_kronig",
    "new_axes",
    "new_figure",
    "nyquist",
    "nyquist_cycles",
    "nyquist_waterfall",
    "paper",
    "profiles",
    "residuals",
    "save",
    "strength_curve",
    "trend",
]
