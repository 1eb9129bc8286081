"""``eisfit doctor``: whether everything that eisfit needs is installed, and how to install what is not."""

from __future__ import annotations

import os
import platform
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from eisfit import __version__
from eisfit.cli.options import Json
from eisfit.cli.output import get_width, guard, print_json, print_text
from eisfit.errors import EisfitError
from eisfit.files import OTHER_CURE, describe_other_package
from eisfit.records import DOCTOR_SCHEMA, dataclass

_DISTRIBUTION = "eisfit-toolkit"
#: What eisfit cannot do without: distribution -> module, lowest version.
_NEEDED = {
    "numpy": ("numpy", "1.24"),
    "scipy": ("scipy", "1.11.1"),
    "lmfit": ("lmfit", "1.3.4"),
    "matplotlib": ("matplotlib", "3.8"),
    "pandas": ("pandas", "2.0"),
    "impedance": ("impedance", "1.7.1"),
    "click": ("click", "8.2"),
    "rich": ("rich", "13"),
    "schemdraw": ("schemdraw", "0.21"),
}
#: What brings more: distribution -> what for.
_OPTIONAL = {
    "distributed": "batches on a cluster (--dask)",
    "numba": "a compiled solver",
    "pyarrow": "Parquet files (--export results.parquet)",
    "h5py": "spectra in HDF5 and MATLAB 7.3 files",
    "watchdog": "watching a folder",
    "xarray": "series as xarray data sets",
    "openpyxl": "tables to Excel's .xlsx files",
    "xlrd": "spectra in old Excel files (.xls)",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    area
        ``program``, ``packages``, ``optional``, ``folders``, ``circuits`` or ``examples``.
    name, value
        What it is, and what was found.
    status
        ``ok``, ``absent`` (eisfit works without) or ``wrong``.
    cure
        What to do, where it is not ok.
    """

    area: str
    name: str
    value: str
    status: Literal["ok", "absent", "wrong"] = "ok"
    cure: str = ""


@guard
def doctor(json: Json = False) -> int:
    """Say whether this installation is whole: versions, optional parts, folders, circuits, examples.

    Example:  eisfit doctor
    """
    found = list(_iterate_findings())
    ok = not any(finding.status == "wrong" for finding in found)
    if json:
        print_json({"schema": DOCTOR_SCHEMA, "ok": ok, "checks": [asdict(finding) for finding in found]})
    else:
        print_text("\n".join(_list_lines(found, get_width())))
    return int(not ok)


def _list_lines(found: list[Finding], columns: int) -> Iterator[str]:
    from eisfit.display.report.table import wrap
    from eisfit.display.report.words import count

    marks = {"ok": "ok    ", "absent": "absent", "wrong": "WRONG "}
    for area in dict.fromkeys(finding.area for finding in found):
        yield f"{area}:"
        for finding in (one for one in found if one.area == area):
            cure = f"; {finding.cure}" if finding.cure else ""
            text = f"{marks[finding.status]}  {finding.name}: {finding.value}{cure}"
            yield from wrap(text, width=columns, indent="  ")
    wrong = sum(finding.status == "wrong" for finding in found)
    yield "all is well" if not wrong else f"{count(wrong, 'thing')} to mend"


def _iterate_findings() -> Iterator[Finding]:
    yield from _check_program()
    yield from (_check_package(name, *about) for name, about in _NEEDED.items())
    yield from (_check_optional(name, use) for name, use in _OPTIONAL.items())
    yield from _check_folders()
    yield from _check_circuits()
    yield _check_examples()


def _check_program() -> Iterator[Finding]:
    home = Path(__file__).resolve().parents[2]
    yield Finding("program", "eisfit", f"{__version__} in {home}")
    if (other := describe_other_package(home.parent)) is not None:
        yield Finding("program", "name", other.partition(": ")[0], "wrong", OTHER_CURE)
    yield Finding("program", "Python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("program", "system", platform.platform())
    encoding = sys.stdout.encoding or "unknown"
    try:
        "±─".encode(encoding)
        yield Finding("program", "letters", encoding)
    except (UnicodeEncodeError, LookupError):
        cure = "some signs are shown as '?': set PYTHONIOENCODING=utf-8"
        yield Finding("program", "letters", encoding, "absent", cure)


def _check_package(name: str, module: str, least: str) -> Finding:
    install = f"{_name_python()} -m pip install '{name}>={least}'"
    version, trouble = _try_import(name, module)
    if trouble:
        return Finding("packages", name, trouble, "wrong", install)
    if _parse_version(version) < _parse_version(least):
        return Finding("packages", name, f"{version} is older than {least}", "wrong", install)
    return Finding("packages", name, version)


def _check_optional(name: str, use: str) -> Finding:
    version, trouble = _try_import(name, name)
    if trouble == _ABSENT:
        return Finding("optional", name, f"for {use}", "absent", f"{_name_python()} -m pip install {name}")
    if trouble:
        cure = f"{_name_python()} -m pip install --force-reinstall {name}"
        return Finding("optional", name, trouble, "wrong", cure)
    return Finding("optional", name, f"{version}, for {use}")


_ABSENT = "is not installed"


def _try_import(name: str, module: str) -> tuple[str, str]:
    """Return the version of a package, and what is wrong with it; a broken one has a version too."""
    from importlib import import_module
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version(name)
    except PackageNotFoundError:
        return "", _ABSENT
    try:
        import_module(module)
    except Exception as error:  # whatever a broken package throws
        return found, f"{found} cannot be imported: {type(error).__name__}: {error}"
    return found, ""


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("+")[0])[:3])


def _name_python() -> str:
    """Return this Python as it is called in a shell: another one's pip would install elsewhere."""
    return shlex.quote(sys.executable) if os.name != "nt" else f'"{sys.executable}"'


def _check_folders() -> Iterator[Finding]:
    from eisfit.model.files.catalogue import find_user_folder

    elsewhere = "go to a folder of yours, or give --output one"
    yield _try_folder("current folder", Path(), elsewhere, "wrong")
    own = find_user_folder()
    if own is None:
        yield Finding("folders", "own circuits", "there is no home folder", "absent", "set HOME")
    else:
        yield _try_folder("own circuits", own, "put them into the circuits/ of a project", "absent")
    import tempfile

    yield _try_folder("temporary files", Path(tempfile.gettempdir()), "set TMPDIR to another folder", "wrong")


def _try_folder(name: str, folder: Path, cure: str, status: Literal["absent", "wrong"]) -> Finding:
    """Try a file in the folder, or in the one above it that exists."""
    import tempfile  # --help names this command too

    try:
        shown = folder.absolute()
        place = next(one for one in (shown, *shown.parents) if os.path.exists(one))
        with tempfile.TemporaryFile(dir=place):
            return Finding("folders", name, f"{shown} can be written")
    except OSError as error:
        return Finding("folders", name, f"{folder} cannot be written ({error.strerror})", status, cure)


def _check_circuits() -> Iterator[Finding]:
    from eisfit.model.files.catalogue import find_misnamed_files, list_entries

    good: dict[str, list[str]] = {"eisfit": [], "user": [], "project": []}
    for name, entry in list_entries().items():
        trouble = _describe_problems(entry.path)
        if trouble:
            cure = (
                f"eisfit circuits {entry.path} --check"
                if entry.origin in ("project", "user")
                else _describe_reinstall()
            )
            yield Finding("circuits", name, trouble, "wrong", cure)
        else:
            instead = " (instead of eisfit's)" if entry.shadows else ""
            good[entry.origin].append(f"{name}{instead}")
    for path in find_misnamed_files():
        yield Finding(
            "circuits", path.name, "no name leads to it", "wrong", "use small letters, digits and '-'"
        )
    for origin, names in good.items():
        whose = {
            "eisfit": "of eisfit",
            "user": "your own",
            "project": "of this project",
            "package": "of other packages",
        }[origin]
        if names:
            yield Finding("circuits", whose, str(len(names)) if origin == "eisfit" else ", ".join(names))


def _describe_problems(path: Path) -> str:
    from eisfit.model.files.check import check_circuit

    found = check_circuit(path)
    problems = [found.error or "", *(test.problem for test in found.tests)]
    return "; ".join(problem for problem in problems if problem)


def _check_examples() -> Finding:
    from eisfit.files import data_folder

    try:
        folder = data_folder("example_spectra")
    except EisfitError as error:
        return Finding("examples", "spectra", str(error), "wrong", _describe_reinstall())
    count = sum(1 for _ in folder.rglob("*.csv"))
    return Finding("examples", "spectra", f"{count} tables in {folder}")


def _describe_reinstall() -> str:
    return f"{_name_python()} -m pip install --force-reinstall --no-deps {_DISTRIBUTION}"
