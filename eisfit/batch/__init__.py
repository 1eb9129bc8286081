"""Very many spectra: chunks, worker processes, a store that survives a kill, a folder that is watched.

In: spectra one after the other, and a `Circuit`. Out: results in the same order, with bounded memory.
"""
