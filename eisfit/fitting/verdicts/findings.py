"""Findings: each a flag and what it makes of the parameters it names; levels and verdicts that follow."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.verdict import FORBIDS, VERDICTS, Flag

_RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True)
class Finding:
    """A flag, and what it makes of some parameters.

    Attributes
    ----------
    flag
        Its level counts where `verdict` is empty.
    names, verdict
        The parameters that this is about, and their verdict; none where it is about no parameter.
    mild
        Whether it is only told, whichever parameters it is about.
    """

    flag: Flag
    names: tuple[str, ...] = ()
    verdict: str = ""
    mild: bool = False


def find_verdicts(circuit: Circuit, findings: Iterable[Finding]) -> dict[str, str]:
    """Return the verdict of every parameter; of several findings the worst counts.

    A parameter that an expression ties to others is judged with what follows from the parameters
    (`eisfit.fitting.derived`), not here.
    """
    found = {name: "determined" if p.free else "fixed" for name, p in circuit.parameters.items()}
    for finding in findings:
        for name in finding.names:
            free = circuit.parameters[name].free
            if free and finding.verdict and _RANK[finding.verdict] > _RANK[found[name]]:
                found[name] = finding.verdict
    return found


def set_levels(circuit: Circuit, findings: Sequence[Finding]) -> tuple[Flag, ...]:
    """Return the flags, each with its level, those that forbid first.

    A finding about parameters forbids where one of them matters (`_list_important`); else it tells.
    """
    important = _list_important(circuit, find_verdicts(circuit, (f for f in findings if not f.mild)))
    flags = []
    for finding in findings:
        grave = bool(finding.verdict) and not finding.mild and not important.isdisjoint(finding.names)
        flags.append(dataclasses.replace(finding.flag, level=FORBIDS) if grave else finding.flag)
    return tuple(sorted(dict.fromkeys(flags), key=lambda flag: not flag.forbids))


def _list_important(circuit: Circuit, verdicts: Mapping[str, str]) -> set[str]:
    """Return the parameters that must be determined for a fit to be of use.

    The charge-transfer resistances, where the circuit names one. Where it names none, one resistance beside
    the one in series is enough (any free parameter, where there is no resistance): only if not one is
    determined do they all matter.
    """
    free = {name: p for name, p in circuit.parameters.items() if p.free}
    named = {name for name, p in free.items() if p.role == "charge_transfer" and p.unit == "ohm"}
    if named:
        return named
    others = {name for name, p in free.items() if p.unit == "ohm" and p.role != "series"} or set(free)
    return set() if any(verdicts[name] == "determined" for name in others) else others
