"""Circuit strings: good ones, bad ones with their caret, Boukamp's code, round trips, hostile text."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eisfit.errors import CircuitError, EisfitError, NotationError
from eisfit.model.elements import ELEMENTS
from eisfit.model.notation import Component, Parallel, Series, components, parse

GOOD = [
    # as written, as it is printed, components in order
    ("R_s", "R_s", "R_s"),
    ("R", "R", "R"),
    (
        "R0-p(R1,CPE1)-p(R2-Wo1,CPE2)",
        "R0-p(R1,CPE1)-p(R2-Wo1,CPE2)",
        "R0 R1 CPE1 R2 Wo1 CPE2",
    ),  # impedance.py
    ("R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)", "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)", None),
    ("  R_s -\tp( R_ct ,\nC_dl ) ", "R_s-p(R_ct,C_dl)", "R_s R_ct C_dl"),
    ("p(R1,C1,L1)", "p(R1,C1,L1)", "R1 C1 L1"),
    ("p(R1-p(R2-p(R3,C3),C2),C1)", "p(R1-p(R2-p(R3,C3),C2),C1)", "R1 R2 R3 C3 C2 C1"),
    ("p(p(R1,C1),C2)", "p(p(R1,C1),C2)", "R1 C1 C2"),
    ("L_cell-Ws2-Wo10-W", "L_cell-Ws2-Wo10-W", "L_cell Ws2 Wo10 W"),
    ("R_1a-CPE_film_2", "R_1a-CPE_film_2", "R_1a CPE_film_2"),
    # Boukamp's circuit description code: ( ) parallel, [ ] series, Q a CPE.
    # B. A. Boukamp, Solid State Ionics 20 (1986) 31; T and O are admittances there, tanh and coth.
    ("R(RQ)([RW]Q)", "R1-p(R2,CPE1)-p(R3-W1,CPE2)", None),
    ("LR(C[R(RQ)])", "L1-R1-p(C1,R2-p(R3,CPE1))", None),
    ("R(RC)", "R1-p(R2,C1)", None),
    ("R (R Q) (R Q)", "R1-p(R2,CPE1)-p(R3,CPE2)", None),
    ("RT", "R1-Wo1", None),
    ("RO", "R1-Ws1", None),
    ("Q", "CPE1", None),
    ("(RC)", "p(R1,C1)", None),
    ("R[RC]", "R1-R2-C1", None),
    ("[RC]", "R1-C1", None),
]

BAD = [
    # string, where the caret stands, what is said
    ("", 0, "this is empty"),
    ("   ", 3, "this is empty"),
    ("R_s-", 4, "expected an element or p(...), not the end"),
    ("-R_s", 0, "expected an element or p(...), not '-'"),
    ("R_s--R_ct", 4, "expected an element or p(...), not '-'"),
    ("R_s R_ct", 4, "expected '-' or the end of the circuit, not 'R'"),
    ("R_s)", 3, "expected '-' or the end of the circuit, not ')'"),
    ("R_s-p(R_ct,C_dl", 15, "expected '-', ',' or ')', not the end"),
    ("R_s-p(R_ct;C_dl)", 10, "expected '-', ',' or ')', not ';'"),
    ("R_s-p(R_ct)", 4, "at least two branches"),
    ("R_s-p(,C_dl)", 6, "expected an element or p(...), not ','"),
    ("p()", 2, "expected an element or p(...), not ')'"),
    ("R_s-(R_ct,C_dl)", 4, "expected an element or p(...), not '('"),
    ("R_s-X1", 4, f"'X1' is not an element; the elements are {', '.join(sorted(ELEMENTS))}"),
    ("R_s-r_ct", 4, "'r_ct' is not an element: did you mean 'R_ct' or 'R1'?"),
    ("R_s-Rct", 4, "'Rct' is not an element: did you mean 'R_ct' or 'R1'?"),
    ("R_s-cpe1", 4, "'cpe1' is not an element: did you mean 'CPE1'?"),
    ("R_s-R_s", 4, "'R_s' occurs twice: give each its own label"),
    ("R1-p(C1,R1)", 8, "'R1' occurs twice"),
    ("R_s-p", 4, "'p' is not an element"),
    ("1R", 0, "expected an element or p(...), not '1'"),
    ("R_s-Ω", 4, "expected an element such as R_ct"),
    ("R(RQ", 4, "expected ')', not the end"),
    ("R(RQ]", 4, "expected ')', not ']'"),
    ("R(R)", 1, "at least two elements"),
    ("R()", 2, "an empty bracket"),
    ("RQ)", 2, "expected an element or '(', not ')'"),
]


@pytest.mark.parametrize(("string", "printed", "parts"), GOOD, ids=[row[0] for row in GOOD])
def test_good_strings(string, printed, parts):
    tree = parse(string)
    assert str(tree) == printed
    assert parse(printed) == tree
    if parts:
        assert " ".join(map(str, components(tree))) == parts


@pytest.mark.parametrize(("string", "position", "message"), BAD, ids=[row[0] or "empty" for row in BAD])
def test_bad_strings_say_where_and_what(string, position, message):
    with pytest.raises(NotationError) as caught:
        parse(string)
    first, shown, caret = str(caught.value).splitlines()
    assert message in first
    assert shown[2:] == string
    assert caret == "  " + " " * position + "^"
    assert (caught.value.position, caught.value.string) == (position, string)


def test_an_error_comes_back_from_another_process():
    """It could not be unpickled, and took the whole pool of processes with it."""
    with pytest.raises(NotationError) as caught:
        parse("R0-p(R1")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.position) == (NotationError, str(caught.value), 7)


def test_the_error_is_a_circuit_error_and_one_of_eisfits():
    assert issubclass(NotationError, CircuitError)
    assert issubclass(NotationError, EisfitError)


def test_trees():
    assert parse("R_s") == Component("R_s", "R")
    assert parse("R1-C1") == Series((Component("R1", "R"), Component("C1", "C")))
    assert parse("p(R1,C1)") == Parallel((Component("R1", "R"), Component("C1", "C")))


@pytest.mark.parametrize(
    ("name", "symbol", "label", "parameters"),
    [
        ("R_ct", "R", "ct", ("R_ct",)),
        ("R0", "R", "0", ("R0",)),
        ("CPE_ct", "CPE", "ct", ("CPE_ct_Q", "CPE_ct_alpha")),
        ("W_d", "W", "d", ("W_d_sigma",)),
        ("Wo1", "Wo", "1", ("Wo1_R", "Wo1_tau")),
        ("Ws", "Ws", "", ("Ws_R", "Ws_tau")),
        ("C_dl", "C", "dl", ("C_dl",)),
    ],
)
def test_names(name, symbol, label, parameters):
    component = parse(name)
    assert (component.symbol, component.label, component.parameter_names) == (symbol, label, parameters)
    assert component.element is ELEMENTS[symbol]


@pytest.mark.parametrize("open_", ["p(R,", "p(", "("])
def test_deep_nesting_is_refused_and_does_not_overflow(open_):
    with pytest.raises(NotationError):
        parse(open_ * 100_000)


def nested(depth):
    string = "R0"
    for k in range(1, depth + 1):
        string = f"p({string},C{k})"
    return string


def test_fifty_deep_is_read_and_fifty_one_refused():
    assert str(parse(nested(50))) == nested(50)
    with pytest.raises(NotationError, match="nested more than 50 deep"):
        parse(nested(51))
    with pytest.raises(NotationError, match="nested more than 50 deep"):
        parse("(" * 51 + "RC" + ")" * 51)


def shapes():
    """Trees without names: a symbol, or (kind, children)."""
    leaf = st.sampled_from(sorted(ELEMENTS))

    def extend(children):
        return st.tuples(st.sampled_from(["series", "parallel"]), st.lists(children, min_size=2, max_size=4))

    return st.recursive(leaf, extend, max_leaves=15)


def built(shape, counter, inside=None):
    """Name the leaves; a series in a series and a parallel of one are not what a string can give."""
    if isinstance(shape, str):
        counter.append(shape)
        return Component(f"{shape}{len(counter)}", shape)
    kind, children = shape
    if kind == inside == "series":
        kind = "parallel"
    parts = tuple(built(child, counter, kind) for child in children)
    return Series(parts) if kind == "series" else Parallel(parts)


@settings(max_examples=100, deadline=None)
@given(shapes())
def test_round_trip(shape):
    tree = built(shape, [])
    assert parse(str(tree)) == tree
    assert str(parse(str(tree))) == str(tree)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="RCLWQTO01_p(),-[] seict", max_size=40))
def test_any_text_gives_a_tree_or_a_notation_error(text):
    try:
        tree = parse(text)
    except NotationError as error:
        position = error.position
    else:
        position = 0
        assert parse(str(tree)) == tree
    assert 0 <= position <= len(text)
