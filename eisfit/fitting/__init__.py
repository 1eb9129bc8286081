"""A fit and what can be believed of it: errors, derived quantities, flags, intervals, comparisons.

In: a `Spectrum` and a `Circuit`. Out: `FitResult`, `Intervals`, `Comparison`.
"""
