"""The hypotheses on what a coating changes: which parameters each frees, and what these contribute."""

from __future__ import annotations

from eisfit.records import dataclass


@dataclass(frozen=True)
class Hypothesis:
    """A switch position: which parameters it frees, and whether the film carries electrons along the wall."""

    statement: str
    free: tuple[str, ...] = ()
    access: bool = False

    @property
    def effects(self) -> list[str]:
        """What it adds to the barrier, by the names of its contributions."""
        freed = [EFFECTS[name] for name in self.free if name in EFFECTS]
        return ["electrons_along_film", *freed] if self.access else freed


_REACTION = ("f", "Ea:gain")
NATIVE = ("native_R", "native_C", "native_alpha")
CONTACT = ("contact_R", "contact_tau", "contact_alpha")

HYPOTHESES: dict[str, Hypothesis] = {
    "barrier_only": Hypothesis("the film only stands in the ions' way"),
    "electronic_access": Hypothesis("the film carries electrons along the wall", access=True),
    "intrinsic_activity": Hypothesis("the film makes the reaction faster or slower", _REACTION),
    "area_gain": Hypothesis("more of the surface takes part", ("g",)),
    "access_and_activity": Hypothesis("the film carries electrons and changes the reaction", _REACTION, True),
    "access_and_area": Hypothesis("the film carries electrons and more surface takes part", ("g",), True),
    "native_layer": Hypothesis("the bare cell has a layer that the film replaces", NATIVE),
    "contact": Hypothesis("the bare cell has a poorer contact", CONTACT),
}

EFFECTS = {"f": "reaction", "g": "area", "native_R": "native_layer", "contact_R": "contact"}
"""Which contribution a parameter makes that hypotheses free."""
