"""What was measured: spectra, series, noise and masks; readers of instruments' files, writers of spectra.

In: files, arrays, tables. Out: `Spectrum` and `Series`, frozen, frequency from high to low.
"""

#: What residuals are weighted with (`eisfit.spectra.noise`), and which of them where nothing is said.
WEIGHTINGS = ("modulus", "proportional", "unit", "noise")
WEIGHTING = "modulus"
