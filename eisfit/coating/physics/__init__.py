"""Impedance of a cell from its own quantities: supports, layers, and the circuit around them.

`parameters` holds the one table of names, units and transforms; `layers` what the interface is made of;
`supports` the electrodes whose closed form is short, `channels` the plate with channels on top of `rails`
and `spreading`; `cell` puts them together.
"""
