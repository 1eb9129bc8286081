"""What depends on a flag's name alone: every flag has its row here.

A flag is kept in documents by its name; what it was raised about is not there any more. A new flag gets a
row (`tests/test_docs.py` asks for it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from eisfit.records import dataclass
from eisfit.verdict import Flag


@dataclass(frozen=True)
class Kind:
    """What a flag means for grades, films, joint fits and other results.

    Attributes
    ----------
    of_data
        It is about the data: where it forbids, the grade is D.
    no_circuit
        No circuit describes such data: as long as it is there, another circuit is no cure.
    of_parts
        It is about single parameters: a sum of theirs can be determined all the same.
    open_side
        It calls parameters open: a profile likelihood may add on which side.
    joint
        What a joint fit makes of the flag of the cycle's own fit: ``kept``; ``again``, found anew; ``told``,
        kept but no longer forbidding, for the joint fit can mend identifiability.
    spoils_film
        Of which arc it spoils the numbers of a film: ``none``, ``any``, or its ``own``.
    """

    of_data: bool = False
    no_circuit: bool = False
    of_parts: bool = False
    open_side: bool = False
    joint: Literal["kept", "again", "told"] = "kept"
    spoils_film: Literal["none", "any", "own"] = "none"


_PLAIN = Kind()

KINDS: Mapping[str, Kind] = {
    "not_converged": Kind(spoils_film="any"),
    "misfit": Kind(spoils_film="any"),
    "undetermined": Kind(of_parts=True, open_side=True, joint="again", spoils_film="own"),
    "at_bound": Kind(of_parts=True, open_side=True, joint="again", spoils_film="own"),
    "expression_held": _PLAIN,
    "other_optimum": Kind(of_parts=True, joint="told"),
    "error_structure": _PLAIN,
    "roles_decide": _PLAIN,
    "arcs_swapped": Kind(joint="again", spoils_film="own"),
    "arcs_overlap": Kind(of_parts=True, joint="told"),
    "arc_outside": Kind(of_parts=True, joint="told"),
    "correlated": Kind(of_parts=True, joint="again"),
    "kk_failed": Kind(of_data=True, no_circuit=True),
    "imaginary_sign": Kind(of_data=True),
    "not_validated": _PLAIN,
    "outlier": Kind(of_data=True, no_circuit=True),
    "thinned": _PLAIN,
    "sign_turned": _PLAIN,
    "points_dropped": _PLAIN,
    "no_ranking": _PLAIN,
    "circuit_chosen": _PLAIN,
    "digits_missed": _PLAIN,
    "one_of_many": _PLAIN,
    "negative_resistance": _PLAIN,
    "drawn_otherwise": _PLAIN,
    "closer_circuit": _PLAIN,
    "arcs_merged": Kind(of_parts=True, joint="again", spoils_film="own"),
    "jump": Kind(joint="again"),
    "strained": _PLAIN,
    "open_end": _PLAIN,
    "one_or_two": _PLAIN,
    "as_narrow_as_shown": _PLAIN,
    "interval_doubtful": _PLAIN,
    "no_interval": _PLAIN,
    "real_only": Kind(of_data=True),
    "absurd_point": Kind(of_data=True, no_circuit=True),
}


def get_kind(flag: Flag | str) -> Kind:
    """Return the kind of a flag, or of a flag's name; the default for a name that eisfit does not know.

    >>> get_kind("arcs_swapped").joint, get_kind("of another program") == Kind()
    ('again', True)
    """
    return KINDS.get(flag if isinstance(flag, str) else flag.name, _PLAIN)


def is_beyond_circuits(flags: Iterable[Flag]) -> bool:
    """Return whether flags say that no circuit can describe the data, so that another one does not help."""
    return any(get_kind(flag).no_circuit for flag in flags)
