"""Circuit elements, found by being there: every module here that has ``ELEMENTS`` adds its own.

>>> sorted(ELEMENTS)[:3]
['C', 'CPE', 'G']
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from eisfit.extensions import Registry
from eisfit.model.elements.base import Asymptote, Element, FrequencyGrid, Parameter

__all__ = ["ELEMENTS", "Asymptote", "Element", "FrequencyGrid", "Parameter"]

#: Symbol -> element; those of other packages (entry points ``eisfit.elements``) come when one is not known.
ELEMENTS: Registry[Element] = Registry(
    "elements",
    "symbol",
    (
        element
        for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
        if module != "base" and not module.startswith("_")
        for element in import_module(f"{__name__}.{module}").ELEMENTS
    ),
)
