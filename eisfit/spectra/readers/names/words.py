"""The words of headers: what quantities, parts, signs and units are called in the field's languages."""

from __future__ import annotations

from collections.abc import Iterable

from eisfit.spectra.readers.names.not_measured_words import WORKED_OUT

#: Words by what they mean; a word may be written together with others (``zreal``, ``sweepfrequency``).
_MEANS = {
    "frequency": "фреквенција freq freqs fréq messfrequenz anregungsfrequenz 测量频率 扫描频率 激励频率 "
    "测试频率 測定周波数 frequency frequencies frequenz frequence fréquence frecuencia frec frequência "
    "freqüência frequenza частота ν 频率 頻率 周波数 주파수 фреквенция frq frecvență frecventa συχνότητα "
    "תדר التردد فرکانس честота frekvencija frekvenca freqüència sagedus dažnis maiztasuna تردد frekvens "
    "frekvence frekvencia frekans frequentie frekuensi taajuus częstotliwość",
    "omega": "omega ω angular circular angularfrequency kreisfrequenz pulsation pulsación pulsazione "
    "angolare angulaire angolari угловая круговая циклическая hoekfrequentie vinkelfrekvens 角频率 角頻率 "
    "角周波数 角振動数 각주파수",
    "Z": "empedans импеданса impedans impedantie impedanssi impedancja z asr zs zser imp impedance "
    "impedances impedanz impédance impedancia impedância impedenza импеданс zimpedance 阻抗 总阻抗 全阻抗 "
    "阻抗值 インピーダンス インピーダンス値 임피던스 complexz",
    "Y": "y adm admittance admittanz admitancia admittanza адмиттанс 导纳 アドミタンス 어드미턴스",
    "real": "erreala realioji reālā ממשי حقیقی реални gerçel reaalosa reali الحقيقي realni realna reálny "
    "nyata действительная вещественная реална реальна πραγματικό πραγματικο ℜ ℜz re real rea realpart "
    "realteil reell reel réel reelle réelle reale parte_real 实部 實部 実部 실수 실수부 resistance "
    "resistive résistance resistencia resistência resistenza resistans rezystancja wirkwiderstand вещ "
    "действ дійсна reala reală reálná reálna realdel reaaliosa riil resistanz wirkanteil wirkkomponente 実 "
    "实 實 実数部 实数部 実軸 实轴 実成分 抵抗成分 抵抗 电阻 電阻 저항 widerstand reële reeele realanteil "
    "reëel reeel valós gerçek rzeczywista rzecz",
    "imag": "irudikaria menamoji imaginārā imaginær מדומה موهومی имагинарни imaginària imaginară "
    "imaginaarosa menama التخيلي imaginarni imaginarna imaginárny imaginária imajiner мнимая имагинерна "
    "φανταστικό φανταστικο ℑ ℑz im imag ima img image imaginary imaginaire imaginär imaginar imaginer "
    "imaginario immaginario immaginaria imaginaria imaginário imaginair képzetes sanal urojona imaginärteil "
    "imaginaerteil 虚部 虛部 허수 허수부 imaginärdel imaginærdel imaginaariosa imaginární imaginárna уявна "
    "电抗 reactance reaktanz réactance reactancia reatância reattanza reaktans reaktancja blindwiderstand "
    "虚 虛 虚数部 虚軸 虚轴 虚成分 電抗 리액턴스 imaginäranteil imaginaeranteil reactive blindanteil "
    "blindkomponente мним リアクタンス リアクタンス成分",
    "modulus": "модуль módulus moduł μέτρο modül belopp scheinwiderstand 阻抗模 阻抗模值 阻抗幅值 모듈 mod "
    "modulus modul module módulo modulo abs absolute absolutebetrag betrag magnitude mag magnitud 模 模值 "
    "绝对值 絶対値 크기 모듈러스",
    "phase": "θd θr thetad 位相角 fazowy faza fáze fázis φάση γωνία угол фазы sudut fasa fasevinkel "
    "fasvinkel fas fasförskjutning 相角 阻抗角 偏角 幅角 argument ϕ phasenverschiebung déphasage dephasage "
    "desfase defasaje defasagem sfasamento ángulo angulo ângulo angolo vinkel kąt úhel сдвиг фазовый фаз "
    "위상차 位相差 相位差 vaihe vaihekulma açı açısı faz hoek fasehoek phase ang angel phasen phasenwinkel "
    "phz phi φ theta θ arg angle winkel phaseangle phaseshift fase phas ph фаза 相位 相位角 位相 위상 "
    "위상각",
    "prime": "prime dash strich",
    "double": "double dbl doppel 2",
    "minus": "负 負 マイナス 마이너스 minus neg negative moins negativ negativer negatives negativo "
    "negativa inverted inv",
    "log": "log log10 lg",
    "ln": "ln",
    "conductance": "conductance conductancia conduttanza condutância leitwert wirkleitwert 电导 電導 "
    "コンダクタンス 컨덕턴스",
    "susceptance": "susceptance susceptancia suscettanza susceptância suszeptanz blindleitwert 电纳 電納 "
    "サセプタンス 서셉턴스",
    "dissipation": "dissipation dissipationfactor tandelta lossfactor verlustfaktor losstangent 损耗 "
    "损耗因子 损耗因数 損失係数 誘電正接 손실계수",
    "noise": "noise",
    "cycle": "cycle cycles cyc zyklus zyklen zykluszahl ciclo ciclos цикл cyklu cykl cykel cyclus cyklus "
    "循环次数 循环号 循环序号 サイクル数 循环 サイクル 사이클",
    "loop": "loop spectrum",
    "number": "number no nr num index id idx nummer 号 序号 번호",
    "time": "time times zeit messzeit testzeit prüfzeit zaman 测试时间 temps tiempo tempo время 时间 時間 "
    "시간 timesec",
    "period": "period periods periode periodendauer période período periodo период 周期 周期時間",
    "temperature": "temperature temp temperatur température temperatura температура sıcaklık lämpötila "
    "teplota temperatuur hőmérséklet zelltemperatur messtemperatur prüftemperatur 电池温度 電池温度 "
    "测试温度 試験温度 測定温度 tm tempc tcell mtemp 温度 온도",
    "potential": "ewe vdc edc voltage potential potentiel spannung potenzial potencial potenziale "
    "zellspannung напряжение потенциал gerilim 电池电压 tensión tension tensione voltaje 电压 電圧 电位 "
    "電位 전압",
    "current": "idc current strom courant corriente corrente 电流 電流 전류",
    "index": "pt pts point points row messpunkt unnamed 点",
    "filler": "složka daļa חלק قسمت део zati count の 성분 成分 分量 primary secondary param parameter "
    "partea dalis الجزء pri sec часть част dio del μέρος bagian kısım kisim part partie parte teil część "
    "část časť rész deel частина value values mean avg average wert mittelwert mittel moyenne promedio 平均 "
    "平均值 act actual istwert applied signal test elapsed measured measurement measuring meas cell of the "
    "in der de di du la ac series serial component complex linear lin total stack at column data raw shift "
    "deg sweep dc trace lumped port element experimental exp",
    "ohm": "ohm ohms",
    "other": f"{WORKED_OUT} nominal zsim "
    "range ref reference drift power density rate energy capacity nsd "
    "target set soll sollwert counter ce d delta initial final line acquisition "
    "control area units unit milli kilo mega meg micro nano pico giga tera "
    "rayl rayls acoustic mechanical hundreds thousand thousands million millions times",
}
#: Names, as a whole, of the angular frequency.
OMEGA = {"w", *(f"2{mark}{pi}{mark}f" for mark in ("", "*", "·") for pi in ("pi", "π"))}
#: What is measured of an equivalent circuit, in words: ``Parallel capacitance``, ``Kapazität seriell``.
_CIRCUITS = {
    name: f"{symbol}_{circuit}"
    for circuit, adjectives in (
        ("parallel", "parallel equivalentparallel paralelo parallelo parallèle 并联 並列 等効並列"),
        ("series", "series serial equivalentseries seriell serie série 串联 直列 等効直列"),
    )
    for symbol, nouns in (
        ("C", "capacitance capacity kapazität capacité capacidad capacità 电容 容量"),
        ("L", "inductance induktivität inductancia induttanza 电感 インダクタンス"),
        ("R", "resistance widerstand résistance resistencia resistenza 电阻 抵抗"),
    )
    if (symbol, circuit) != ("R", "series")  # is the real part
    for adjective in adjectives.split()
    for noun in nouns.split()
    for name in (adjective + noun, noun + adjective)
}
#: Names that say it only as a whole.
_WHOLE = {
    "frequency": "f fr fmeas factual fexp hz grid w nu tầnsố",
    "real": "r rs zr zser esr equivalentseriesresistance активноесопротивление rω rz phầnthực",
    "imag": "x xs zi zim реактивноесопротивление xω iz phầnảo",
    "modulus": "ze zwe zm amplitude 幅值 полноесопротивление",
    # thd, thr: theta in degrees and in radians on Keysight's meters; tz, thz: of Z
    "phase": "phasee tz pha phasewe phasezwe thd thr thz thetar theta-r theta-d a",
    "admittance_real": "g gp",
    "admittance_imag": "b bp",
    "C_parallel": "cp",
    "C_series": "cs",
    "L_series": "ls",
    "L_parallel": "lp",
    "R_parallel": "rp",
    "X_parallel": "xp",
    "capacitance": "c cap capacitance kapazität",
    "dissipation": "d df tanδ tand losstangent lossfactor tandelta tan-delta tgδ tgdelta dissipationfactor "
    "d-factor",
    "quality": "q qualityfactor qfactor q-factor gütefaktor güte 品质因数",
    "time": "t",
    "period": "1/f",
    "temperature": "tcell celltemp celltemperature",
    "current": "i",
    "potential": "e v u v-dc dc edc ocv ocp bias dcbias biasvoltage dcbiasvoltage",
    "cycle": "sweep sweepindex",
    "index": "n #",
}
WHOLE = {
    **{word: quantity for quantity, words in _WHOLE.items() for word in words.split()},
    **_CIRCUITS,
    **dict.fromkeys(OMEGA, "frequency"),
}
ONLY_WITH_UNIT = {
    *_CIRCUITS,
    *("amplitude", "grid", "bias", "幅值", "thd", "thr", "thz", "nu", "w", "g", "gp", "b", "bp", "a"),
    *("cp", "cs", "ls", "lp", "c", "cap", "capacitance", "kapazität"),
}
#: The parts of an impedance; the first three are in ohm.
PARTS = ("real", "imag", "modulus", "phase")
IN_OHM = PARTS[:3]
#: As columns hold them: the size of an imaginary part may stand there too.
ALL_PARTS = ("real", "imag", "imag_size", "modulus", "phase")
#: The two parts that make an impedance together.
PAIRED = (("real", "imag"), ("modulus", "phase"))


def can_make_impedance(quantities: Iterable[str]) -> bool:
    """Whether two of some quantities make an impedance together.

    >>> can_make_impedance(["frequency", "phase", "modulus"]), can_make_impedance(["real", "phase"])
    (True, False)
    """
    held = set(quantities)
    return any(held.issuperset(pair) for pair in PAIRED)


#: What is measured beside an impedance, or what it is measured at.
CONDITIONS = ("temperature", "potential", "current", "time", "cycle")
_KINDS = {
    "frequency": "frequency",
    "ohm": "real imag imag_size modulus noise R_parallel X_parallel",
    "angle": "phase admittance_phase",
    "siemens": "admittance_real admittance_imag admittance_modulus",
    "farad": "C_parallel C_series capacitance capacitance_real capacitance_imag",
    "henry": "L_series L_parallel",
    "time": "time period",
    "volt": "potential",
    "ampere": "current",
    "celsius": "temperature",
    "": "cycle index dissipation quality",
}
#: What the unit of a quantity measures.
KIND = {quantity: kind for kind, quantities in _KINDS.items() for quantity in quantities.split()}
PAIRS: dict[str, tuple[str, ...]] = {
    "zr": ("Z", "real"),
    "zx": ("Z", "imag"),
    "yp": ("Y",),  # Novocontrol's: of the parallel circuit
    "rz": ("Z",),  # Analog Devices' RzMag, RzPhase
    "dprime": ("double", "prime"),
    "mimz": ("minus", "imag", "Z"),
    "xc": ("minus", "imag"),  # the size of a capacitive reactance
    "zi": ("Z", "imag"),
    "zj": ("Z", "imag"),
}
VOCABULARY = {word: concept for concept, words in _MEANS.items() for word in words.split()}
_SHORT_WITHIN = {*"zy実实實虚虛负負の", "ohm", "deg", "act", "dc", "of", "成分", "分量", "성분"}
#: Words that may stand within another: ``zreal``.
JOINED = {
    word: concept
    for word, concept in VOCABULARY.items()
    if word in _SHORT_WITHIN or (len(word) > 1 and (concept != "filler" or len(word) > 3))
}
#: What a concept means where no part of an impedance is named, the first that is there.
ALONE = (
    *(("frequency", "frequency"), ("omega", "frequency")),
    *(("conductance", "admittance_real"), ("susceptance", "admittance_imag")),
    *((name, name) for name in ("dissipation", "noise", "temperature", "potential", "current", "cycle")),
    *(("loop", "cycle"), ("period", "period"), ("time", "time"), ("index", "index"), ("number", "index")),
    *(("Y", "admittance_modulus"), ("Z", "modulus")),
)
