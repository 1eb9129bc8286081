"""What is fitted: the notation of circuits, their elements with exact derivatives, and their files.

In: a circuit string, a name in ``circuits/`` or a TOML file. Out: `Circuit`, which gives impedance and
derivatives.
"""

#: Of `circuits/`, what most battery cells are described by: tried first where no circuit is given.
COMMON = "rs-sei-ct-w"
