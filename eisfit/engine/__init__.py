"""Numbers only: from start values to optima, for a batch of spectra of which one is the smallest.

In: angular frequencies, impedances, weights and a `Circuit`. Out: arrays of parameters and chi-squares; no
sentences.
"""
