"""Ways in which data break: characters, numbers, lines, fields and bytes, drawn from a seeded generator.

JSON is broken as a value and written by `as_json`, which can also write what Python's own cannot: a number of any
digits, nesting of any depth, and a field twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

# Control characters, those that turn the direction of a text, marks, odd blanks and line ends, digits of other scripts,
# half of a pair, letters whose small form is longer, and what other formats take for their own.
CHARACTERS = (
    *("\0", "\x07", "\x1b[31m", "\x1b]0;x\x07", "\x7f", "\x85", "\xa0", "\u200b", "\u202e", "\u2066", "\u2028"),
    *("\ufeff", "\ufffe", "\ud800", "\udfff", "\ue000", "\U0010ffff", "\U0001f600", "é", "e\u0301", "İ", "ß", "ﬁ"),
    *(
        "٣",
        "３",
        "²",
        "½",
        "Ⅳ",
        "−",
        "µ",
        "μ",
        "≤",
        "，",
        "。",
        "\t",
        "\r",
        "\n",
        "\r\n",
        " ",
        "'",
        '"',
        "\\",
        "/",
        "`",
    ),
    *(
        "<",
        ">",
        "&",
        "%",
        "%s",
        "{",
        "}",
        "{0}",
        "[",
        "]",
        ",",
        ":",
        ";",
        "#",
        "=",
        "-",
        "+",
        ".",
        "*",
        "@",
        "|",
        "$",
        "~",
    ),
)
# As they stand in a file, without quotes.
NUMBERS = (
    *(
        "0",
        "-0",
        "-0.0",
        "-1",
        "1",
        "2",
        "5",
        "6",
        "0.5",
        "1.0",
        "1e0",
        "1e400",
        "-1e400",
        "1e-400",
        "1E+5000",
        "4.9e-324",
    ),
    *("1e308", "1e1000000000", "1e-1000000000", "9" * 20, "9" * 400, "9" * 4300, "9" * 5000, "0." + "0" * 998 + "1"),
    *(
        "0." + "9" * 2000,
        "1" + "0" * 999,
        "2147483648",
        "-2147483649",
        "18446744073709551616",
        "01",
        "+1",
        "1.",
        ".5",
        "0x10",
    ),
    *("1_000", "٣", "NaN", "Infinity", "-Infinity", "nan", "inf", "true", "null", "499.99999999999999999999", "36526"),
)
TEXTS = (
    *("", " ", "null", "true", "NaN", "0", "-1", "1e400", "none", "None", "a" * 201, "x" * 100_000, "\ud800", "a\nb"),
    *(
        "\x1b[31mred",
        "%%{init: {}}%%",
        "<script>",
        "]]>",
        "../../etc/passwd",
        "/",
        ".",
        "..",
        "CON",
        "a\0b",
        "١٢",
        "日本",
    ),
    *("2026-03-02T08:00:00Z", "2026-03-02T08:00:00+23:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *(
        "2026-02-30T08:00:00Z",
        "2026-03-29T02:30:00+01:00",
        "2026-03-02",
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:00:60Z",
    ),
    *(
        "1900-01-01T00:00:00Z",
        "2199-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "2026-03-02T08:00:00.123456789Z",
        "08:00",
    ),
    *(
        "24:00",
        "8:00",
        "08:00:00",
        "UTC",
        "right/UTC",
        "Europe/Berlin",
        "localtime",
        "posixrules",
        "dosing-text",
        "us-label",
    ),
    *("/mm3", "10*9/L", "<0.1", "ixazomib", "on treatment", "screening", "discontinued", "course_started", "event"),
)
DEPTHS = (3, 60, 900, 1100, 20_000, 150_000)


def characters(rng: Random, text: str) -> str:
    """The text with some characters put in, left out, doubled, changed or made many."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        where = rng.randrange(len(text) + 1)
        kind = rng.randrange(6)
        if kind < 3:
            text = text[:where] + rng.choice(CHARACTERS) + text[where + (kind == 1) :]
        elif kind == 3:
            text = text[:where] + text[where + rng.randrange(1, 9) :]
        elif kind == 4:
            text = text[:where] + text[where : where + 8] * rng.choice((2, 2, 50, 3000)) + text[where + 8 :]
        else:
            text = text[:where] + text[where : where + 1].swapcase() + text[where + 1 :]
    return text


def broken_bytes(rng: Random, content: bytes) -> bytes:
    """The bytes with some changed, lost, doubled, moved or cut off."""
    for _ in range(rng.choice((1, 1, 2, 5))):
        first, last = sorted((rng.randrange(len(content) + 1), rng.randrange(len(content) + 1)))
        kind = rng.randrange(8)
        if kind < 2 and content:
            at = first % len(content)
            content = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        elif kind == 2:
            content = content[:first] + rng.randbytes(rng.choice((1, 1, 4, 40))) + content[first:]
        elif kind == 3:
            content = content[:first] + content[first + rng.choice((1, 1, 2, 80)) :]
        elif kind == 4:
            content = content[:first]
        elif kind == 5:
            content = content[:first] + content[last:] + content[first:last]
        elif kind == 6:
            content = content[:last] + content[first : first + 200] + content[last:]
        else:
            content = (
                content[:first]
                + rng.choice((b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"\r"))
                + (content[first:])
            )
    return content


def lines(rng: Random, given: Sequence[str], others: Sequence[str]) -> list[str]:
    """The lines with some lost, doubled, swapped, merged, cut, or of another file."""
    found = list(given)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not found:
            break
        one, other = rng.randrange(len(found)), rng.randrange(len(found))
        kind = rng.randrange(7)
        if kind == 0:
            del found[one]
        elif kind == 1:
            found.insert(other, found[one])
        elif kind == 2:
            found[one], found[other] = found[other], found[one]
        elif kind == 3:
            found[one : one + 2] = ["".join(found[one : one + 2])]
        elif kind == 4:
            at = rng.randrange(len(found[one]) + 1)
            found[one : one + 1] = rng.choice(([found[one][:at]], [found[one][:at], found[one][at:]]))
        elif kind == 5:
            found[one] = rng.choice(others)
        else:
            found.insert(one, rng.choice(("", " ", "\t", "\ufeff", "[]", "{}", "null", "0", "#", "\0")))
    return found


# --- JSON ------------------------------------------------------------------------------------------------------------

_BARE = re.compile(r'"@<(.*?)>@"')
_AGAIN = "@^"


def bare(text: str) -> str:
    """A value that `as_json` writes without quotes."""
    return f"@<{text}>@"


def as_json(rng: Random, value: Any) -> str:
    """JSON of a value; what is bare stands in it without quotes, and a field may stand in it twice."""
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    return _BARE.sub(r"\1", text).replace(_AGAIN, "")


def deep(rng: Random) -> str:
    """A value of many values in each other, bare."""
    # Beside the depth that Python itself can follow something may be read that cannot be written.
    depth = rng.choice((*DEPTHS, rng.randrange(700, 1000)))
    if rng.random() < 0.5:
        return bare("[" * depth + "]" * depth)
    # Quotes would be escaped, so the names are left out where nothing can be read anyway.
    return bare("[{}," * depth + "0" + "]" * depth)


def odd(rng: Random) -> Any:
    """Any value, mostly of a kind that nobody expects."""
    kind = rng.randrange(12)
    if kind < 4:
        return bare(rng.choice(NUMBERS))
    if kind < 8:
        return rng.choice(TEXTS)
    if kind == 8:
        return rng.choice((None, True, False, [], {}, [[]], [None], {"": None}, {"type": "rash_graded"}, ["a", "a"]))
    if kind == 9:
        return rng.choice(CHARACTERS) * rng.choice((1, 2, 300))
    if kind == 10:
        return rng.randrange(-3, 200)
    return deep(rng) if rng.random() < 0.2 else rng.random()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every object or list inside a JSON value with each of its keys or indices."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        inner = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for name, part in inner:
            found.append((one, name))
            if isinstance(part, dict | list):
                waiting.append(part)
    return found


def value(rng: Random, given: Any, others: Sequence[Any]) -> Any:
    """A JSON value, which is changed in place, with some of its parts lost, renamed, exchanged, or of another value."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        found = places(given)
        if not found:
            return odd(rng)
        inside, name = rng.choice(found)
        kind = rng.randrange(12)
        if kind < 4:
            inside[name] = odd(rng)
        elif kind == 4:
            inside[name] = _near(rng, inside[name])
        elif kind == 5:
            del inside[name]
        elif kind == 6:
            there = places(rng.choice(others))
            if there:
                of, its = rng.choice(there)
                # A copy, since a value inside itself has no end.
                inside[name] = json.loads(json.dumps(of[its]))
                if isinstance(inside, dict) and isinstance(its, str) and rng.random() < 0.5:
                    inside[its] = inside.pop(name)
        elif kind == 7 and isinstance(inside, dict):
            inside[rng.choice((*TEXTS[:12], rng.choice(CHARACTERS), "type", "id", "event", "patient"))] = inside.pop(
                name
            )
        elif kind == 8 and isinstance(inside, dict):
            inside[f"{_AGAIN}{name}"] = rng.choice((inside[name], odd(rng)))
        elif kind == 9:
            other, its = rng.choice(found)
            try:
                one, two = json.dumps(inside[name]), json.dumps(other[its])
                inside[name], other[its] = json.loads(two), json.loads(one)
            except (KeyError, IndexError):
                pass
        elif kind == 10:
            inside[name] = rng.choice(([inside[name]], {"value": inside[name]}, [inside[name]] * 2))
        elif isinstance(inside, list):
            inside.insert(rng.randrange(len(inside) + 1), json.loads(json.dumps(inside[name])))
        else:
            inside[name] = _near(rng, inside[name])
    return given


def _near(rng: Random, part: Any) -> Any:
    """A value beside this one, or the same in another form."""
    if isinstance(part, bool) or part is None:
        return rng.choice((not part, int(bool(part)), str(part).lower(), "yes", None))
    if isinstance(part, int | float):
        # As text, since a number may be of any size.
        text = json.dumps(part)
        return rng.choice(
            (
                part + 1,
                part - 1,
                -part,
                text,
                [part],
                *(bare(f"{text}{end}") for end in (".0", "e2", "e-3", "000", "0")),
            )
        )
    if isinstance(part, str):
        return rng.choice(
            (characters(rng, part), part.upper(), f" {part} ", part * 60, part[:-1], f"{part}\u202e", bare(part))
        )
    return rng.choice((str(part), {}, [], None))


# --- TOML ------------------------------------------------------------------------------------------------------------

_TOML_VALUES = (
    *(
        "nan",
        "inf",
        "-inf",
        "-0.0",
        "1e400",
        "0xffffffffffffffffffff",
        "0x" + "f" * 5000,
        "9" * 5000,
        "1_0",
        "1__0",
        "[]",
    ),
    *(
        "{}",
        '""',
        "'a'",
        "true",
        "1979-05-27T07:32:00Z",
        "1979-05-27",
        "07:32:00",
        "1979-13-27",
        "[1, 'a']",
        "[[]]",
        "{a = 1}",
    ),
    *(
        '"\\ud800"',
        '"\\u0000"',
        '"\\U00110000"',
        '"""',
        "'''",
        '"\\x1b"',
        '"\u202e"',
        "0",
        "1",
        "-1",
        "0.5",
        "1.0",
        "",
        "=",
        "#",
    ),
    *("[" * depth + "]" * depth for depth in DEPTHS[:4]),
    *("{a = " * depth + "1" + "}" * depth for depth in DEPTHS[:4]),
)
_TOML_LINES = (
    *(
        "[a]",
        "[[a]]",
        "[rules]",
        "[rules.X]",
        "[a.b.c]",
        "a = 1",
        "a.b = 1",
        "'' = 1",
        '"a b" = 1',
        "[",
        "]",
        "=",
        "id = 'X'",
    ),
    *(
        "base = 'dosing-text'",
        "base = 1",
        "edition = 'x'",
        "model = 'pkpd'",
        "model = 'hazards'",
        ".".join("a" * 3000) + " = 1",
    ),
    *("[" + ".".join("a" * 3000) + "]", "\0", "# \x7f", "\r", "\ufeff"),
)


def toml(rng: Random, text: str, others: Sequence[str]) -> str:
    """The text of a TOML file with broken characters, lines and values."""
    for _ in range(rng.choice((1, 1, 2))):
        kind = rng.randrange(6)
        if kind == 0:
            text = characters(rng, text)
        elif kind == 1:
            text = "\n".join(lines(rng, text.split("\n"), rng.choice(others).split("\n")))
        elif kind == 2:
            found = text.split("\n")
            found.insert(rng.randrange(len(found) + 1), rng.choice(_TOML_LINES))
            text = "\n".join(found)
        else:
            values = list(re.finditer(r"(?<== )[^\n]+|(?<=value = )[^,\n]+|\d+(?:\.\d+)?", text))
            one = rng.choice(values)
            new = rng.choice((*_TOML_VALUES, rng.choice(values)[0], rng.choice(NUMBERS)))
            text = text[: one.start()] + new + text[one.end() :]
    return text


def any_of(rng: Random, ways: Sequence[Callable[[], Any]]) -> Any:
    """What one of these ways gives."""
    return rng.choice(ways)()
