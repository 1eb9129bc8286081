"""``eisfit batch --watch``: files are fitted as an instrument writes them, until Ctrl-C."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.batch.audit import Audit
from eisfit.cli.all_commands import say
from eisfit.cli.output import print_json, print_text
from eisfit.records import BATCH_SCHEMA, dataclass

if TYPE_CHECKING:
    from eisfit.batch.store import Store
    from eisfit.model.circuit import Circuit

_MAX_FILES = 5000  # files read before they are fitted
_PATIENCE = 5.0  # s between two looks whether the folders are there
_MANY_FILES = 256  # spectra at once, from which on workers are worth their start


def watch_folders(
    sources: list[str],
    circuit: Circuit,
    store: Path,
    settle: float,
    json: bool,
    reading: dict[str, Any],
    options: dict[str, Any],
) -> int:
    """Fit what is in the folders and whatever comes, until Ctrl-C; return the exit code."""
    from eisfit.batch.store import Store
    from eisfit.batch.watch import Watcher

    folders = [Path(source) for source in sources]
    with Store(store) as opened:
        fits = _Fits(folders, circuit, opened, reading, options, json)
        with Watcher(folders, settle=settle, wanted=fits.is_wanted) as watcher:
            if not json:
                print_text(f"watching {', '.join(sources)}; Ctrl-C to stop")
            try:
                while True:
                    ready = watcher.wait_for_settled(_PATIENCE)
                    fits.tell_gone()
                    for first in range(0, len(ready), _MAX_FILES):
                        fits.fit(watcher, ready[first : first + _MAX_FILES])
            except KeyboardInterrupt:
                pass
        fits.show(store, json)
    return int(bool(fits.failures))


def summarise(
    run: Any, failures: Sequence[tuple[str, str]], *, spectra: int, not_ok: int, store: Path | None
) -> dict[str, Any]:
    """Return what ``eisfit batch --json`` says of a run, which has `fitted`, `reused` and an `audit`."""
    return {
        "schema": BATCH_SCHEMA,
        "spectra": spectra,
        "fitted": run.fitted,
        "reused": run.reused,
        "not_ok": not_ok,
        "failed": [{"source": source, "error": error} for source, error in failures],
        "audit": run.audit.to_dict(),
        "store": None if store is None else str(store),
    }


@dataclass(frozen=False, eq=False, repr=False)
class _Fits:
    """What was fitted since the start."""

    folders: list[Path]
    circuit: Circuit
    store: Store
    reading: dict[str, Any]
    options: dict[str, Any]
    quiet: bool
    keys: dict[Path, set[str]] = field(default_factory=dict)
    failures: dict[Path, list[tuple[str, str]]] = field(default_factory=dict)
    flagged: dict[Path, int] = field(default_factory=dict)
    fitted: int = 0
    reused: int = 0
    again: int = 0
    audit: Audit = field(default_factory=Audit)
    gone: set[Path] = field(default_factory=set)

    def is_wanted(self, path: Path) -> bool:
        from eisfit.cli.batch_sources import is_spectrum_file
        from eisfit.spectra.spectrum_files import is_hidden_below

        own = self.store.path  # and the files that SQLite puts beside it
        is_store = path.name.startswith(own.name) and path.parent.resolve() == own.parent.resolve()
        roots = [folder for folder in self.folders if folder in path.parents]
        hidden = any(is_hidden_below(path, folder) for folder in roots)
        return is_spectrum_file(path) and not is_store and not hidden

    def fit(self, watcher: Any, paths: list[Path]) -> None:
        """Fit the spectra of files; a file that changes while it is read is left for the next time."""
        from eisfit.batch.many import fit_many

        read = {path: self._read(path) for path in paths}
        items = [(p, s) for p, found in read.items() if watcher.is_unchanged(p) for s in found]
        options = dict(self.options)
        if isinstance(options["workers"], int) and len(items) < _MANY_FILES:
            options["workers"] = None
        many = fit_many([s for _, s in items], self.circuit, store=self.store, **options)
        keys: dict[Path, set[str]] = {p: set() for p, _ in items}
        results: dict[Path, list[Any]] = {p: [] for p, _ in items}
        for (path, item), result in zip(items, many, strict=True):
            results[path].append(result)
            if hasattr(item, "impedance"):
                keys[path].add(many.key(item))
        self._count(results, keys, many)

    def _read(self, path: Path) -> list[Any]:
        from eisfit.cli.batch_sources import read_spectra

        # The real path where events tell of it; not that of a link in the folder to a file elsewhere.
        inside = (f for f in self.folders if f in path.parents or f.resolve() in path.resolve().parents)
        root = next(inside, None)
        return list(read_spectra(str(path), root, **self.reading))

    def _count(self, results: Mapping[Path, list[Any]], keys: Mapping[Path, set[str]], many: Any) -> None:
        self.fitted, self.reused = self.fitted + many.fitted, self.reused + many.reused
        self.audit = self.audit.join(many.audit)
        old = {path: self.keys[path] for path in keys if path in self.keys}
        self.keys.update(keys)
        if old:  # what was fitted of a file that has grown since
            self.store.remove(set().union(*old.values()) - set().union(*self.keys.values()))
        for path, found in results.items():
            self.again += path in old
            self.failures.pop(path, None)
            failed = [(r.source, r.error) for r in found if r.error is not None]
            if failed:
                self.failures[path] = failed
            self.flagged[path] = sum(r.error is None and not r.ok for r in found)
            if not self.quiet:
                print_text("\n".join(_format(path, k, result, path in old) for k, result in enumerate(found)))

    def tell_gone(self) -> None:
        """Say which folders have gone since the last time, as network drives do, and which are back."""
        gone = {folder for folder in self.folders if not os.path.isdir(folder)}
        for folder in self.folders:
            if folder in gone ^ self.gone:
                words = "is not there any more: waiting for it" if folder in gone else "is there again"
                say(f"eisfit: {folder}: {words}")
        self.gone = gone

    def show(self, store: Path, json: bool) -> None:
        """Print the summary of the run."""
        failed = [pair for pairs in self.failures.values() for pair in pairs]
        done, flagged = self.fitted + self.reused, sum(self.flagged.values())
        if json:
            document = summarise(self, failed, spectra=done, not_ok=flagged, store=store)
            print_json({**document, "export": None, "watched": [str(folder) for folder in self.folders]})
            return
        print_text(
            f"\nstopped: {len(self.keys)} files; {self.fitted} fits ({self.again} of changed files), "
            f"{self.reused} from the store, {len(failed)} failed, {flagged} not usable as they stand; "
            f"all are in {store}: the same command with --export FILE.csv in place of --watch, and --circuit "
            f"{shlex.quote(self.circuit.name)}, writes them"
        )


def _format(path: Path, index: int, result: Any, again: bool) -> str:
    name = f"{path}#{index}" if index else str(path)
    changed = " (the file has changed)" if again else ""
    if result.error is not None:
        return f"{name}: failed{changed}: {result.error.removeprefix(f'{result.source}: ')}"
    names = ", ".join(dict.fromkeys(flag.name for flag in result.flags))
    verdict = f"{result.grade}, {'usable' if result.ok else 'not usable'}"
    return f"{name}: {verdict}{f' ({names})' if names else ''}{changed}"
