"""One circuit over many spectra in a row: which optimum is the same process, and how it changes.

In: a `Series` and a `Circuit`. Out: `SeriesResult`: one row a spectrum.
"""
