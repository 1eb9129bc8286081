"""Words for what is no measured impedance, wherever they stand: models, errors, bounds, other quantities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.units import PER_AREA, unit_kind

#: What each kind is called in notes.
WHAT = {
    "model": "by its name a fit or a model",
    "error": "by its name an error or a weight",
    "scatter": "by its numbers an error of what stands beside it",
    "bound": "by its name a bound or a change of it",
    "other": "by its name no impedance in ohm",
}
#: Fits and models, errors, and what was divided by something: in no language a part of a measured impedance.
_MODELS = (
    "fit fitted sim simulated simulation calc calculated model modeled modelled estimated "
    "modell angepasst anpassung gefittet berechnet simuliert modèle ajusté simulé calculé modelo modello "
    "ajuste ajustado calculado simulado simulación 拟合 计算 模拟 フィット 計算 피팅"
)
_ERRORS = (
    "res resid residual residuals error errors err std stddev sigma sig sd sem σ dev deviation variance var "
    "uncertainty uncertainties uncert unc snr thd stdabw stabw standardabweichung abweichung "
    "fehler unsicherheit residuum residuen erreur incertitude "
    "desviación desviacion desvest desv incertidumbre "
    "scarto odchylka 误差 标准差 偏差 誤差 標準偏差 오차 표준편차"
)
_CHANGES = "rel diff difference norm normalized normalised reduced relative"
WORKED_OUT = f"{_MODELS} {_ERRORS} {_CHANGES}"
#: Words that say so as the name of columns, rows, a sheet, a group alone.
_KINDS = {
    "model": (
        f"{_MODELS} fits bestfit backfit simulations prediction predictions predicted pred theory "
        "theoretical theo th kk linkk mkk zhit hilbert drt gpr posterior bootstrap ecm eqc eec randles voigt "
        "tlm guess expected analytical comsol fem regression spline interp interpolated extrapolated "
        "denoised smooth smoothed filtered filt loess lowess savgol geglättet gerechnet lissé calcd recon "
        "reconstructed backcalc nlls cnls lsq optim corr corrected comp "
        "仿真 계산 시뮬레이션 シミュ フィッ モデル 近似 모델 模型 预测 估计 平滑"
    ),
    "error": (
        f"{_ERRORS} 残差 不确定 不確か se ci cv rsd rse mse rmse mae mad iqr accuracy "
        "precision spread jitter scatter stdev "
        "conf confidence tol tolerance limit repeatability reproducibility streuung weight weights gewicht "
        "gewichte abw ecart écart residue misfit chi chi2"
    ),
    "bound": f"{_CHANGES} lcl ucl percentile quantile p5 p10 p90 p95 lower upper lo hi min max median",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
#: Two words that mean it together alone.
_TOGETHER = {
    "equivalent circuit": "model",
    "kramers kronig": "model",
    "s d": "error",
    "écart type": "error",
}
#: What a lab may call a cell too: there the numbers decide.
_AS_CELLS = (
    "smooth theory theo th comp corr filt optim randles voigt ecm model modell std sd se ci cv dev sig var "
    "res error err limit spread mad conf rel norm reduced lower upper lo hi min max median diff"
)
_UNSURE = frozenset(_AS_CELLS.split())
#: What such words begin with, in many languages and forms, and what German ones may hold.
_STEMS = {
    **dict.fromkeys(("simul", "fitt", "fitk", "fitc", "calcul", "kalkul", "berechn", "rechnung"), "fit"),
    **dict.fromkeys(("predict", "approxim", "appross", "interpol", "extrapol", "reconstr", "regress"), "fit"),
    **dict.fromkeys(("ajust", "estimat", "anpass", "gefitt", "symul", "beräkn", "vypočt", "nachbild"), "fit"),
    **dict.fromkeys(("модел", "расч", "аппрокс", "подгон", "surrogat"), "fit"),
    **dict.fromkeys(("погрешн", "ошибк", "отклон"), "residual"),
    **dict.fromkeys(("residu", "incert", "uncert", "deviat", "toleran", "confiden"), "residual"),
    "model": "model",
}
_ENDS, _OTHER_FITS = "fit", ("benefit", "profit", "outfit", "retrofit")
_WITHIN = ("unsicherheit", "abweichung", "fehler")
#: What stands beside such a word and is no cell's name.
_PLAIN_WORDS = (
    "data curve line result results the from with type set dataset impedance spectrum cycle real imag zview"
)
_PLAIN = frozenset(_PLAIN_WORDS.split())
_TOKEN = regex(r"[^\W_]+")
_CAMEL = regex(r"(?<=[a-zà-ÿ])(?=[A-Z])|(?<=Z)(?=[A-Z][a-z])")
_IDEOGRAMS = tuple(word for word in _KIND_OF if ord(word[0]) > 0x2FFF)
#: Names, as a whole, of another quantity.
_ADMITTANCE = regex(
    r"(?:complex\W+)?(?:Y|(?i:admit+an[cz]\w*)|导纳|導納|アドミタンス|어드미턴스)(?i:\W*(?:data|spectrum|spectra))?\W*"
)
_IMPEDANCE = regex(r"(?:complex\W+)?(?:Z|(?i:imp[eé]d[ae]n[cszt]\w*)|阻抗|インピーダンス|임피던스)\W*")
#: What else lines over a table say that its numbers are; ``Z/Z(1 kHz)``, ``Thermal impedance Zth (K/W)``.
_TITLES = regex(
    r"\b(?:thermal|acoustic|mechanical|hydraulic)\s+impedance|thermische\w* impedanz|\bK ?/ ?W\b|\brayls?\b"
    r"|^\W*(?:ratio|quotient|verhältnis|z-?scores?)\b|\bd\|?Z\|?\s*/\s*d\w|\bM\*$"
    r"|^\W*Z\s*/\s*\|?Z\b|^\W*(?:conduct|suscept)ance\b|^\W*leitwert|^\W*(?:complex\s+)?(?:voltage|current|spannung|strom|capacitance|kapazität|[MCε]\*)"
    r"(?:\s+\S{1,3}(?![\w:=]))?(?:\s*[\[(/].{1,6}|\s+in\s+\S{1,4}|\s+of\s+(?:the\s+)?\w+(?:\s+\d+)?|)$",
    re.IGNORECASE,
)
_LONGEST_TITLE, _BEFORE = 80, ("standard", "absolute", "mean")
_VALUED = regex(r"\s[-+]?\d[\d.,]*\s*(?:%|°?\w{0,2})$")  # a setting: voltage 3.7
_FIRST_WORDS = 3  # of a title, among which is what it is of
_OTHERS = regex(
    r"(?:complex|relative|dielectric|electric|real|rms|ac|cell)?\W*"
    r"(?:(?:permittivit|voltage|current|spannung|strom|modulus|capacitance|conductivit|gain)"
    r"(?:y|ies|s)?|transfer function|normali[sz]ed?(?: z| impedance)?|normiert)\W*",
    re.IGNORECASE,
)


def find_kind(name: str) -> str:
    """Return what a name says that is no measured impedance: a kind of `WHAT`; empty: nothing.

    >>> [find_kind(name) for name in ("Z fit", "95% CI", "拟合数据", "Voltage (V)", "Z (Ohm cm2)")]
    ['model', 'error', 'model', 'other', 'other']
    >>> [find_kind(name) for name in ("Q3 2024", "5 min", "Standard cell", "High voltage cell")]
    ['', '', '', '']
    """
    return _classify(name)[0]


def is_certain(name: str) -> bool:
    """Whether a name of some kind can hardly be a cell's.

    >>> is_certain("Residuals"), is_certain("upper electrode"), is_certain("Std"), is_certain("Std. dev.")
    (True, False, False, True)
    """
    return _classify(name)[1]


def is_admittance(name: str) -> bool:
    """Whether a name is that of an admittance, as a whole.

    >>> is_admittance("Y"), is_admittance("Admittance (mS)"), is_admittance("Y cell")
    (True, True, False)
    """
    return any(_ADMITTANCE.fullmatch(core.strip()) for core, _ in [(name, ""), *split_units(name)])


def is_impedance(name: str) -> bool:
    """Whether a name is that of an impedance, as a whole.

    >>> is_impedance("Z (Ohm)"), is_impedance("Cell Z")
    (True, False)
    """
    return any(_IMPEDANCE.fullmatch(core.strip()) for core, _ in [(name, ""), *split_units(name)])


def find_other_subject(line: str) -> str:
    """Return what a line over a table says that its numbers are, where that is no impedance; else nothing.

    >>> find_other_subject("# Thermal impedance Zth (K/W)"), find_other_subject("Residuals of the fit")
    ('Thermal impedance', 'Residuals')
    >>> find_other_subject("Current range: 1 A"), find_other_subject("Cell A, error bars not shown")
    ('', '')
    """
    if len(line) > _LONGEST_TITLE or ":" in line or "=" in line:
        return ""
    if (match := _TITLES.search(line)) and (" of " in match[0] or not _VALUED.search(line)):
        return match[0].strip(" #%;*")
    words = _TOKEN.findall(line)[:_FIRST_WORDS]
    first = next((word for word in words if _KIND_OF.get(word.lower()) in ("error", "bound")), "")
    told = (
        _KIND_OF.get(words[0].lower()) in ("error", "bound") or words[0].lower() in _BEFORE
        if words
        else False
    )
    if _KIND_OF.get(first.lower()) == "error" and _VALUED.search(line):
        return ""
    return first if told and is_certain(" ".join(words)) else ""


def drop_common_words(names: Sequence[str]) -> list[str]:
    """Return names without the words that all of them have, where they differ: ``model A``, ``model B``."""
    if len({*names}) < 2:
        return list(names)
    first, *others = ({*_TOKEN.findall(name)} for name in names)
    common = first.intersection(*others)
    if not common:
        return list(names)
    return [_TOKEN.sub(lambda word: "" if word[0] in common else word[0], name).strip() for name in names]


@lru_cache(maxsize=1024)
def _classify(name: str) -> tuple[str, bool]:
    """Return the kind and whether it is sure."""
    words = [word.lower() for word in _TOKEN.findall(_CAMEL.sub(" ", name))]
    text = " ".join(words)
    if together := next((kind for pair, kind in _TOGETHER.items() if pair in text), ""):
        return together, True
    found = [
        bare for before, word in zip(["", *words], words, strict=False) if (bare := _translate(word, before))
    ]
    if found:
        several = len({*found}) > 1  # std. dev., rel. error
        strange = (word for word in words if word.isalpha() and len(word) > 2 and word not in _PLAIN)
        foreign = [word for word in strange if not _translate(word, "")]
        sure = any(word not in _UNSURE for word in found) and not (foreign and words[0] != foreign[0])
        return _KIND_OF[found[0]], several or sure  # a fitted seal, a SIM card
    ways = [(name, ""), *split_units(name)]
    units = [unit for _, unit in ways]
    areas = any(map(PER_AREA.search, units)) and "ohm" in map(unit_kind, units)
    return ("other", True) if areas or any(_OTHERS.fullmatch(core) for core, _ in ways) else ("", False)


def _translate(word: str, before: str) -> str:
    """Return a word of ours that says the same, numbers around it aside; nothing: ``5 min``."""
    if word in _KIND_OF:
        return "" if word == "min" and before.isdigit() else word
    bare = word.strip("0123456789")
    if bare in _KIND_OF and (_KIND_OF[bare] == "error" or (bare not in _UNSURE and len(bare) > 2)):
        return bare
    if not word.isascii() and (known := next((known for known in _IDEOGRAMS if known in word), "")):
        return known
    told = next((known for stem, known in _STEMS.items() if word.startswith(stem)), "")
    told = _ENDS if word.endswith(_ENDS) and word not in _OTHER_FITS else told
    return told or ("residual" if any(stem in word for stem in _WITHIN) else "")
