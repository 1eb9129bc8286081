"""The pages: reports as files, the workbench behind a local server, and inside a browser.

In: results, or questions as JSON; out: pages, or answers as JSON.
"""

from __future__ import annotations
