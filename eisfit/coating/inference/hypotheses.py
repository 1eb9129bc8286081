"""The hypotheses on what a coating changes: which effects each adds, and which parameters these free."""

from __future__ import annotations

from collections.abc import Mapping

from eisfit.records import dataclass

ACCESS = "electrons_along_film"
"""The effect that no parameter makes, but whether the film carries electrons along the wall."""

BARE_ARCS: Mapping[str, tuple[str, ...]] = {
    "native_layer": ("native_R", "native_C", "native_alpha"),
    "contact": ("contact_R", "contact_tau", "contact_alpha"),
}
"""Effects that are an arc of the bare cell alone, which the coated one lacks -> quantities of the cell."""

EFFECTS: Mapping[str, tuple[str, ...]] = {"reaction": ("f", "Ea:gain"), "area": ("g",), **BARE_ARCS}
"""What a coating may add to the barrier -> the parameters that make it: its share follows from them."""


@dataclass(frozen=True)
class Hypothesis:
    """A switch position: which parameters it frees, and whether the film carries electrons along the wall."""

    statement: str
    free: tuple[str, ...] = ()
    access: bool = False

    @classmethod
    def of(cls, statement: str, *effects: str) -> Hypothesis:
        """Return the hypothesis that adds these effects."""
        free = (name for effect in effects for name in EFFECTS.get(effect, ()))
        return cls(statement, tuple(free), ACCESS in effects)

    @property
    def effects(self) -> list[str]:
        """What it adds to the barrier, by the names of its contributions."""
        freed = [effect for effect, names in EFFECTS.items() if set(names) <= set(self.free)]
        return [ACCESS, *freed] if self.access else freed


HYPOTHESES: dict[str, Hypothesis] = {
    "barrier_only": Hypothesis.of("the film only stands in the ions' way"),
    "electronic_access": Hypothesis.of("the film carries electrons along the wall", ACCESS),
    "intrinsic_activity": Hypothesis.of("the film makes the reaction faster or slower", "reaction"),
    "area_gain": Hypothesis.of("more of the surface takes part", "area"),
    "access_and_activity": Hypothesis.of(
        "the film carries electrons and changes the reaction", ACCESS, "reaction"
    ),
    "access_and_area": Hypothesis.of(
        "the film carries electrons and more surface takes part", ACCESS, "area"
    ),
    "native_layer": Hypothesis.of("the bare cell has a layer that the film replaces", "native_layer"),
    "contact": Hypothesis.of("the bare cell has a poorer contact", "contact"),
}
