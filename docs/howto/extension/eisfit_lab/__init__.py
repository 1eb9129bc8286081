"""A lab's own file format, element, growth law and circuit for eisfit."""

import numpy as np

import eisfit
from eisfit.tracking.growth.laws import Law


class LabFile:
    """Files of our bridge: the line "LAB 1", then frequency/Hz, |Z|/ohm, phase/degree."""

    NAME = "lab bridge"
    SUFFIXES = (".lab",)

    @staticmethod
    def recognise(file):
        return file.text.startswith("LAB 1")

    @staticmethod
    def parse(file):
        f, modulus, phase = np.loadtxt(file.lines[1:], delimiter=";", unpack=True)
        return [eisfit.Spectrum(f, modulus * np.exp(1j * np.radians(phase)))]


def skewed_arc(omega, R, tau, beta):
    """Cole-Davidson."""
    return R / (1 + 1j * omega * tau) ** beta


BETA = {"unit": "", "min": 0.1, "max": 1.0, "typical": 0.6}
ELEMENT = eisfit.register_element("CD", skewed_arc, {"R": "ohm", "tau": "s", "beta": BETA})
LAW = Law("log", ("a", "b"), "a + b ln(1 + x)", lambda x, _: np.column_stack([np.ones_like(x), np.log1p(x)]))
