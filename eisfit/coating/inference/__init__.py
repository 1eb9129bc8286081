"""From a study to the posterior of every hypothesis.

In: a `Study`; out: probabilities, parameters and what they rest on.
"""

from __future__ import annotations
