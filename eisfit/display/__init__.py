"""Faces: figures, reports, pages and progress; they draw what they are given and know no model.

In: documents (what `to_dict` gives) and plain arrays. Out: matplotlib axes, text, HTML, SVG.
"""
