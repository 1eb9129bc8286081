"""What was measured: spectra, series of them, their noise and masks, and the readers of instruments' files.

In: files, arrays, tables. Out: `Spectrum` and `Series`, frozen, frequency from high to low.
"""
