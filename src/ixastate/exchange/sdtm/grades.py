"""AETOXGR and AESEV: the CTCAE grade of an adverse event as studies write it, in a number or in words."""

from __future__ import annotations

import re
import unicodedata

from ixastate.exchange.sdtm.folder import Row
from ixastate.exchange.sdtm.values import LeftOut, key, meanings

# A text that is longer states more than a grade.
LONGEST = 200
_GAP = r"[\s.:,_#=(-]"
_NAME = rf"(?:(?:nci|ctc|ctcae|toxicity|tox)\b{_GAP}*(?:v(?:ersion)?\.?\s*\d+(?:\.\d+)?{_GAP}*)?)*"
_NUMBER = (
    rf"(?:(?:(?:grade|grd|gr|g){_GAP}*)?0*(?P<digit>[0-5])(?:[.,]0*)?"
    rf"|(?:(?:grade|grd|gr){_GAP}*|g{_GAP}+)?(?P<roman>i{{1,3}}|iv|v))[)\]]?"
)
_BETWEEN = r"[\s(\[:;,/=\u2010-\u2015-]+"
_FORMS = (
    re.compile(rf"{_NAME}{_NUMBER}(?:{_BETWEEN}(?P<words>[a-z].*))?"),
    re.compile(rf"(?P<words>[a-z][a-z -]*[a-z]){_BETWEEN}{_NAME}{_NUMBER}"),
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}


def blank(text: str) -> bool:
    """True for an empty cell, or for one that says that nothing stands there."""
    return key(text) in meanings("blank") or not key(text)


def grade(row: Row) -> tuple[int, str]:
    """The grade of an adverse event, 0 to 5, and the variable that gave it (convention GRADE).

    `LeftOut` where there is none, or none that is understood; its words begin with the reason.
    """
    for variable, reason in (("AETOXGR", "unknown grade"), ("AESEV", "unknown severity")):
        if not blank(row[variable]):
            found = understood(row[variable])
            if found is None:
                raise LeftOut(reason)
            return found, variable
    raise LeftOut("neither grade nor severity")


def understood(text: str) -> int | None:
    """The grade that a text states: 3, 3.0, G3, Grade III, 3 - Severe, severe. None for anything that is not plain."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if len(plain) > LONGEST:
        return None
    for form in _FORMS:
        found = form.fullmatch(plain)
        if found is not None:
            number = int(found["digit"] or _ROMAN[found["roman"]])
            return number if not found["words"] or _severity(found["words"]) == number else None
    return _severity(plain, whole=True)


def _severity(words: str, *, whole: bool = False) -> int | None:
    """The grade of a severity in words; CTCAE goes on after them ("severe or medically significant")."""
    given = key(words)
    known = meanings("severity")
    begun = [word for word in known if given == word or (not whole and f"{given} "[: len(word) + 1] == f"{word} ")]
    return int(known[max(begun, key=len)]) if begun else None
