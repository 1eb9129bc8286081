"""Faces: figures, reports, pages and progress; they draw what they are given and know no model.

In: documents (what `to_dict` gives) and plain arrays. Out: matplotlib axes, text, HTML, SVG.
"""

#: The forms of a figure's file, as its name ends; `eisfit.display.plot.files` writes them.
FIGURES = ("png", "svg", "pdf")
