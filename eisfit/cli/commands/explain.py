"""``eisfit explain``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.all_commands import say
from eisfit.cli.command import Argument, Option
from eisfit.cli.options import Json, Results
from eisfit.cli.output import Folder, format_frame, get_width, guard, print_json, print_text
from eisfit.errors import EisfitError, UsageError
from eisfit.files import read_text, write_atomic, write_json


@guard
def explain(
    study: Annotated[Path | None, Argument(help="A study.toml.")] = None,
    template: Annotated[bool, Option(help="Print a commented study file to start from.")] = False,
    fit_only: Annotated[bool, Option(help="Only fit all spectra: no hypotheses.")] = False,
    allow_outside: Annotated[bool, Option(help="Let the study open files outside its own folder.")] = False,
    json: Json = False,
    results: Results = Results(),
) -> None:
    """Explain the change of the charge-transfer resistance by a coating's measured transport properties.

    Example:  eisfit explain study.toml --output results
    """
    if template:
        from eisfit.coating.study import template as commented

        print_text(commented())
        return
    if study is None:
        raise UsageError("explain needs a study file; eisfit explain --template prints one to start from")
    if fit_only:
        _print_joint_fit(study, allow_outside)
        return
    from eisfit.coating.explain import explain as explained

    results.check()
    explanation = explained(study, allow_outside=allow_outside)
    if _is_template(study):
        say(f"eisfit: note: {study} is the template as it came: its numbers are of a published cell")
    results.write(lambda target: _write(explanation, target))
    if json:
        print_json(explanation.to_dict())
    else:
        from eisfit.display.report.table import wrap

        for line in str(explanation).splitlines():
            print_text("\n".join(wrap(line, width=get_width()) if len(line) > get_width() else [line]))


def _print_joint_fit(study: Path, allow_outside: bool) -> None:
    from eisfit.coating.explain import fit_jointly
    from eisfit.coating.study import load_study

    print_text(fit_jointly(load_study(study, allow_outside=allow_outside)))


def _is_template(study: Path) -> bool:
    """Return whether a study that could be read is still the one that ``--template`` printed."""
    from eisfit.coating.study import template

    return os.path.isfile(study) and read_text(study).strip() == template().strip()


def _write(explanation: Any, target: Folder) -> None:
    from eisfit.display import plot

    document = explanation.to_dict()
    write_json(target.path / "explain.json", document)
    write_atomic(target.path / "explain.html", explanation.to_html())
    write_atomic(target.path / "explain.md", explanation.to_markdown())
    write_atomic(target.path / "contributions.csv", format_frame(explanation.to_frame()))
    try:
        ax = plot.contributions(document, ax=plot.new_axes())
    except EisfitError as error:
        say(f"eisfit: note: no figure: {error}")
        return
    target.save(ax, "contributions", "explain", document)
