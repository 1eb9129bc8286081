"""Facts under direct current: what Butler and Volmer's equation makes of them, and what they do to the odds.

The study is a flat electrode of 1 cm^2 in a half cell, all its numbers simulated: a bare cell of 40 ohm, a
coated one of 10 ohm, so that either the reaction is faster or a layer is gone.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from eisfit.coating.explain import explain
from eisfit.coating.study import Study
from eisfit.coating.voltages import butler_volmer
from eisfit.errors import SchemaError

STUDY = """
schema = 2
[study]
title = "flat"
simulated = true
[[cell]]
name = "bare"
r_ct = { value = "40 ohm", stderr = "0.05 ohm" }
r_hf = { value = "2 ohm", stderr = "0.05 ohm" }
[[cell]]
name = "coated"
coated_by = "film"
r_ct = { value = "10 ohm", stderr = "0.05 ohm" }
r_hf = { value = "2 ohm", stderr = "0.05 ohm" }
[support]
kind = "flat"
area = "1 cm^2"
[[film]]
name = "film"
thickness = "5 nm"
ionic_conductivity = { value = "1e-6 S/cm", stderr = "1e-8 S/cm" }
[counter]
kind = "half"
[layer]
resistance = { value = "30 ohm*cm^2", stderr = "2 ohm*cm^2" }
"""
KT = 8.617333262e-5 * 298.15
LINEAR = 10e-3 * (30 + 2) + 2 * KT * math.asinh(10e-3 * 10 / (2 * KT))
"""A layer of 30 ohm on a reaction of 10 ohm, and 2 ohm, at 10 mA: 0.394 V."""
CURVED = 10e-3 * 2 + 2 * KT * math.asinh(10e-3 * 40 / (2 * KT))
"""All 40 ohm are the reaction's: 0.163 V."""


def with_fact(keys: str) -> Study:
    return Study.from_text(f'{STUDY}\n[[dc]]\nwhat = "fact"\n{keys}\n')


def drop(voltage: float, width: float = 0.1) -> Study:
    return with_fact(f'cell = "bare"\nvoltage = "{voltage} V"\ncurrent = "10 mA"\nwidth = {width}')


def test_a_large_current_makes_less_than_the_resistance_says():
    """eta = (2 kT/e) asinh(I R e/(2 kT)): 36.8 ohm at 4 mA are 5.7 kT/e, where it makes 0.62 of I R."""
    assert abs(4e-3 * 36.8 / KT - 5.7) < 0.05
    found = float(butler_volmer(np.array(4e-3), np.array(36.8)))
    assert found / (4e-3 * 36.8) == pytest.approx(0.62, abs=0.005)
    small = float(butler_volmer(np.array(1e-6), np.array(36.8)))
    assert small == pytest.approx(1e-6 * 36.8, rel=1e-6)


@pytest.mark.parametrize(("voltage", "risen", "fallen"), [
    (LINEAR, "native_layer", "intrinsic_activity"),
    pytest.param(CURVED, "intrinsic_activity", "native_layer", marks=pytest.mark.slow),
])  # fmt: skip
def test_a_drop_tells_a_layer_from_a_slow_reaction(voltage, risen, fallen):
    document = explain(drop(voltage)).document
    row = document["ledger"]["fact"]
    assert row[risen] > 0.4
    assert row[fallen] < -0.8
    odds = {name: h["probability"] / (1 - h["probability"]) for name, h in document["hypotheses"].items()}
    start = -math.log10(len(odds) - 1)
    for name in (risen, fallen):
        told = start + sum(datum[name] for datum in document["ledger"].values())
        assert told == pytest.approx(math.log10(odds[name]), abs=1e-6)


@pytest.mark.slow
def test_a_small_current_tells_nothing_and_says_so():
    """1 mA: 40 ohm make 38 to 42 mV in both readings, within 10 % of each other."""
    text = 'cell = "bare"\nvoltage = "0.041 V"\ncurrent = "1 mA"\nwidth = 0.3'
    document = explain(with_fact(text)).document
    assert document["silent"]["fact"].startswith("tells nothing")
    assert "fact" not in document["ledger"]


@pytest.mark.slow
def test_a_voltage_that_no_hypothesis_makes_is_set_aside_and_told():
    alone = explain(Study.from_text(STUDY)).document
    document = explain(drop(3.0)).document
    assert document["silent"]["fact"].startswith("set aside")
    (row,) = document["contradictions"]
    assert row["resistance"]["median"] == pytest.approx(300)
    assert "need 300 ohm" in row["text"]
    assert row["text"].endswith("set aside.")
    assert document["hypotheses"] == alone["hypotheses"]


@pytest.mark.slow
def test_a_share_of_the_capacity_is_the_voltage_that_costs_it():
    """5 % where the voltage falls by 3.26 V over the whole capacity is 0.163 V."""
    share = 'cell = "bare"\nshare = 0.05\nslope = "3.26 V"\ncurrent = "10 mA"\nwidth = 0.1'
    by_share = explain(with_fact(share)).document["ledger"]["fact"]
    by_voltage = explain(drop(0.163)).document["ledger"]["fact"]
    for name, value in by_voltage.items():
        assert by_share[name] == pytest.approx(value, abs=0.01)


def test_two_facts_of_one_name_are_refused():
    row = 'cell = "difference"\nlife = 2\n[[dc]]\nwhat = "fact"\ncell = "difference"\nlife = 3'
    with pytest.raises(SchemaError, match="two dc rows are called 'fact'"):
        with_fact(row)


def test_a_cycle_life_moves_no_odds():
    document = explain(with_fact('cell = "difference"\nlife = 2.09')).document
    assert document["silent"] == {"fact": "no impedance foretells it"}
    assert document["contradictions"] == []


@pytest.mark.parametrize(("keys", "said"), [
    ('voltage = "1 V"\nlife = 2\ncurrent = "1 mA"', "one of voltage, share"),
    ('share = 0.1\ncurrent = "1 mA"', "slope"),
    ('voltage = "1 V"', "current"),
    ('life = 2\ncurrent = "1 mA"', "current"),
])  # fmt: skip
def test_a_fact_that_lacks_something_is_refused_in_a_sentence(keys, said):
    with pytest.raises(SchemaError, match=said):
        with_fact(f'cell = "bare"\n{keys}')
