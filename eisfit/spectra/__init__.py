"""What was measured: spectra, series, noise and masks; readers of instruments' files, writers of spectra.

In: files, arrays, tables. Out: `Spectrum` and `Series`, frozen, frequency from high to low.
"""
