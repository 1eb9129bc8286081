"""A commented circuit file to start from."""

from __future__ import annotations

from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import ROLES
from eisfit.model.elements import ELEMENTS

#: To be replaced by whoever completes the file.
TITLE = "one line that says what it is for"

_HEAD = """\
# A circuit of your own. It holds data only: nothing in it is executed.
# Examine it:  eisfit circuits {file} --check
# Use it:      eisfit fit cell.mpt --circuit {use}

# "-" is series, "p(a,b)" is parallel, nested. A component is an element's symbol and a label: R_ct.
# Elements: {elements}.
circuit = "{string}"
title = "{title}"
references = ["where it comes from: a paper, a lab book"]

# One table for each parameter: what it is in words, and its role, one of
# {roles}.
# Optional: value = 1.0 (where to start), min, max, vary = false (fixed at value), expr = "2*R_s" (tied).
"""
_PARAMETER = """
[parameters.{name}]
describe = "{describe}"{unit}
role = "{role}"
"""
_TESTS = """
# Impedances that another program has computed (or you by hand), so that a slip in the string shows.
# Take the # away and put your numbers in; as many [[tests]] as you like.
# [[tests]]
# source = "impedance.py 1.7.1, CustomCircuit.predict"
# parameters = {{ {values} }}
# frequency_Hz = [1e5, 1e2, 1e-1]
# Z_real_ohm = []
# Z_imag_ohm = []
"""


def circuit_template(string: str, *, file: str = "mine.toml", use: str = "mine.toml") -> str:
    """Return a circuit file for a circuit string, to be completed by hand.

    Parameters
    ----------
    string
        Circuit string.
    file, use
        What the file will be called, and what is to be given to ``--circuit``; they stand in its comments.

    Examples
    --------
    >>> "[parameters.R_ct]" in circuit_template("R_s-p(R_ct,C_dl)")
    True
    """
    circuit = Circuit.from_string(string)
    head = _HEAD.format(
        string=circuit.string,
        title=TITLE,
        file=file,
        use=use,
        roles=", ".join(ROLES),
        elements=", ".join(ELEMENTS.complete()),
    )
    tables = [
        _PARAMETER.format(
            name=name, describe=p.describe, role=p.role, unit=f"  # in {p.unit}" if p.unit else ""
        )
        for name, p in circuit.parameters.items()
    ]
    return head + "".join(tables) + _TESTS.format(values=", ".join(f"{name} = 1.0" for name in circuit.names))
