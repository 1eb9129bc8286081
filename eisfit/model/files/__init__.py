"""Circuits as files: found by their names, read, checked, begun from a template.

In: a name or a path; out: a `Circuit`.
"""

from __future__ import annotations
