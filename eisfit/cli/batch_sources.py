"""The files that ``eisfit batch`` is to fit, one after the other, with the cycles of manifests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.cli.sources import read_sources
from eisfit.errors import ReadError

if TYPE_CHECKING:
    from eisfit.fitting.failure import FitFailure
    from eisfit.spectra.manifest import Listing
    from eisfit.spectra.spectrum import Spectrum


def is_spectrum_file(path: Path) -> bool:
    """Return whether a file in a folder may hold a spectrum."""
    from eisfit.spectra.manifest import is_manifest_name
    from eisfit.spectra.spectrum_files import is_hidden, may_hold_spectra

    return not is_hidden(path) and not is_manifest_name(path) and may_hold_spectra(path)


def list_paths(sources: list[str]) -> list[tuple[str, Path | None]]:
    """Return the files that are meant, each once and those of a folder in natural order, with the folder."""
    from eisfit.spectra.manifest import is_manifest_name
    from eisfit.spectra.spectrum_files import find_files, list_below

    found: list[tuple[str, Path | None]] = []
    for source in sources:
        folder = Path(source)
        if source == "-":
            found.append((source, None))
        elif os.path.isdir(folder):  # with all folders in it
            inside = [f for f in list_below(folder) if is_spectrum_file(f)]
            if not inside:
                raise ReadError(f"{source}: the folder is empty, or nothing in it can be a spectrum")
            found += [(str(path), folder) for path in inside]
        else:
            files = [f for f in find_files(source)[0] if not is_manifest_name(f)]
            found += [(str(path), path.parent) for path in files]
    once: dict[str, tuple[str, Path | None]] = {}
    for one in found:
        once.setdefault(os.path.realpath(one[0]), one)
    return list(once.values())


def read_spectra(
    path: str, root: Path | None, *, manifest: Path | None, **reading: Any
) -> Iterator[Spectrum | FitFailure]:
    """Yield the spectra of one file; a manifest's cycle wins over that of its data and name.

    Parameters
    ----------
    path, root
        The file, and the folder up to which a ``manifest.csv`` is looked for.
    manifest
        The one to use instead.
    reading
        How files are read: options of `eisfit.read`.
    """
    from eisfit.fitting.failure import FitFailure
    from eisfit.spectra.cycle_numbers import FROM_MANIFEST, FROM_NAME

    found = read_sources([path], **reading)
    cycle = None if path == "-" else _find_cycle(Path(path), root, manifest)
    if cycle is None or len(found) != 1 or isinstance(found[0], FitFailure):
        yield from found
        return
    notes = [note for note in found[0].notes if note != f"cycle {FROM_NAME}"]
    yield found[0].replace(cycle=cycle, notes=(*notes, f"cycle {FROM_MANIFEST}"))


def _find_cycle(path: Path, root: Path | None, manifest: Path | None) -> float | None:
    """Return the cycle that the nearest manifest which lists a file gives it."""
    for one in [manifest] if manifest is not None else _iterate_manifests(path.parent, root):
        listed = _read_manifest(one, one.stat().st_mtime_ns)
        if listed is not None and (told := listed.find(path)) is not None:
            return told.get("cycle")
    return None


def _iterate_manifests(folder: Path, root: Path | None) -> Iterator[Path]:
    """Yield the manifests beside a file and above it."""
    from eisfit.spectra.manifest import NAME

    inside, last = folder.resolve(), (root or folder).resolve()
    for one in (inside, *inside.parents):
        if (one / NAME).is_file():
            yield one / NAME
        if one == last:
            return


@lru_cache(maxsize=64)
def _read_manifest(manifest: Path, changed: int) -> Listing | None:
    """Return what a manifest lists, None of one without cycles; `changed`: one written anew is a new one."""
    from eisfit.spectra.manifest import Listing, lists_files

    return Listing(manifest) if lists_files(manifest, "cycle") else None
