"""The form of a circuit file: a closed schema, so that a misspelt key is an error and not a default."""

from __future__ import annotations

from eisfit.model.schema import ClosedModel, Field


class ParameterEntry(ClosedModel):
    """One ``[parameters.NAME]`` table."""

    describe: str = Field(min_length=1, description="What it is, for tables and reports.")
    role: str = Field(description="Which process it belongs to: series, sei, charge_transfer, ...")
    value: float | None = Field(None, description="Start value; without one it is taken from the spectrum.")
    min: float | None = Field(None, description="Lower bound.")
    max: float | None = Field(None, description="Upper bound.")
    vary: bool | None = Field(None, description="false: fixed at `value`.")
    expr: str | None = Field(None, description="Arithmetic in other parameters.")


class ReferenceTest(ClosedModel):
    """One ``[[tests]]`` table: impedances computed without eisfit."""

    source: str = Field(min_length=1, description="How the reference values were computed.")
    parameters: dict[str, float] = Field(description="A value for every parameter.")
    frequency_Hz: list[float] = Field(min_length=1, description="Frequencies.")
    Z_real_ohm: list[float] = Field(min_length=1, description="Real parts there.")
    Z_imag_ohm: list[float] = Field(min_length=1, description="Imaginary parts, negative for a capacitor.")

    def __post_init__(self) -> None:
        sizes = [len(column) for column in (self.frequency_Hz, self.Z_real_ohm, self.Z_imag_ohm)]
        if len(set(sizes)) > 1:
            names = "frequency_Hz, Z_real_ohm and Z_imag_ohm"
            raise ValueError("{} have {}, {} and {} numbers".format(names, *sizes))


class CircuitFile(ClosedModel):
    """A whole ``circuits/NAME.toml``."""

    circuit: str = Field(description="The circuit string.")
    title: str = Field(min_length=1, description="One line for lists.")
    references: list[str] = Field(min_length=1, description="Where the circuit comes from.")
    parameters: dict[str, ParameterEntry] = Field(description="One table for each parameter.")
    tests: list[ReferenceTest] = Field(default_factory=list, description="Reference values.")
