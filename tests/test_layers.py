"""The order of the house: who may import whom, read from the source with ast; and a fast start."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "eisfit"

#: In each room the modules stand in order (a package counts as one): each imports only those before it,
#: the ground and, for one-line calls, the faces. A new module of these rooms is placed here.
HOUSE = {
    "ground": ["_version", "errors", "verdict", "files", "schema", "units", "rounding", "progress"],
    "faces": ["plot", "drawing", "report", "labelled", "pages"],
    "data wing": [
        *("spectrum", "masks", "noise", "linear_kk", "zhit", "validity", "kramers_kronig", "selection"),
        *("relaxation", "drt", "readers", "spectrum_files", "series"),
    ],
    "model wing": [
        *("elements", "notation", "expressions", "from_lmfit", "circuit_parameters", "circuit"),
        *("impedance_py", "circuit_file", "catalogue", "library", "circuit_template", "circuit_check"),
    ],
    "physics wing": ["film", "electrode"],
}
#: The wings do not know each other.
WINGS = ("data wing", "model wing", "physics wing")
GPL = {"galvani", "pyimpspec", "yadg", "deareis", "impedancefitter", "eclabfiles"}
DOOR = {"cli", "__main__", "__init__"}
STORY = {
    *("study", "explain", "track", "cells", "cycling", "attribution", "hypotheses", "predictions"),
    *("sensitivity", "verdicts", "film_arc", "film_checks", "explanation_figures"),
}


def modules():
    """Return the source files by module name, e.g. ``readers.text``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()


def is_type_checking(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(node):
    """Yield every node of a tree but what stands under ``if TYPE_CHECKING``."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            for other in child.orelse:
                yield from statements(other)
            continue
        yield child
        yield from statements(child)


@cache
def imported(path):
    """Return (full name, whether inside a function) of every import that is carried out."""
    return tuple(_imported(path))


def _imported(path):
    """Yield (full name, whether inside a function) of every import that is carried out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    lazy = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
    }
    for node in statements(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                is_module = full.removeprefix("eisfit.") in MODULES and full.startswith("eisfit.")
                yield (full if is_module else module), id(node) in lazy


def edges():
    """Return module -> eisfit modules that it imports (lazily too); the door's lazy table is not read."""
    graph = {name: set() for name in MODULES}
    for name, path in MODULES.items():
        for full, _ in imported(path):
            if full == "eisfit" or full.startswith("eisfit."):
                target = full.removeprefix("eisfit").lstrip(".") or "__init__"
                while target not in MODULES:
                    target = target.rpartition(".")[0]
                graph[name].add(target)
    return graph


GRAPH = edges()


def top(name):
    return name.partition(".")[0]


def room(name):
    return next((place for place, members in HOUSE.items() if top(name) in members), None)


def test_the_graph_is_read():
    assert "elements" in GRAPH["notation"]
    assert "report" in GRAPH["spectrum"]
    assert "result" in GRAPH["fit"]
    assert len(MODULES) > 40


def test_there_are_no_circles():
    """Strip modules that import nothing left; whatever remains stands in a circle."""
    left = {name: set(targets) - {name} for name, targets in GRAPH.items()}
    while ready := [name for name, targets in left.items() if not targets]:
        for name in ready:
            del left[name]
        for targets in left.values():
            targets.difference_update(ready)
    assert not left, f"in or above a circle: {left}"


@pytest.mark.parametrize("place", HOUSE)
def test_rooms_import_only_downward(place):
    allowed = {"ground", place}
    if place == "ground":
        allowed = {"ground"}
    elif place in WINGS:
        allowed |= {"faces"}  # one-line calls down, for plot() and _repr_html_
    for name, targets in GRAPH.items():
        if room(name) == place:
            for target in targets:
                assert room(target) in allowed, f"{name} imports {target}"


@pytest.mark.parametrize("place", HOUSE)
def test_within_a_room_the_order_is_kept(place):
    order = HOUSE[place]
    for name, targets in GRAPH.items():
        if room(name) == place:
            for target in targets:
                if room(target) == place and top(target) != top(name):
                    assert order.index(top(target)) < order.index(top(name)), f"{name} imports {target}"


def test_the_ground_stands_on_nothing():
    assert GRAPH["errors"] == set()
    for name in HOUSE["ground"]:
        assert GRAPH[name] <= set(HOUSE["ground"])


def test_every_room_is_furnished():
    """A name in the table that is gone from the house is an error, too."""
    names = {top(name) for name in MODULES}
    for place, members in HOUSE.items():
        assert set(members) <= names, f"{place}: {set(members) - names}"


def test_actions_know_nothing_of_the_story_and_the_story_nothing_of_the_door():
    for name, targets in GRAPH.items():
        if top(name) in DOOR:
            continue
        assert not {top(t) for t in targets} & DOOR, f"{name} imports the door"
        if top(name) not in STORY:
            assert not {top(t) for t in targets} & STORY, f"{name} imports the story"


def outside(name):
    """Return the modules that import `name` or a part of it, and whether always inside functions."""
    users = {}
    for module, path in MODULES.items():
        for full, lazy in imported(path):
            if full == name or full.startswith(f"{name}."):
                users[module] = users.get(module, True) and lazy
    return users


def test_lmfit_is_imported_in_fit_alone_and_lazily():
    assert outside("lmfit") == {"fit": True}


def test_matplotlib_is_imported_under_plot_alone():
    for module, lazy in outside("matplotlib").items():
        assert top(module) == "plot", module
        assert lazy, f"{module} imports matplotlib at its head"


@pytest.mark.parametrize(
    "heavy", ["scipy.optimize", "pandas", "pint", "scipy.signal", "scipy.stats", "impedance"]
)
def test_heavy_packages_are_imported_where_they_are_used(heavy):
    assert all(outside(heavy).values()), outside(heavy)


@pytest.mark.parametrize("package", sorted(GPL))
def test_nothing_under_the_gpl(package):
    assert outside(package) == {}


def test_no_pickle():
    assert outside("pickle") == {}


def test_no_eval():
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [
            n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        ]
        assert not {"eval", "exec"} & set(calls), name


def run(*arguments):
    """Run Python on the repository and return the finished process."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=PACKAGE.parent,
        check=False,
        timeout=60,
    )


def loaded(code):
    """Return the names in sys.modules after running code in a fresh interpreter."""
    head, tail = (
        "import json, sys\nsys.argv = ['eisfit', '--help']\n",
        "\nprint('MODULES', json.dumps([*sys.modules]))",
    )
    done = run("-c", head + code + tail)
    line = next((row for row in done.stdout.splitlines() if row.startswith("MODULES ")), None)
    assert line, done.stdout + done.stderr
    return set(json.loads(line.removeprefix("MODULES ")))


HELP = """
from eisfit.__main__ import main
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""


@pytest.mark.parametrize(
    "code",
    ["import eisfit", HELP, "import eisfit; eisfit.Spectrum; eisfit.circuit('rs-sei-ct-w')"],
    ids=["import", "help", "circuit"],
)
def test_start_up_imports_nothing_heavy(code):
    names = loaded(code)
    assert "eisfit" in names
    for heavy in ("lmfit", "scipy.optimize", "matplotlib", "pandas", "impedance", "pint"):
        assert heavy not in names, f"{heavy} is imported"


def test_help_of_the_module_as_a_user_calls_it():
    done = run("-m", "eisfit", "--help")
    assert done.returncode == 0, done.stderr
    assert "fit" in done.stdout
    assert "Traceback" not in done.stderr
