"""A circuit checked before it is used: its form, reference values, parameters that no data can determine."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError
from eisfit.model.circuit import Circuit
from eisfit.model.elements.base import UNITS
from eisfit.model.files.catalogue import NAME, find_entry
from eisfit.model.files.library import circuit as read_circuit
from eisfit.model.files.library import list_reference_tests, load_circuit
from eisfit.model.files.template import TITLE
from eisfit.model.notation import Component, Line, Node, Parallel, Series, components, lines
from eisfit.records import dataclass

_TOLERANCE = 1e-6  # relative, of reference values
_DEGENERATE = 1e-9  # smallest singular value of unit columns: rounding alone gives about 1e-14
_INVOLVED = 0.1  # component of the null vector
_MERGING = ("R", "C", "L", "W")  # two of them beside each other are one


@dataclass(frozen=True)
class ReferenceOutcome:
    """What became of one ``[[tests]]`` table.

    Attributes
    ----------
    source
        As the file says.
    deviation
        Largest deviation of the impedance from the reference, a fraction; None where it has none.
    problem
        What is wrong, or an empty string.
    """

    source: str
    deviation: float | None
    problem: str = ""


@dataclass(frozen=True)
class CircuitCheck:
    """What `check_circuit` found.

    Attributes
    ----------
    source
        What was examined.
    circuit
        The circuit, or None where it cannot be read.
    error
        Why it cannot be read, or None.
    tests
        One outcome for each reference table.
    remarks
        What is no error, one sentence each.
    """

    source: str
    circuit: Circuit | None
    error: str | None = None
    tests: tuple[ReferenceOutcome, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True where the circuit can be read and reproduces every reference value that there is."""
        return self.error is None and not any(test.problem for test in self.tests)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as they stand in ``eisfit circuits --check --json``."""
        return {
            "source": self.source,
            "ok": self.ok,
            "error": self.error,
            "string": None if self.circuit is None else self.circuit.string,
            "parameters": [] if self.circuit is None else list(self.circuit.names),
            "tests": [dataclasses.asdict(test) for test in self.tests],
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        if self.circuit is None:
            error = str(self.error)
            return f"{'' if error.startswith(self.source) else f'{self.source}: '}{error}"
        good = [test.deviation for test in self.tests if test.deviation is not None and not test.problem]
        lines = [f"{self.source}: {'ok' if self.ok else 'NOT OK'}: {self.circuit.string}"]
        lines += [f"  {len(good)} reference tests reproduced, to {max(good):.0e}"] if good else []
        lines += [f"  FAILED: {test.problem}" for test in self.tests if test.problem]
        return "\n".join([*lines, *(f"  remark: {remark}" for remark in self.remarks)])


def check_circuit(source: str | os.PathLike[str]) -> CircuitCheck:
    """Examine a circuit: can it be read, are its references reproduced, can data tell its parameters apart.

    Parameters
    ----------
    source
        A circuit file, or anything else that `eisfit.circuit` takes.

    Examples
    --------
    >>> print(check_circuit("R_s-R_x-C1"))
    R_s-R_x-C1: ok: R_s-R_x-C1
      remark: R_s and R_x stand in series: no spectrum tells them apart; keep one
    """
    text = os.fspath(source)
    path = _find_file(text)
    try:
        circuit = read_circuit(text) if path is None else load_circuit(path)
    except EisfitError as error:
        return CircuitCheck(text, None, str(error))
    tests = () if path is None else tuple(_run_reference_tests(circuit, path))
    remarks = [
        *(() if path is None else _remark_on_file(path, circuit, tests)),
        *_remark_on_expressions(circuit),
    ]
    return CircuitCheck(text, circuit, None, tests, (*remarks, *_remark_on_identity(circuit)))


def _find_file(text: str) -> Path | None:
    if text.endswith(".toml"):
        return Path(text) if os.path.isfile(text) else None
    entry = find_entry(text)
    return None if entry is None else entry.path


def _run_reference_tests(circuit: Circuit, path: Path) -> Iterator[ReferenceOutcome]:
    for number, (source, values, frequency, reference) in enumerate(list_reference_tests(path), 1):
        place = f"test {number} ({source})"
        try:
            z = circuit.impedance(frequency, values)
        except EisfitError as error:
            yield ReferenceOutcome(source, None, f"{place}: {error}")
            continue
        deviations = np.abs(z - reference) / np.abs(reference)
        k = int(np.argmax(deviations))
        said = f"{place}: {z[k]:.6g} ohm at {frequency[k]:g} Hz, where the file has {reference[k]:.6g}"
        yield ReferenceOutcome(source, float(deviations[k]), "" if deviations[k] <= _TOLERANCE else said)


def _remark_on_file(path: Path, circuit: Circuit, tests: Sequence[ReferenceOutcome]) -> Iterator[str]:
    if circuit.title == TITLE:
        yield "title and references are still the template's"
    if not tests:
        yield "no [[tests]]: give impedances computed by another program, so that a slip in the string shows"
    for test in tests:
        if "eisfit" in test.source.lower():
            yield f"test {test.source!r}: values from eisfit itself prove nothing; take another program's"
    if not NAME.fullmatch(path.stem):
        yield f"{path.stem!r} cannot be asked for by name: use small letters and digits parted by '-'"
    elif (entry := find_entry(path.stem)) is not None and entry.shadows and entry.path.samefile(path):
        yield f"it replaces the circuit {path.stem} that comes with eisfit"


def _remark_on_expressions(circuit: Circuit) -> Iterator[str]:
    """Yield a remark for each expression whose unit is not its parameter's."""
    rng = np.random.default_rng(1)
    values = {name: float(rng.uniform(0.3, 0.9)) for name in circuit.names}
    for name, expression in circuit.expressions.items():
        involved = [name, *expression.names]
        if any(circuit.parameters[other].unit not in UNITS for other in involved):
            continue
        factors = {other: _compute_scale_factor(circuit, other, values) for other in involved}
        scaled = values | {other: values[other] * factors[other] for other in expression.names}
        before, after = expression.evaluate(values)[0], expression.evaluate(scaled)[0]
        if not np.isclose(after, before * factors[name], rtol=1e-9):
            unit = circuit.parameters[name].unit or "a bare number"
            yield f"{name} = {expression.text}: is not in {unit}, unless a number in it has a unit of its own"


def _compute_scale_factor(circuit: Circuit, name: str, values: dict[str, float]) -> float:
    """Return the factor of a parameter where the ohm becomes 1/2 and the second 1/3 of itself."""
    parameter = circuit.parameters[name]
    ohms, seconds, _ = UNITS[parameter.unit]
    power = values[f"{parameter.component}_alpha"] if isinstance(seconds, str) else seconds
    return float(2.0**ohms * 3.0**power)


def _remark_on_identity(circuit: Circuit) -> Iterator[str]:
    """Yield a remark on parts that no spectrum, or only the order of the time constants, can tell apart."""
    said = [*_find_mergeable(circuit.tree)]
    yield from said
    undetermined = [] if said else _find_undetermined(circuit)
    if undetermined:
        told = f"no spectrum tells {_join_names(undetermined)} apart"
        yield f"{told}: fix one of them, or leave its component out"
    yield from _find_exchangeable(circuit.tree)


def _list_children(node: Node) -> tuple[Node, ...]:
    """Return the children, a parallel connection within a parallel one opened."""
    if isinstance(node, Component):
        return ()
    opened: list[Node] = []
    for child in node.children:
        same = type(child) is type(node) and not isinstance(node, Line)
        opened.extend(_list_children(child) if same else (child,))
    return tuple(opened)


def _iterate_connections(node: Node) -> Iterator[Series | Parallel]:
    if not isinstance(node, Component):
        if not isinstance(node, Line):  # its parts stand neither in series nor side by side
            yield node
        for child in _list_children(node):
            yield from _iterate_connections(child)


def _find_mergeable(tree: Node) -> Iterator[str]:
    for node in _iterate_connections(tree):
        how = "series" if isinstance(node, Series) else "parallel"
        alone = [child for child in _list_children(node) if isinstance(child, Component)]
        for symbol in _MERGING:
            alike = [child.name for child in alone if child.symbol == symbol]
            if len(alike) > 1:
                yield f"{_join_names(alike)} stand in {how}: no spectrum tells them apart; keep one"
        both = [child.name for child in alone if child.symbol == "CPE"]
        if len(both) > 1:
            yield f"{_join_names(both)} stand in {how}: only their exponents tell them apart; keep one"


def _find_exchangeable(tree: Node) -> Iterator[str]:
    for line in lines(tree):
        first, second = line.rails
        if (
            first is not None
            and second is not None
            and _describe_shape(first) == _describe_shape(second)
            and not any(line.faces)
        ):
            yield f"{first} and {second} are alike: no spectrum says which rail is which"
    for node in _iterate_connections(tree):
        shapes: dict[str, list[str]] = {}
        for child in _list_children(node):
            shapes.setdefault(_describe_shape(child), []).append(str(child))
        cure = "; the faster gets the earlier role or place" if isinstance(node, Series) else ""
        for shape, alike in shapes.items():
            if len(alike) > 1 and shape not in (*_MERGING, "CPE"):
                yield f"{_join_names(alike)} are alike: no spectrum says which is which{cure}"


def _describe_shape(node: Node) -> str:
    """Return the node without its names; the order of what stands beside each other does not count."""
    if isinstance(node, Component):
        return node.symbol
    return f"{type(node).__name__}({','.join(sorted(map(_describe_shape, _list_children(node))))})"


def _find_undetermined(circuit: Circuit) -> list[str]:
    """Return the free parameters that can change together without any change of the impedance."""
    names = list(circuit.free_names)
    if len(names) < 2:
        return []
    left = set(names)
    rng = np.random.default_rng(0)
    for _ in range(3):  # at a single point, rounding or chance may look like it
        columns = _compute_derivatives(circuit, names, rng)
        _, sizes, rows = np.linalg.svd(columns, full_matrices=False)
        if not sizes[-1] <= _DEGENERATE:
            return []
        null = np.abs(rows[sizes <= _DEGENERATE]).max(axis=0)
        left &= {name for name, share in zip(names, null, strict=True) if share > _INVOLVED}
    return [name for name in names if name in left]


def _compute_derivatives(circuit: Circuit, names: Sequence[str], rng: np.random.Generator) -> FloatArray:
    """Return the logarithmic derivatives of the impedance by the free parameters (2 F, V), of unit length."""
    rows = [row for component in components(circuit.tree) for row in component.element.parameters]
    typical = dict(zip(circuit.names, (row.typical for row in rows), strict=True))
    spread = {
        n: v * (rng.uniform(0.2, 5) if v > 1 or v < 0.2 else rng.uniform(0.8, 1)) for n, v in typical.items()
    }
    fixed = {n: p.value for n, p in circuit.parameters.items() if not p.vary and p.value is not None}
    values = {**spread, **fixed}
    chain = {name: np.eye(len(names))[k] * values[name] for k, name in enumerate(names)}
    for name, expression in circuit.expressions.items():
        values[name], slopes = expression.evaluate(values)
        chain[name] = sum((s * chain[n] for n, s in slopes.items() if n in chain), np.zeros(len(names)))
    z, dz = circuit.impedance(np.geomspace(1e-4, 1e7, 60), values, derivative=True)
    by_free = sum(dz[:, [k]] * chain[n][np.newaxis] for k, n in enumerate(circuit.names) if n in chain)
    relative = np.asarray(by_free) / z[:, np.newaxis]
    stacked = np.concatenate([relative.real, relative.imag])
    return np.asarray(stacked / np.maximum(np.linalg.norm(stacked, axis=0), 1e-300))


def _join_names(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]])
