"""Small figures as SVG text of our own, for notebooks and pages: documents in, text out, no matplotlib.

What a paper takes is drawn by ``eisfit.display.plot``.
"""
