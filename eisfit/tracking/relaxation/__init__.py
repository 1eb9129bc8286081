"""Distributions of relaxation times along a series: peaks that are followed, and which of them is which arc.

In: a series of spectra, or a `SeriesResult`. Out: `SeriesDRT`, a map of the distribution with a law for every
peak.
"""
