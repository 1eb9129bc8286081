"""Where a search begins: start values from the data, from relaxations and at random.

In: a problem and its spectra; out: coordinates to start from, many for each row.
"""

from __future__ import annotations
