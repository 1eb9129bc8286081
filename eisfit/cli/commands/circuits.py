"""``eisfit circuits``: list, show, draw, examine and begin circuits."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.all_commands import say
from eisfit.cli.command import Argument, Option, echo
from eisfit.cli.completion import find_circuits
from eisfit.cli.options import Export, Json
from eisfit.cli.output import get_width, guard, make_folder, print_json, print_text
from eisfit.errors import EisfitError, UsageError
from eisfit.files import write_atomic
from eisfit.records import CIRCUIT_CHECK_SCHEMA, CIRCUITS_SCHEMA

_FIRST = "R_s-p(R_ct,CPE_ct)"  # of a circuit begun without a string


@guard
def circuits(
    names: Annotated[
        list[str] | None,
        Argument(
            help="Names, strings or .toml files; all that are found by default.", autocompletion=find_circuits
        ),
    ] = None,
    draw: Annotated[bool, Option(help="Draw them: as text, or into the file of -o.")] = False,
    check: Annotated[
        bool, Option(help="Examine them: form, reference values, what data cannot tell.")
    ] = False,
    new: Annotated[
        str | None,
        Option(metavar="NAME", help="Begin a circuit of your own: circuits/NAME.toml."),
    ] = None,
    export: Export = None,
    json: Json = False,
    output: Annotated[
        Path | None,
        Option("--output", "-o", metavar="FILE", help="With --draw: an .svg, .png or .pdf file."),
    ] = None,
) -> int:
    """List the circuits with their parameters, draw them, or examine your own.

    Your own are found in circuits/ of the project and in your configuration (eisfit doctor says where).

    Example:  eisfit circuits rs-sei-ct-w --draw -o circuit.svg
    """
    _check_options(draw or output is not None, check, new, export)
    if export is not None:
        return _export(names, export)
    if new is not None:
        return _write_new(new, names or [_FIRST])
    if check:
        return _examine(names, json)
    if draw or output is not None:
        return _draw(names, output)
    return _list(names, json)


def _export(names: list[str] | None, form: str) -> int:
    from eisfit.fitting.interop import export

    if not names:
        raise UsageError("--export needs a circuit: eisfit circuits NAME --export circuitikz")
    print_text("\n".join(export(name, form) for name in names))
    return 0


def _check_options(draw: bool, check: bool, new: str | None, export: str | None) -> None:
    options = (("--draw", draw), ("--check", check), ("--new", new), ("--export", export))
    asked = [name for name, is_asked in options if is_asked]
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(asked)} exclude each other")


def _list(names: list[str] | None, json: bool) -> int:
    from eisfit.display.report.circuits import circuits_text

    documents, failures = _make_documents(names)
    if json:
        print_json({"schema": CIRCUITS_SCHEMA, "circuits": documents, "failures": failures})
    else:
        if len(documents) == 1:
            print_text(_draw_string(documents[0]["string"]))
            print_text("")
        titled = [{**document, "name": _name_with_origin(document)} for document in documents]
        print_text(circuits_text(titled, width=get_width()) if titled or not failures else "")
        for failure in failures:
            echo(f"eisfit: {failure['error']}", err=True)
    return int(bool(failures))


def _make_documents(names: list[str] | None) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the circuits asked for; of all that lie about, those that cannot be read besides."""
    from eisfit.model.files.catalogue import find_misnamed_files, list_entries
    from eisfit.model.files.library import circuit

    if names:
        return [_make_document(circuit(name), name) for name in names], []
    found, failures = [], []
    for name, entry in list_entries().items():
        try:
            found.append(_make_document(circuit(entry.path), name))
        except EisfitError as error:
            failures.append({"name": name, "file": os.fspath(entry.path), "error": str(error)})
    for path in find_misnamed_files():
        said = f"{path}: cannot be asked for by name: use small letters and digits parted by '-'"
        failures.append({"name": path.stem, "file": os.fspath(path), "error": said})
    return found, failures


def _make_document(circuit: Any, asked: str) -> dict[str, Any]:
    from eisfit.model.files.catalogue import find_entry

    entry = find_entry(asked)
    rows = [
        {"name": name, "unit": circuit.parameters[name].unit, **row}
        for name, row in circuit.to_dict()["parameters"].items()
    ]
    whence = (
        {"origin": "file" if asked.endswith(".toml") else "string", "file": None, "shadows": False}
        if entry is None
        else {"origin": entry.origin, "file": os.fspath(entry.path), "shadows": entry.shadows}
    )
    return {**circuit.to_dict(), "parameters": rows, "references": list(circuit.references), **whence}


def _name_with_origin(document: dict[str, Any]) -> str:
    """Return the name, and where one of the user's own comes from."""
    if document["origin"] not in ("project", "user"):
        return str(document["name"])
    instead = ", instead of eisfit's" if document["shadows"] else ""
    return f"{document['name']} ({_shorten_path(document['file'])}{instead})"


def _shorten_path(path: str) -> str:
    """Return a path as seen from here, where it lies below."""
    try:
        return os.fspath(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path


def _draw_string(string: str) -> str:
    from eisfit.model import drawing

    letters = "─│┬├└┤┘"
    try:
        letters.encode(sys.stdout.encoding or "ascii")
        plain = False
    except UnicodeEncodeError:
        plain = True
    return drawing.draw_text(string, width=get_width(), plain=plain)


def _draw(names: list[str] | None, output: Path | None) -> int:
    from eisfit.model.files.library import circuit

    if not names:
        raise UsageError("--draw needs the name of a circuit, a string or a .toml file")
    if output is not None and len(names) > 1:
        raise UsageError(f"--output {output}: takes one circuit, not {len(names)}")
    found = [circuit(name) for name in names]
    if output is not None:
        found[0].draw().save(output)
        return 0
    for one in found:
        print_text(f"{one.name}\n{_draw_string(one.string)}" if len(found) > 1 else _draw_string(one.string))
    return 0


def _examine(names: list[str] | None, json: bool) -> int:
    from eisfit.model.files.catalogue import list_entries
    from eisfit.model.files.check import check_circuit

    own = [os.fspath(entry.path) for entry in list_entries().values() if entry.origin in ("project", "user")]
    if not (names or own):
        raise UsageError("--check needs a circuit file; eisfit circuits --new NAME begins one")
    found = [check_circuit(name) for name in names or own]
    if json:
        print_json({"schema": CIRCUIT_CHECK_SCHEMA, "results": [one.to_dict() for one in found]})
    else:
        for one in found:
            print_text(str(one))
    return int(not all(one.ok for one in found))


def _write_new(name: str, strings: list[str]) -> int:
    from eisfit.model.files.catalogue import NAME
    from eisfit.model.files.library import circuit
    from eisfit.model.files.template import circuit_template

    if not NAME.fullmatch(name):
        raise UsageError(f"--new {name!r}: a circuit's name has small letters and digits parted by '-'")
    if len(strings) > 1:
        raise UsageError(f"--new {name}: begins with one circuit, not {len(strings)}")
    target = Path("circuits") / f"{name}.toml"
    text = circuit_template(circuit(strings[0]).string, file=target.as_posix(), use=name)
    if os.path.exists(target):
        raise UsageError(f"--new {name}: {target} is there already; remove it, or take another name")
    write_atomic(make_folder(target.parent, "--new") / target.name, text)
    say(f"eisfit: {target} is begun: complete it, and examine it with  eisfit circuits {target} --check")
    return 0
