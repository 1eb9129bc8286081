"""How far off a parameter may be: profiles, bootstrap, sampling.

In: a `FitResult`. Out: `Intervals`.
"""
