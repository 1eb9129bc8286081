"""The order of the house: who may import whom, read from the source with ast; and a fast start."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import eisfit

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "eisfit"
sys.path.insert(0, str(ROOT / "docs"))

from _generate.rooms import statements  # noqa: E402

#: The rooms from the ground up. A room imports the rooms on lower floors and the ground, nothing else; rooms
#: that share a floor do not know each other.
FLOORS = (
    {"ground"},
    {"display"},
    {"spectra"},
    {"validation", "model"},
    {"engine"},
    {"fitting"},
    {"batch", "tracking"},
    {"coating"},
    {"cli"},
)
ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
GPL = {"galvani", "pyimpspec", "yadg", "deareis", "impedancefitter", "eclabfiles"}
LONG = {"engine/evaluation/compiled_loop.py"}  # numba's cache watches one file alone
MOST_LINES, MOST_FUNCTION, MOST_IN_ROOT = 400, 60, 11


def modules():
    """Return the source files by module name, e.g. ``readers.text``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path):
    """Return (full name, whether inside a function) of every import that is carried out."""
    return tuple(_imported(path))


def _imported(path):
    for node, lazy in statements(tree(path).body):
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                full = f"{module}.{alias.name}"
                if full == "eisfit.__version__":  # a constant of the door, there before anything else is
                    continue
                is_module = full.removeprefix("eisfit.") in MODULES and full.startswith("eisfit.")
                yield (full if is_module else module), lazy


@cache
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


def top(name):
    return name.partition(".")[0]


def room(name):
    return top(name) if top(name) in ROOMS else "ground"


def circle(graph):
    """Return what stands in or above a circle: strip whatever imports nothing left."""
    left = {name: set(targets) - {name} for name, targets in graph.items()}
    while ready := [name for name, targets in left.items() if not targets]:
        for name in ready:
            del left[name]
        for targets in left.values():
            targets.difference_update(ready)
    return left


def test_the_graph_is_read():
    assert "model.elements" in edges()["model.notation"]
    assert "display.report.html" in edges()["spectra.spectrum"]
    assert "fitting.result" in edges()["fitting.fit"]
    assert len(MODULES) > 40


def test_there_are_no_circles():
    assert circle(edges()) == {}


@pytest.mark.parametrize("place", sorted(ROOMS))
def test_rooms_import_only_downward(place):
    """Lazy imports count; the two doors (the lazy table and ``python -m eisfit``) are above all rooms."""
    for name, targets in edges().items():
        if room(name) == place and name not in ("__init__", "__main__"):
            for target in targets:
                down = ROOMS[room(target)] < ROOMS[place]
                assert down or room(target) == place, f"{name} imports {target}"
                assert target != "__init__", f"{name} imports the package's own door"


def parents(name):
    """Yield the packages around a module: ``tracking``, ``tracking.joint``."""
    parts = name.split(".")[:-1]
    yield from (".".join(parts[: k + 1]) for k in range(len(parts)))


@pytest.mark.parametrize("package", sorted({parent for name in MODULES for parent in parents(name)}))
def test_what_stands_in_a_room_has_an_order(package):
    """Files and alcoves of a room, an alcove counted as one, import each other without a circle."""

    def inside(name):
        return name.removeprefix(f"{package}.").partition(".")[0]

    graph = {}
    for name, targets in edges().items():
        if name.startswith(f"{package}."):
            own = {inside(target) for target in targets if target.startswith(f"{package}.")}
            graph.setdefault(inside(name), set()).update(own)
    assert circle(graph) == {}


def test_the_root_holds_few_files():
    assert len(list(PACKAGE.glob("*.py"))) <= MOST_IN_ROOT
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"} <= {
        *ROOMS,
        "_data",
    }


@pytest.mark.parametrize("place", sorted(set(ROOMS) - {"ground"}))
def test_every_room_says_what_it_is(place):
    text = ast.get_docstring(tree(PACKAGE / place / "__init__.py"))
    assert "In: " in text and "Out: " in text


def test_files_and_functions_stay_short():
    for name, path in MODULES.items():
        source = path.read_text(encoding="utf-8")
        long = path.relative_to(PACKAGE).as_posix() in LONG
        assert long or source.count("\n") <= MOST_LINES, f"{name}: {source.count(chr(10))} lines"
        for node, _ in statements(tree(path).body):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not long:
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert lines <= MOST_FUNCTION, f"{name}.{node.name}: {lines} lines"


def test_a_type_checker_knows_every_public_name():
    """`eisfit.identify` was of type Any: what is loaded on first use stands in the block for checkers too."""
    (block,) = [n for n in tree(PACKAGE / "__init__.py").body if isinstance(n, ast.If)]
    told = {alias.asname or alias.name for node in block.body for alias in node.names}
    assert told == {*eisfit.__all__, "plot"} - {"__version__"}


def test_names_are_listed_only_where_they_are_handed_on():
    listed = {n for n, path in MODULES.items() if "\n__all__ = " in path.read_text(encoding="utf-8")}
    assert {MODULES[name].name for name in listed} == {"__init__.py"}, f"an underscore says it: {listed}"


def test_every_function_and_class_is_used_by_the_package():
    """What nobody but a test calls goes; what is found by its name, as a command is, stands in quotation."""
    used = {"main", "prepare"}  # the program; the page's worker calls the other from JavaScript
    used |= {"zhit"}  # called as eisfit.validation.zhit.zhit, as the docstring of kramers_kronig says
    own = set()
    for path in MODULES.values():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name):
                used.add(node.id)
            elif isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
        own |= {node.name for node in tree(path).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert not {name for name in own - used if not name.startswith("__")}


def outside(name):
    """Return the modules that import `name` or a part of it, and whether always inside functions."""
    users = {}
    for module, path in MODULES.items():
        for full, lazy in imported(path):
            if full == name or full.startswith(f"{name}."):
                users[module] = users.get(module, True) and lazy
    return users


def test_lmfit_is_imported_lazily_where_it_finishes_a_fit():
    assert outside("lmfit") == {"fitting.fit": True}


def test_matplotlib_is_imported_under_plot_alone():
    for module, lazy in outside("matplotlib").items():
        assert module.startswith("display.plot"), module
        assert lazy, f"{module} imports matplotlib at its head"


@pytest.mark.parametrize("heavy", ["scipy.optimize", "pandas", "scipy.signal", "scipy.stats", "impedance"])
def test_heavy_packages_are_imported_where_they_are_used(heavy):
    assert all(outside(heavy).values()), outside(heavy)


@pytest.mark.parametrize("package", sorted(GPL))
def test_nothing_under_the_gpl(package):
    assert outside(package) == {}


def test_no_pickle():
    assert outside("pickle") == {}


def test_no_eval():
    for name, path in MODULES.items():
        if not re.search(r"\b(eval|exec)\b", path.read_text(encoding="utf-8")):
            continue
        calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        names = {function.id for function in calls if isinstance(function, ast.Name)}
        assert not {"eval", "exec"} & names, name


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
    for heavy in ("lmfit", "scipy.optimize", "matplotlib", "pandas", "impedance"):
        assert heavy not in names, f"{heavy} is imported"


def test_help_of_the_module_as_a_user_calls_it():
    done = run("-m", "eisfit", "--help")
    assert done.returncode == 0, done.stderr
    assert "fit" in done.stdout
    assert "Traceback" not in done.stderr
