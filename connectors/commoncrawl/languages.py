"""Languages as the index writes them: ISO 639-3, as CLD2 tells them apart."""

from __future__ import annotations

import re
from typing import Final

from catalog.errors import Usage

_PAIRS: Final = """
aa aar ab abk af afr ak aka am amh ar ara as asm ay aym az aze ba bak be bel bg bul bh bih bi bis bn ben bo bod br bre
bs bos ca cat co cos cs ces cy cym da dan de deu dv div dz dzo el ell en eng eo epo es spa et est eu eus fa fas fi fin
fj fij fo fao fr fra fy fry ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb hi hin hr hrv ht hat hu hun hy hye
ia ina id ind ie ile ig ibo ik ipk is isl it ita iu iku ja jpn jv jav ka kat kk kaz kl kal km khm kn kan ko kor ks kas
ku kur ky kir la lat lb ltz lg lug ln lin lo lao lt lit lv lav mg mlg mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt
my mya na nau ne nep nl nld nn nno no nor ny nya oc oci om orm or ori pa pan pl pol ps pus pt por qu que rm roh rn run
ro ron ru rus rw kin sa san sc srd sd snd sg sag si sin sk slk sl slv sm smo sn sna so som sq sqi sr srp ss ssw st sot
su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir tk tuk tl tgl tn tsn to ton tr tur ts tso tt tat ug uig uk ukr
ur urd uz uzb ve ven vi vie vo vol wo wol xh xho yi yid yo yor za zha zh zho zu zul
"""
_WORDS: Final = _PAIRS.split()
_TO_THREE: Final = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True))
_THREE: Final = re.compile(r"[a-z]{3}\Z")


def three_letters(language: str) -> str:
    """The code of the index for a language tag (`zh`, `zho`, `pt-BR`). Raises `Usage` for what is none."""
    first = language.strip().lower().replace("_", "-").partition("-")[0]
    if first in _TO_THREE:
        return _TO_THREE[first]
    if _THREE.match(first):
        return first
    raise Usage(f"--lang {language[:40]!r} is no language code.", "Say it as: --lang zh")
