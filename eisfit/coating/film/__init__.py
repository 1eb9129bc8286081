"""A film's transport numbers: from its properties to its impedance, and from spectra back.

In: thickness, resistivity, ionic conductivity, or an arc that a fit found. Out: area-specific resistances,
conductivities.
"""
