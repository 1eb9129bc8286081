"""Column identifiers of BioLogic's binary `.mpr`: what is stored under which number, and as which type.

Facts from public descriptions of the format and from comparing `.mpr` files with EC-Lab's text exports; the
names are EC-Lab's. A number that is not here is refused, because the place of all later columns hangs on it.
"""

from __future__ import annotations

# These share one byte, which stands where the first of them is listed.
FLAGS = frozenset({1, 2, 3, 21, 31, 65})

_F4 = {
    5: "control/V/mA",
    6: "Ewe/V",
    8: "I/mA",
    9: "Ece/V",
    16: "Analog IN 1/V",
    17: "Analog IN 2/V",
    19: "control/V",
    20: "control/mA",
    26: "Rapp/Ohm",
    27: "Ewe-Ece/V",
    32: "freq/Hz",
    33: "|Ewe|/V",
    34: "|I|/A",
    35: "Phase(Z)/deg",
    36: "|Z|/Ohm",
    37: "Re(Z)/Ohm",
    38: "-Im(Z)/Ohm",
    69: "R/Ohm (dc)",
    70: "P/W",
    75: "Analog OUT/V",
    76: "<I>/mA",
    77: "<Ewe>/V",
    78: "Cs-2/uF-2",
    96: "|Ece|/V",
    98: "Phase(Zce)/deg",
    99: "|Zce|/Ohm",
    100: "Re(Zce)/Ohm",
    101: "-Im(Zce)/Ohm",
    163: "|Estack|/V",
    168: "Rcmp/Ohm",
    169: "Cs/uF",
    172: "Cp/uF",
    173: "Cp-2/uF-2",
    174: "<Ewe>/V",
    178: "(Q-Qo)/C",
    179: "dQ/C",
    217: "THD Ewe/%",
    218: "THD I/%",
    220: "NSD Ewe/%",
    221: "NSD I/%",
    223: "NSR Ewe/%",
    224: "NSR I/%",
    **{230 + i: f"|Ewe h{i + 2}|/V" for i in range(6)},
    **{236 + i: f"|I h{i + 2}|/A" for i in range(6)},
    242: "|E2|/V",
    271: "Phase(Z1)/deg",
    272: "Phase(Z2)/deg",
    301: "|Z1|/Ohm",
    302: "|Z2|/Ohm",
    331: "Re(Z1)/Ohm",
    332: "Re(Z2)/Ohm",
    361: "-Im(Z1)/Ohm",
    362: "-Im(Z2)/Ohm",
    391: "<E1>/V",
    392: "<E2>/V",
    422: "Phase(Zstack)/deg",
    423: "|Zstack|/Ohm",
    424: "Re(Zstack)/Ohm",
    425: "-Im(Zstack)/Ohm",
    426: "<Estack>/V",
    430: "Phase(Zwe-ce)/deg",
    431: "|Zwe-ce|/Ohm",
    432: "Re(Zwe-ce)/Ohm",
    433: "-Im(Zwe-ce)/Ohm",
    434: "(Q-Qo)/C",
    435: "dQ/C",
    441: "<Ece>/V",
    462: "Temperature/°C",
    471: "<Ece>/V",
    473: "THD Ewe/%",
    474: "THD I/%",
    476: "NSD Ewe/%",
    477: "NSD I/%",
    479: "NSR Ewe/%",
    480: "NSR I/%",
    **{486 + i: f"|Ewe h{i + 2}|/V" for i in range(6)},
    **{492 + i: f"|I h{i + 2}|/A" for i in range(6)},
    505: "Rdc/Ohm",
}
_F8 = {
    4: "time/s",
    7: "dq/mA.h",
    11: "<I>/mA",
    13: "(Q-Qo)/mA.h",
    23: "dQ/mA.h",
    24: "cycle number",
    74: "|Energy|/W.h",
    123: "Energy charge/W.h",
    124: "Energy discharge/W.h",
    125: "Capacitance charge/uF",
    126: "Capacitance discharge/uF",
    182: "step time/s",
    211: "Q charge/discharge/mA.h",
    438: "step time/s",
    467: "Q charge/discharge/mA.h",
    880: "Energy we/W.h",
}
_U4 = {212: "half cycle", 213: "z cycle", 468: "half cycle", 469: "z cycle"}
_U2 = {39: "I Range", 131: "Ns"}
_U1 = {509: "Acir/Dcir Control"}

COLUMNS: dict[int, tuple[str, str]] = {
    number: (name, kind)
    for kind, table in (("<f4", _F4), ("<f8", _F8), ("<u4", _U4), ("<u2", _U2), ("u1", _U1))
    for number, name in table.items()
}
