"""Which circuit, where none is given: structures are built, fitted and weighed until none is better.

In: a `Spectrum`. Out: `Identification`, circuits ranked with their probabilities.
"""
