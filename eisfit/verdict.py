"""The vocabulary of verdicts: flags, grades, verdicts of parameters, and every threshold with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eisfit.records import Document, dataclass

#: A flag of this level forbids the use of the result until it is looked into.
FORBIDS = "forbids"
#: A flag of this level is to be known; the result can be used.
TELLS = "tells"

#: Of intervals and bands where no other is asked for.
LEVEL = 0.95

GRADES: Mapping[str, str] = {
    "A": "within the noise",
    "B": "systematic misfit, or noise unknown; below 1 % rms",
    "C": "below 3 % rms",
    "D": "worse, or the data itself is unusable",
}

#: From the best to the worst: where two apply to a parameter, the later one counts.
VERDICTS: Mapping[str, str] = {
    "fixed": "not fitted",
    "determined": "the data determines it",
    "extrapolated": "its arc lies outside the range of sound data",
    "ambiguous": "the data allows another optimum too, or its arc cannot be told from its neighbour's",
    "open": "the data limits it on one side at most",
}

#: Under these a value is believed; under the others tables set it in brackets, and laws leave it out.
BELIEVED = ("fixed", "determined")
DOUBTED = tuple(verdict for verdict in VERDICTS if verdict not in BELIEVED)


@dataclass(frozen=True)
class Threshold:
    """A limit that verdicts hang on: its value, what it limits, and where it comes from."""

    value: float
    meaning: str
    source: str


THRESHOLDS: Mapping[str, Threshold] = {
    "good_rms": Threshold(
        0.01,
        "relative residual, rms without the worst 5 % of the points, up to which a systematic misfit is B",
        "Orazem and Tribollet, Electrochemical Impedance Spectroscopy, 2nd ed. (2017), ch. 20-22: residuals "
        "within the error structure, typically below 1 %; Vadhva et al., ChemElectroChem 8 (2021) 1930",
    ),
    "usable_rms": Threshold(
        0.03,
        "relative residual, rms of all points, above which a fit is D; no estimate of the noise lifts it "
        "but for residuals without any structure",
        "three times the 1 % that tutorials of the field ask of a fit",
    ),
    "stands_out": Threshold(
        5.5,
        "standard deviations of the noise, by most points, from which one point is no noise",
        "3e-7 a point by chance (Rayleigh), 2 of 3,000 spectra counted since the spread is 7 % uncertain; "
        "below it, in grade A, Kramers-Kronig is not tested",
    ),
    "neighbours_agree": Threshold(
        3.0,
        "standard deviations of the correlation of neighbouring residuals from which they are no noise",
        "one in 740 by chance; in grade A the data are tested by Kramers-Kronig from there",
    ),
    "end_points": Threshold(
        0.05,
        "share of the points, the worst, that is left out of the rms for B",
        "ends of a sweep (bandwidth, cabling) are the instrument's, not the circuit's",
    ),
    "misfit": Threshold(
        2.0,
        "rms residual over what the noise alone leaves, from which a misfit is systematic",
        "of 60 points the ratio scatters by less than 0.1: 2 is far outside chance",
    ),
    "near_the_noise": Threshold(
        1.5,
        "rms residual over what the noise alone leaves, up to which a circuit of a comparison fits",
        "as misfit, and nearer: what `compare` weighs are circuits beside each other",
    ),
    "fine_rms": Threshold(
        0.003,
        "relative residual, rms, up to which a circuit of a comparison fits whatever the noise",
        "the accuracy that makers of instruments state for a mid-range |Z|, 0.1 to 0.3 %",
    ),
    "hardly_worse": Threshold(
        2.0,
        "BIC behind the best up to which a circuit of a comparison can hardly be told from it",
        '"not worth more than a bare mention": R. Kass and A. Raftery, J. Am. Stat. Assoc. 90 (1995) 773',
    ),
    "far_closer": Threshold(
        10.0,
        "BIC by which a refused circuit must lead to be the answer of a comparison all the same",
        '"very strong" evidence: Kass and Raftery, as hardly_worse',
    ),
    "not_shown": Threshold(
        4.0,
        "-2 ln L that further parameters gain or cost, up to which the spectrum does not show them",
        "two standard deviations",
    ),
    "plain_noise": Threshold(
        1.5,
        "rms residual over what the noise alone leaves, up to which noise above 3 % is believed to be noise",
        "as misfit, but narrower where the ceiling is to be lifted",
    ),
    "most_noise": Threshold(
        0.1,
        "relative residual, rms, up to which noise above 3 % is believed to be noise",
        "weights 1/|Z| of such data bias values by its square, 1 %: as much as the errors of 60 points",
    ),
    "many_noisy": Threshold(
        0.8,
        "upper quartile of |residual| over rms, below which what is above 3 % is a few points, not noise",
        "of normal noise it is (ln 4)^(1/2) = 1.18; of 20 points below 0.85 once in 10,000",
    ),
    "few_quiet": Threshold(
        0.3,
        "lower quartile of |residual| over rms, below which a part of the points is what is above 3 %",
        "of normal noise it is (ln 4/3)^(1/2) = 0.54; of 20 points below 0.3 once in 400, of 60 in 100,000",
    ),
    "one_way": Threshold(
        1 / 3,
        "rms residual one way (of Z' and Z'', of along and across Z) over another, below which what is above "
        "3 % is no noise",
        "noise of both parts is alike: Durbha, Orazem and Garcia-Rubio, J. Electrochem. Soc. 144 (1997) 48; "
        "of 20 points below 1/3 once in 10,000",
    ),
    "kuiper": Threshold(
        2.5,
        "Kuiper's statistic of the periodogram of residuals, above which what is above 3 % is no noise",
        "N. H. Kuiper, Indagationes Mathematicae 63 (1960) 38: noise exceeds 2.3 once in 1,000",
    ),
    "runs": Threshold(
        -3.0,
        "standard score of the number of sign changes, below which residuals are systematic",
        "Wald and Wolfowitz, Ann. Math. Stat. 11 (1940) 147; one in 740 by chance",
    ),
    "lag1": Threshold(
        0.3,
        "correlation of neighbouring residuals above which they are systematic (and 3 standard errors)",
        "Durbin and Watson, Biometrika 37 (1950) 409: d = 2 (1 - r) below 1.4",
    ),
    "error_structure": Threshold(
        3.3,
        "standard score from which residuals scatter with another power of |Z| than the weights suppose",
        "one in 1,000 by chance; Agarwal, Orazem and Garcia-Rubio, J. Electrochem. Soc. 139 (1992) 1917: the "
        "error structure is to be told from the data",
    ),
    "nearly_true": Threshold(
        0.5,
        "probability that the circuit is only nearly true, above which residuals are systematic",
        "more probable than not; eisfit.fitting.errors.departures.discrepancy, after Kennedy and O'Hagan, "
        "J. R. Stat. Soc. B 63 (2001) 425",
    ),
    "ambiguous": Threshold(
        100.0,
        "odds between two optima of one circuit up to which the data allows both",
        "H. Jeffreys, Theory of Probability, 3rd ed. (1961), app. B: decisive from 100",
    ),
    "kk_breach": Threshold(
        0.01,
        "breach of Kramers-Kronig, fraction of |Z|, up to which it is only told",
        "Schönleber, Klotz and Ivers-Tiffée, Electrochim. Acta 131 (2014) 20: residuals below 1 %",
    ),
    "kk_shift": Threshold(
        2.0,
        "standard errors by which a parameter may move when the range that breaks Kramers-Kronig is left out",
        "95 % of a normal error",
    ),
    "kk_share": Threshold(
        0.5,
        "share of a parameter's information that may come from the range that breaks Kramers-Kronig",
        "more than half of it: the parameter lives there",
    ),
    "determined": Threshold(
        1.0,
        "relative standard error from which a parameter is open",
        "an error as large as the value determines nothing",
    ),
    "doubtful": Threshold(
        0.3,
        "relative standard error from which the profile likelihood decides whether a side is open",
        "t times the error stays below the value for every number of points",
    ),
    "extrapolated": Threshold(
        0.1,
        "relative standard error up to which an arc outside the range, or beside another, is only told",
        "its flank determines it",
    ),
    "open_side": Threshold(
        0.95,
        "level of the profile likelihood that decides whether a parameter's side is open",
        "the usual level, as that of intervals",
    ),
    "arcs_overlap": Threshold(
        1.96,
        "standard errors between the time constants of two arcs, below which their order is not known",
        "95 % of a normal error",
    ),
    "correlated": Threshold(
        0.98, "correlation that is told", "each of the two errors is five times that with the other fixed"
    ),
    "at_bound": Threshold(
        1e-6,
        "distance from a bound, relative to the value or to the range, within which a parameter is at it",
        "no data tells a value from one a millionth away",
    ),
    "absurd_point": Threshold(
        100.0,
        "factor by which one point's |Z| lies off both its neighbours",
        "a capacitor changes |Z| by the ratio of the frequencies alone, at most 10 from point to point",
    ),
    "real_only": Threshold(
        1e-6, "|Z''| over |Z| below which, at every frequency, the data has no imaginary part", "rounding"
    ),
    "rounding": Threshold(
        1e-6, "relative residual below which nothing is systematic", "rounding in files of six digits"
    ),
    "series_jump": Threshold(
        1.5,
        "factor from one spectrum of a series to the next from which a parameter may have jumped",
        "less can be an arc's own change; told only where series_unusual is exceeded too",
    ),
    "series_unusual": Threshold(
        6.0,
        "times its usual movement, from which a parameter of a series may have jumped",
        "no movement of a normal distribution: chance 2e-9",
    ),
    "series_exchanged": Threshold(
        9.0,
        "fall of chi-squared from which two arcs of a series continue those before better when exchanged",
        "three standard deviations of one movement",
    ),
    "series_apart": Threshold(
        2.0,
        "standard errors between the time constants of two arcs, below which they have run into one",
        "95 % of a normal error",
    ),
    "series_blurred": Threshold(
        0.35,
        "relative error of an arc's resistance from which it and its neighbour have run into one",
        "about as doubtful: three errors then reach to nothing",
    ),
    "cells_differ": Threshold(
        0.05,
        "probability by chance, below which two cells' rates of growth are said to differ",
        "the usual level: one comparison in 20 of equal cells is said to differ",
    ),
    "study_fits": Threshold(
        1e-3,
        "chance of a chi-squared as large, below which a study's best hypothesis misses and no odds are told",
        "one in 1,000",
    ),
    "study_feasible": Threshold(
        0.5,
        "share of the prior's draws that can meet a study's published resistances at all, below which no "
        "hypothesis fits",
        "most of them cannot",
    ),
    "study_alone": Threshold(
        0.9,
        "probability from which one hypothesis of a study stands for all",
        "odds of 9 to 1 against all the others together",
    ),
    "study_best": Threshold(
        0.5,
        "probability of a study's best hypothesis, below which none is decided",
        "all the others together are more probable",
    ),
    "study_named": Threshold(
        0.1,
        "probability from which a hypothesis is named where none is decided",
        "as study_alone: odds of 9 to 1 against it",
    ),
    "study_mends": Threshold(
        0.7,
        "share of a study's misfit, from which a cause outside its hypotheses leaves too much to be told",
        "what mends no more than three tenths leaves the question where it was",
    ),
    "study_outside": Threshold(
        2.0,
        "log10 odds against a study's best hypothesis from which a cause beside another one is more likely",
        "a hundred to one: about as many are tried",
    ),
    "study_nearest": Threshold(
        0.3,
        "share of a study's misfit that the nearest cause may leave to be named in its first lines",
        "as study_mends, from the other end: it mends more than seven tenths",
    ),
    "study_made": Threshold(
        0.1,
        "share of the change of R_ct from which an effect is said to have made it, not only to be there",
        "nine tenths of the change are another's",
    ),
    "study_unchanged": Threshold(
        0.3,
        "95 % interval of the change over the bare cell's R_ct, from which fits leave open how it changed",
        "as doubtful",
    ),
    "study_settled": Threshold(
        0.1,
        "bits that are open among a study's hypotheses, below which hardly anything is left to settle",
        "two hypotheses at odds of 80 to 1 leave as much",
    ),
    "study_useful": Threshold(
        0.1,
        "share of the open bits from which an experiment is said to settle the rest",
        "what is expected to bring less leaves the odds about as they are",
    ),
}


def limit(name: str) -> float:
    """Return the value of a threshold.

    >>> limit("usable_rms")
    0.03
    """
    return THRESHOLDS[name].value


def is_near_noise(misfit: float, rms: float) -> bool:
    """Return whether a circuit of a comparison fits: `misfit` is the residual over the noise, `rms` over |Z|.

    >>> is_near_noise(1.1, 0.02), is_near_noise(4.0, 0.002), is_near_noise(4.0, 0.02)
    (True, True, False)
    """
    return misfit <= limit("near_the_noise") or rms <= limit("fine_rms")


@dataclass(frozen=True)
class Flag(Document):
    """One thing to know about a result.

    Parameters
    ----------
    name
        Short fixed name that programs can compare, for instance ``kk_failed``.
    cause
        What was seen, in one sentence with its numbers.
    cure
        What to do about it, in one sentence.
    level
        ``forbids`` the use of the result, or ``tells``.

    Examples
    --------
    >>> Flag("kk_failed", "3 points deviate", "repeat the sweep").to_dict()["level"]
    'tells'
    """

    name: str
    cause: str
    cure: str
    level: str = TELLS

    @property
    def forbids(self) -> bool:
        """Whether the result must not be used as it stands."""
        return self.level == FORBIDS

    def __str__(self) -> str:
        return f"{self.name}: {self.cause}; {self.cure}"


def usable(grade: str, flags: Iterable[Flag]) -> bool:
    """Return whether a result can be used as it stands: graded A to C, and no flag forbids it.

    >>> usable("B", []), usable("D", [])
    (True, False)
    """
    return grade in ("A", "B", "C") and not any(flag.forbids for flag in flags)
