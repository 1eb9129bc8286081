"""Fits of many spectra in columns, and their rows as `FitResult`.

In: spectra and a circuit; out: a result whose rows are made when they are asked for.
"""

from __future__ import annotations
