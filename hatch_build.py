"""What the built package says of itself: the README with addresses where a package index needs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(!?\[[^\]]*\]\()(?!\w+:|#)([^)]+)\)")


def with_addresses(text: str, source: str, version: str) -> str:
    """Return Markdown whose links and pictures within the repository are addresses of this version."""

    def absolute(found: re.Match[str]) -> str:
        kind = "raw" if found[1].startswith("!") else "blob"
        return f"{found[1]}{source}/{kind}/v{version}/{found[2]})"

    return _LINK.sub(absolute, text)


class ReadmeHook(MetadataHookInterface):
    """Hatchling's hook for the dynamic field `readme`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the readme."""
        root = Path(self.root)
        version = re.search(r'__version__ = "([^"]+)"', (root / "eisfit/__init__.py").read_text("utf-8"))
        text = (root / "README.md").read_text("utf-8")
        if version is None:
            raise ValueError("eisfit/__init__.py has no __version__")
        shown = with_addresses(text, metadata["urls"]["Source"], version[1])
        metadata["readme"] = {"content-type": "text/markdown", "text": shown}
