"""How a circuit is evaluated with its derivatives: in numpy, or by a loop that numba compiles.

In: parameters of many rows; out: residuals and Jacobians.
"""

from __future__ import annotations
