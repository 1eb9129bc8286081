"""Names of files that are alike, told apart by their folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eisfit.display.report.words import SHOWN, Document, name_of, path_of, spectrum_block


def tell_apart(documents: Sequence[Document]) -> list[Document]:
    """Return documents; files of one name are called with as many of their folders as tells them apart.

    >>> same = [{"source": f"cells/{folder}/cycle_1.csv"} for folder in ("5C", "25C")]
    >>> [name_of(one) for one in tell_apart(same)], [name_of(one) for one in tell_apart(same[:1])]
    (['5C/cycle_1.csv', '25C/cycle_1.csv'], ['cycle_1.csv'])
    """
    found, alike = list(documents), dict[str, list[int]]()
    for k, document in enumerate(documents):
        alike.setdefault(name_of(document), []).append(k)
    for places in alike.values():
        paths = [path_of(documents[k]) for k in places]
        files = len({*map(tuple, paths)})
        for depth in range(2, max(map(len, paths)) + 1 if files > 1 else 0):
            longer = ["/".join(path[-depth:]) for path in paths]
            if len({*longer}) == files:
                found = _call(found, dict(zip(places, longer, strict=True)))
                break
    return found


def _call(documents: Sequence[Document], names: Mapping[int, str]) -> list[Document]:
    """Return documents, some of which are called otherwise."""
    found = list(documents)
    for k, name in names.items():
        block = {**spectrum_block(found[k]), SHOWN: name}
        found[k] = {**found[k], "spectrum": block} if "spectrum" in found[k] else block
    return found
