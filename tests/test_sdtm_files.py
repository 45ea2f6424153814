"""The files of an SDTM study: any byte, damaged files, Dataset-JSON, split data sets, the order of rows and files."""

from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ixastate.cli.main import main
from ixastate.errors import InputError
from ixastate.events import EVENT
from ixastate.exchange.sdtm import compare_doses, folder, read_sdtm
from ixastate.exchange.sdtm.folder import SHAPES
from tests.sdtm_studies import AE, DM, DS, EX, LB, Cells, Tables, dataset_json, imported, json_lines, study, told, xpt

pytest.importorskip("pyreadstat", reason="the extra sdtm is not installed")


# --- Any byte -------------------------------------------------------------------------------------------------


def test_every_byte_of_a_text_is_read(tmp_path: Path) -> None:
    """As a term of its own each byte gives an event or a reason, and whatever it is the rest is imported."""
    rows = [AE | {"AESEQ": float(byte), "AEDECOD": b"pain %c x" % byte} for byte in range(256)]
    events, report = imported(tmp_path, lb=[LB], ae=rows)
    assert report.used["other_toxicity_graded"] == 256
    terms = {getattr(event, "term", "") for event in events}
    assert {"pain x", "pain é x", "pain µ x", "pain ’ x", "pain € x", "pain a x"} <= terms  # 1252 and ISO 8859-1
    assert all(term.isprintable() for term in terms)
    assert report.used["neutrophils_measured"] == 1


@pytest.mark.parametrize(
    ("raw", "term"),
    [
        (b"Crohn\x92s disease", "crohn’s disease"),
        ("Crohn’s disease".encode(), "crohn’s disease"),
        (b"M\xe9ni\xe8re", "ménière"),
        (b"\x93fatigue\x94", "“fatigue”"),
        (b"\x81fatigue", "fatigue"),  # no character of 1252
        (b"fatigue\xa0\x07severe", "fatigue severe"),
    ],
)
def test_a_text_is_decoded_by_the_bytes_it_has(tmp_path: Path, raw: bytes, term: str) -> None:
    events, _ = imported(tmp_path, ae=[AE | {"AEDECOD": raw}])
    assert getattr(events[1], "term", "") == term


@pytest.mark.parametrize("unit", [b"10^3/\xb5L", "10^3/µL".encode(), "10^3/μL".encode()])
def test_the_mu_of_a_unit_in_each_encoding(tmp_path: Path, unit: bytes) -> None:
    events, _ = imported(tmp_path, lb=[LB | {"LBSTRESU": unit, "LBORRESU": ""}])
    assert told(events) == ["03-12 neutrophils_measured value=1.5 unit=10*9/L"]


def test_texts_of_both_encodings_in_one_file(tmp_path: Path) -> None:
    rows = [AE | {"AEDECOD": "Ménière".encode()}, AE | {"AEDECOD": b"M\xe9ni\xe8re", "AETOXGR": "2"}]
    events, _ = imported(tmp_path, ae=rows)
    assert {getattr(event, "term", "ménière") for event in events} == {"ménière"}


@pytest.mark.parametrize("field", ["USUBJID", "LBTESTCD", "LBSTRESU", "LBSTRESC", "LBDTC", "LBSPEC", "LBSTAT"])
def test_any_bytes_in_a_row_of_lb_leave_the_others(tmp_path: Path, field: str) -> None:
    odd = [LB | {"LBSEQ": float(byte), field: bytes([byte, 255 - byte])} for byte in range(1, 256)]
    _, report = imported(tmp_path, lb=[LB, *odd])
    assert report.read["LB"] == 256
    assert report.used["neutrophils_measured"] >= 1
    assert sum(report.left_out.values()) + report.used["neutrophils_measured"] == 256


# --- Damaged files ----------------------------------------------------------------------------------------------


def refused(directory: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_sdtm(directory)
    assert str(directory) in caught.value.where
    assert caught.value.remedy
    return caught.value


def test_what_can_not_be_opened_is_refused(tmp_path: Path) -> None:
    (study(tmp_path) / "lb.xpt").unlink()
    (tmp_path / "lb.xpt").mkdir()
    assert "cannot be read" in refused(tmp_path).what


def test_a_transport_file_without_variables_is_refused(tmp_path: Path) -> None:
    study(tmp_path)
    (tmp_path / "lb.xpt").write_bytes(xpt("LB", []))
    assert refused(tmp_path).what == "the transport file holds no variables"


def outcome(directory: Path) -> str:
    """Whether a study is read or refused with its place and a remedy; anything else is the test's failure."""
    try:
        read_sdtm(directory)
    except InputError as error:
        return "refused" if str(directory) in error.where and error.remedy else f"refused badly: {error}"
    return "read"


def test_a_damaged_file_is_refused_or_read_and_never_a_traceback(tmp_path: Path) -> None:
    study(tmp_path, lb=[LB | {"LBSEQ": float(n)} for n in range(9)], ae=[AE])
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    chance = random.Random(10)
    outcomes: Counter[str] = Counter()
    for _ in range(120):
        path = chance.choice(sorted(whole))
        data = bytearray(whole[path])
        for _ in range(chance.choice([1, 3, 30])):
            data[chance.randrange(len(data))] = chance.choice([0, 32, 255, chance.randrange(256)])
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        outcomes[outcome(tmp_path)] += 1
        path.write_bytes(whole[path])
    assert set(outcomes) == {"read", "refused"}
    assert min(outcomes.values()) > 15


def test_json_that_is_damaged_is_refused_or_read(tmp_path: Path) -> None:
    study(tmp_path, "json", lb=[LB], ae=[AE])
    whole = (tmp_path / "lb.json").read_bytes()
    chance = random.Random(11)
    outcomes: Counter[str] = Counter()
    for _ in range(250):
        data = bytearray(whole)
        data[chance.randrange(len(data))] = chance.choice([0, 34, 44, 91, 125, 255, chance.randrange(256)])
        (tmp_path / "lb.json").write_bytes(data)
        outcomes[outcome(tmp_path)] += 1
    assert set(outcomes) == {"read", "refused"}
    assert min(outcomes.values()) > 15


ODD = ["", " ", "\x00", "\ud800", "\u2028", "<", ">=", "NaN", "1e999", "-0", "9" * 400, "0" * 2500, "2024-03-12T", "٣"]
ODD += ["Ⅳ", "2024-03-12/", "/", "Y", "N", "QD", "mg", "IXAZOMIB", "DEATH", "PROGRESSIVE DISEASE", "FATAL", "<0.1"]
ODD += ["a" * 300]


def test_anything_may_stand_in_any_cell(tmp_path: Path) -> None:
    """Every row is used or left out, the events are valid, and a course takes them in."""
    chance = random.Random(12)
    values = [*ODD, None, True, 0, -1, 10**30, 0.1]
    for _ in range(60):
        tables: Tables = {}
        for name, row in {"lb": LB, "ae": AE, "ds": DS, "ex": EX}.items():
            rows = [row | {f"{name.upper()}SEQ": number} for number in range(12)]
            fields = [field for field in SHAPES[name.upper()].variables if field != "USUBJID"]
            for one in rows:
                one |= {field: chance.choice(values) for field in chance.sample(fields, 3)}
            tables[name] = rows
        for path in tmp_path.iterdir():
            path.unlink()
        study(tmp_path, "json", **tables)
        events, report = read_sdtm(tmp_path)
        assert sum(report.used.values()) + sum(report.left_out.values()) == 1 + 4 * 12
        assert all(EVENT.validate_json(event.model_dump_json()) == event for event in events)
        compare_doses(events, report.others)


def lb_json(**changes: Any) -> Cells:
    return dataset_json("LB", [LB], **changes)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "the file is empty"),
        ("\ufeff \n", "the file is empty"),
        ("{", "not JSON that can be read"),
        ("[" * 100_000, "not JSON that can be read"),
        ("[]", "not a Dataset-JSON"),
        ('{"clinicalData": {}}', "not a Dataset-JSON 1.1"),
        (lb_json(datasetJSONVersion=None, columns=3), "not a Dataset-JSON 1.1"),
        (lb_json(columns=[{"itemOID": "x"}]), "its columns do not have one name each"),
        (lb_json(columns=[{"name": "A"}, {"name": "a"}], rows=[]), "its columns do not have one name each"),
        (lb_json(rows={"a": 1}), "its rows are no list"),
        (lb_json(rows=[["S-1"]]), "row 1 does not hold 9 values"),
        (lb_json(rows=[[*LB.values()], "x"], records=2), "row 2 does not hold 9 values"),
        (lb_json(rows=[[[]] * 9]), "row 1 holds more than one value in a cell"),
        (lb_json(records=2), "it says 2 records and holds 1"),
        (dataset_json("LB", [{"USUBJID": "S-1"}]), "LB has no variable LBTESTCD"),
    ],
)
def test_json_that_is_no_data_set_is_refused(tmp_path: Path, content: Any, what: str) -> None:
    study(tmp_path, "json")
    (tmp_path / "lb.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    assert what in refused(tmp_path).what


def test_lines_that_do_not_begin_with_attributes_are_refused(tmp_path: Path) -> None:
    study(tmp_path, "ndjson")
    (tmp_path / "lb.ndjson").write_text("[1, 2]\n")
    assert "the first line holds no attributes" in refused(tmp_path).what


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    study(tmp_path, "ndjson")
    (tmp_path / "lb.ndjson").write_bytes(json_lines("LB", [LB, LB]).replace(b'["LB"', b'["LB', 1))
    assert refused(tmp_path).where == f"{tmp_path / 'lb.ndjson'}:2"


# --- Dataset-JSON -----------------------------------------------------------------------------------------------

TABLES: Tables = {
    "lb": [LB, LB | {"LBTESTCD": "PLAT", "LBSTRESN": 29.0, "LBSTRESC": "29"}],
    "ae": [AE, AE | {"AEDECOD": "Ménière"}],
    "ds": [DS | {"DSDECOD": "PROGRESSIVE DISEASE"}],
    "ex": [EX],
}


def test_every_form_of_a_study_gives_the_same(tmp_path: Path) -> None:
    found = []
    for form in ("xpt", "json", "ndjson"):
        (tmp_path / form).mkdir()
        found.append(imported(tmp_path / form, form, **TABLES))
    assert found[0] == found[1] == found[2]
    assert len(found[0][0]) == 9


def test_forms_may_be_mixed_and_zipped(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = imported(tmp_path / "plain", **TABLES)
    mixed = study(tmp_path, **TABLES)
    (mixed / "lb.xpt").unlink()
    (mixed / "LB.JSON").write_bytes(b"\xef\xbb\xbf" + json.dumps(dataset_json("LB", TABLES["lb"])).encode())
    (mixed / "ae.xpt").unlink()
    with zipfile.ZipFile(mixed / "ae.zip", "w") as archive:
        archive.writestr("data/ae.ndjson", json_lines("AE", TABLES["ae"]))
    assert read_sdtm(mixed) == plain


def test_dataset_json_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    events, _ = imported(tmp_path, "json", lb=[LB])
    assert told(events) == ["03-12 neutrophils_measured value=1.5 unit=10*9/L"]


@pytest.mark.parametrize(("letters", "taken"), [(200, True), (201, False)])
def test_a_subject_may_have_a_name_of_200_letters(tmp_path: Path, letters: int, taken: bool) -> None:
    name = "S" * letters
    events, report = imported(tmp_path, "json", dm=[DM, DM | {"USUBJID": name}], lb=[LB | {"USUBJID": name}])
    assert ({event.patient for event in events} == {"S-1", name}) is taken
    assert report.left_out.get(("DM", "no usable USUBJID"), 0) == (not taken)


def test_a_number_of_json_keeps_every_digit(tmp_path: Path) -> None:
    study(tmp_path, "json", lb=[LB | {"LBSTRESC": None, "LBORRES": None, "LBSTRESN": "N"}])
    path = tmp_path / "lb.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"N"', "0.499999999999999999999"), encoding="utf-8")
    events, _ = read_sdtm(tmp_path)
    assert told(events) == ["03-12 neutrophils_measured value=0.499999999999999999999 unit=10*9/L"]


def test_of_two_forms_of_a_data_set_one_is_read(tmp_path: Path) -> None:
    study(tmp_path, lb=[LB])
    (tmp_path / "lb.json").write_text("not read")
    _, report = read_sdtm(tmp_path)
    assert report.notes["lb.json: not read, since lb.xpt is"] == 1


# --- Archives that are not what they say ---------------------------------------------------------------------------

PACKINGS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
NOT_READ = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}


def packed(directory: Path, packing: str = "deflated") -> Path:
    """A study of which LB lies in an archive."""
    study(directory, lb=[LB, *(LB | {"LBSEQ": float(number)} for number in range(2, 40))])
    with zipfile.ZipFile(directory / "lb.zip", "w", {**PACKINGS, **NOT_READ}[packing]) as archive:
        archive.write(directory / "lb.xpt", "data/lb.xpt")
    (directory / "lb.xpt").unlink()
    return directory / "lb.zip"


def refusal(directory: Path) -> str:
    with pytest.raises(InputError) as refused:
        read_sdtm(directory)
    assert refused.value.where == str(directory / "lb.zip")
    return refused.value.what


def test_an_archive_of_more_than_fits_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(packed(tmp_path)) as archive:
        size = archive.infolist()[0].file_size
    monkeypatch.setattr(folder, "MOST_UNPACKED", size)
    assert len(read_sdtm(tmp_path)[0]) > 1
    monkeypatch.setattr(folder, "MOST_UNPACKED", size - 1)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert refusal(tmp_path) == f"data/lb.xpt has {size:,} bytes when it is unpacked"


def test_no_more_is_unpacked_than_an_archive_says(tmp_path: Path) -> None:
    path = packed(tmp_path)
    with zipfile.ZipFile(path) as archive:
        size = archive.infolist()[0].file_size
    content = path.read_bytes()
    assert content.count(size.to_bytes(4, "little")) == 2  # beside the file, and in the list of files
    path.write_bytes(content.replace(size.to_bytes(4, "little"), (80).to_bytes(4, "little")))
    assert "not a ZIP archive that can be read: " in refusal(tmp_path)


@pytest.mark.parametrize("packing", PACKINGS)
def test_little_memory_goes_into_what_an_archive_does_not_say(tmp_path: Path, packing: str) -> None:
    """It holds 100 MB and says 80 bytes."""
    path, said = packed(tmp_path), 100_000_000
    with zipfile.ZipFile(path, "w", PACKINGS[packing]) as archive:
        archive.writestr("lb.xpt", bytes(said))
    path.write_bytes(path.read_bytes().replace(said.to_bytes(4, "little"), (80).to_bytes(4, "little")))
    on_disk = path.stat().st_size
    tracemalloc.start()
    try:
        what = refusal(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "not a ZIP archive that can be read: " in what
    assert peak < on_disk + 5_000_000


@pytest.mark.parametrize("packing", NOT_READ)
def test_what_would_be_unpacked_whatever_an_archive_says_is_not_read(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(tmp_path, packing)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda *_: pytest.fail("it was unpacked"))
    assert refusal(tmp_path) == "data/lb.xpt is packed in a way that is not read"


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("damage", ["flipped", "cut short", "encrypted"])
def test_a_damaged_archive_is_told_whatever_way_it_was_packed(tmp_path: Path, packing: str, damage: str) -> None:
    path = packed(tmp_path, packing)
    content = bytearray(path.read_bytes())
    listed = content.rindex(b"PK\x01\x02")
    if damage == "flipped":
        content[listed // 2] ^= 0xFF
    elif damage == "cut short":
        del content[listed // 2 : listed]
    else:
        content[6] |= 1
        content[listed + 8] |= 1
    path.write_bytes(bytes(content))
    assert "not a ZIP archive that can be read: " in refusal(tmp_path)


def test_a_way_of_packing_that_nobody_knows_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path)
    content = bytearray(path.read_bytes())
    content[8] = content[content.rindex(b"PK\x01\x02") + 10] = 97
    path.write_bytes(bytes(content))
    assert refusal(tmp_path) == "data/lb.xpt is packed in a way that is not read"


# --- Parts ------------------------------------------------------------------------------------------------------


def test_a_split_data_set_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    platelets = [LB | {"LBTESTCD": "PLAT", "LBSEQ": 2.0, "LBDTC": "2024-03-19"}]
    whole = imported(tmp_path / "whole", lb=[LB | {"LBSEQ": 1.0}, *platelets], ae=[AE, AE | {"AEDECOD": "RASH"}])
    split = {"lbhm": [LB | {"LBSEQ": 1.0}], "lb_chem": platelets, "ae1": [AE], "aeb": [AE | {"AEDECOD": "RASH"}]}
    assert imported(tmp_path / "parts", **split) == whole
    assert len(whole[0]) == 7


def test_parts_may_lie_in_different_forms(tmp_path: Path) -> None:
    study(tmp_path, lbhm=[LB])
    (tmp_path / "lbch.ndjson").write_bytes(json_lines("LBCH", [LB | {"LBTESTCD": "PLAT", "LBDTC": "2024-03-19"}]))
    events, report = read_sdtm(tmp_path)
    assert [line.split()[1] for line in told(events)] == ["neutrophils_measured", "platelets_measured"]
    assert report.read["LB"] == 2


def test_what_is_named_like_a_part_and_is_none_is_passed_over(tmp_path: Path) -> None:
    study(tmp_path, lb=[LB], ex=[EX])
    (tmp_path / "exam.json").write_text('{"questions": []}')
    (tmp_path / "aelist.xpt").write_bytes(xpt("AELIST", [{"USUBJID": "S-1"}]))
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("notes.txt", "")
    (tmp_path / "lbq.xpt").write_bytes(xpt("LBQ", [LB | {"DOMAIN": "QS"}]))
    (tmp_path / "suppae.xpt").write_bytes(b"not looked at")
    events, report = read_sdtm(tmp_path)
    assert len(events) == 3
    assert {name: n for name, n in report.notes.items() if "start" not in name} == {
        "aelist.xpt: not a part of AE": 1,
        "exam.json: not a part of EX": 1,
        "export.zip: not a part of EX": 1,
        "lbq.xpt: not a part of LB": 1,
        "suppae.xpt: supplemental qualifiers are not read": 1,
    }


def test_a_part_that_is_damaged_is_refused(tmp_path: Path) -> None:
    study(tmp_path, lbhm=[LB], lbch=[LB | {"LBTESTCD": "PLAT"}])
    path = tmp_path / "lbch.xpt"
    path.write_bytes(path.read_bytes()[:-40])
    assert refused(tmp_path).where == str(path)


def test_the_same_row_in_two_parts_counts_once(tmp_path: Path) -> None:
    events, report = imported(tmp_path, lbhm=[LB], lbch=[LB, LB | {"LBSEQ": 7.0}])
    assert report.used["neutrophils_measured"] == 2  # the one with a number of its own is another row
    assert report.left_out == {("LB", "the same row again"): 1}
    assert len(events) == 3


# --- Whose study it is -------------------------------------------------------------------------------------------

SPECIES = {"TSPARMCD": "SPECIES", "TSVAL": "RAT"}


@pytest.mark.parametrize("tables", [{"dm": [DM | {"SPECIES": "Rattus norvegicus"}]}, {"ts": [SPECIES]}])
def test_another_species_is_refused(tmp_path: Path, tables: Tables) -> None:
    error = refused(study(tmp_path, **tables))
    assert "another species than human: ra" in error.what.lower()
    assert "people" in error.remedy


@pytest.mark.parametrize("name", ["HUMAN", "Homo sapiens", "", "human"])
def test_a_study_of_people_is_read(tmp_path: Path, name: str) -> None:
    events, _ = imported(tmp_path, dm=[DM | {"SPECIES": name}], ts=[SPECIES | {"TSVAL": name}], lb=[LB])
    assert len(events) == 2


# --- Order ------------------------------------------------------------------------------------------------------


def busy_study() -> Tables:
    """A study with ties of every kind, with and without numbers of sequence."""
    lb = [
        LB | {"LBTESTCD": test, "LBSTRESN": value, "LBSTRESC": "", "LBORRES": "", "LBDTC": date, "LBSEQ": seq}
        for test, date, seq, value in [
            ("NEUT", "2024-03-12", None, 0.4),
            ("NEUT", "2024-03-12", None, 1.8),
            ("PLAT", "2024-03-12", None, 20.0),
            ("NEUT", "2024-03-12T09:00", 4.0, 0.3),
            ("NEUT", "2024-03-12T09:00", 3.0, 1.9),
            ("PLAT", "2024-03-19", 9.0, 20.0),
            ("PLAT", "2024-03-19", 8.0, 60.0),
            ("NEUT", "2024-03-05", None, 0.45),
            ("NEUT", "2024-03-04T23:00", None, 0.45),
        ]
    ]
    lb += [
        LB
        | {
            "LBTESTCD": "CREATCLR",
            "LBSTRESU": "mL/min",
            "LBSTRESN": value,
            "LBSTRESC": "",
            "LBORRES": "",
            "LBDTC": date,
        }
        for value, date in [(25.0, "2024-03-01"), (80.0, "2024-03-01"), (70.0, "2024-02-01")]
    ]
    ae = [
        AE | {"AEDECOD": term, "AETOXGR": grade, "AEREL": relation, "AESEQ": seq}
        for term, grade, relation, seq in [
            ("NAUSEA", "3", "PROBABLE", None),
            ("NAUSEA", "3", "NONE", None),
            ("NAUSEA", "2", "", None),
            ("RASH", "2", "", 5.0),
            ("RASH", "3", "", 4.0),
            ("NEURALGIA", "1", "", None),
            ("PERIPHERAL SENSORY NEUROPATHY", "2", "", None),
        ]
    ]
    ae += [AE | {"AEDECOD": "SEPSIS", "AEOUT": "FATAL", "AEENDTC": date} for date in ("2024-06-02", "2024-06-01")]
    ds = [
        DS | {"DSDECOD": term, "DSSTDTC": date}
        for term, date in [
            ("DEATH", "2024-06-03"),
            ("DEATH", "2024-06-01"),
            ("PROGRESSIVE DISEASE", "2024-05-20"),
            ("DISEASE PROGRESSION", "2024-05-20"),
            ("WITHDRAWAL BY SUBJECT", "2024-05-20"),
            ("WITHDRAWAL BY SUBJECT", "2024-05-21"),
        ]
    ]
    ex = [
        EX | {"EXTRT": drug, "EXSTDTC": f"2024-03-{day}", "EXENDTC": ""}
        for drug in ("NINLARO", "DEX")
        for day in (12, 19)
    ]
    dm = [DM | {"USUBJID": name, "RFSTDTC": ""} for name in ("S-1", "S-2")]
    ex += [
        EX | {"USUBJID": name, "EXSTDTC": date, "EXENDTC": ""}
        for name in ("S-1", "S-2")
        for date in ("2024-03-05", "2024-03-05T09:30")
    ]
    return {"dm": dm, "lb": lb, "ae": ae, "ds": ds, "ex": ex}


def test_the_order_of_rows_and_files_decides_nothing(tmp_path: Path) -> None:
    tables = busy_study()
    (tmp_path / "first").mkdir()
    first = imported(tmp_path / "first", **tables)
    assert first[1].subjects == 2
    for seed in range(25):
        chance = random.Random(seed)
        shuffled: Tables = {}
        for name, rows in tables.items():
            order = chance.sample(rows, len(rows))
            cut = chance.randrange(1, len(order))
            shuffled |= {name: order} if name == "dm" else {f"{name}a": order[:cut], f"{name}b": order[cut:]}
        (tmp_path / str(seed)).mkdir()
        assert imported(tmp_path / str(seed), chance.choice(["xpt", "json", "ndjson"]), **shuffled) == first, seed


def test_what_comes_last_at_one_moment_is_as_stated(tmp_path: Path) -> None:
    events, report = imported(tmp_path, **busy_study() | {"dm": [DM], "ex": [EX | {"USUBJID": "S-9"}]})
    lines = [line for line in told(events) if line[:5] in ("03-05", "03-12", "03-19")]
    assert lines == [
        "03-05 neutrophils_measured value=0.45 unit=10*9/L",
        "03-12 neutrophils_measured value=1.8 unit=10*9/L",
        "03-12 neutrophils_measured value=0.4 unit=10*9/L",  # no LBSEQ: the worse last
        "03-12 platelets_measured value=20 unit=10*9/L",
        "03-12 neutrophils_measured value=1.9 unit=10*9/L",  # LBSEQ 3
        "03-12 neutrophils_measured value=0.3 unit=10*9/L",  # LBSEQ 4
        "03-19 platelets_measured value=60 unit=10*9/L",  # LBSEQ 8
        "03-19 platelets_measured value=20 unit=10*9/L",  # LBSEQ 9
    ]
    assert {name: n for name, n in report.notes.items() if "results of one test" in name} == {
        "days with results of one test of which some have no time: those count first": 1,
        "moments with different results of one test and no LBSEQ: the worse counts last": 2,  # NEUT, and the clearance
        "moments with different results of one test: the order of LBSEQ": 2,
    }
    clearance: Any = getattr(events[0], "creatinine_clearance", None)
    assert clearance.value == 25  # of two baselines of a day the worse


def test_both_orders_of_one_day_end_in_the_same_state(tmp_path: Path) -> None:
    from ixastate.course.course import Course

    rows = [LB | {"LBSTRESN": value, "LBSTRESC": "", "LBORRES": ""} for value in (0.4, 1.8)]
    ends = []
    for name, order in (("a", rows), ("b", rows[::-1])):
        (tmp_path / name).mkdir()
        events, _ = imported(tmp_path / name, lb=order)
        course = Course("S-1")
        for event in events:
            course.observe(event)
        ends.append(course.status.words)
    assert ends == ["held for neutrophils"] * 2


# --- The command ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "lb.xpt").write_bytes(b""),
        lambda folder: (folder / "lb.xpt").write_bytes((folder / "lb.xpt").read_bytes()[:-40]),
        lambda folder: (folder / "dm.xpt").write_bytes(xpt("DM", [DM | {"SPECIES": "DOG"}])),
        lambda folder: (folder / "ae.xpt").unlink(),
        lambda folder: (folder / "dm.xpt").write_bytes(xpt("DM", [DM | {"ARMCD": "SCRNFAIL"}])),
        lambda folder: (folder / "dm.xpt").write_bytes(xpt("DM", [], *DM)),
    ],
)
def test_what_is_refused_writes_nothing(
    tmp_path: Path, spoil: Callable[[Path], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    study(folder, lb=[LB])
    spoil(folder)
    assert main(["import", "sdtm", str(folder), "-o", str(tmp_path / "log.jsonl")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"ixastate: {folder}")
    assert not (tmp_path / "log.jsonl").exists()


def test_what_is_written_is_utf_8_whatever_the_console(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    folder = tmp_path / "in"
    folder.mkdir()
    study(folder, ae=[AE | {"AEDECOD": "Ménière’s", "AEOUT": "déjà"}])
    command = [sys.executable, "-m", "ixastate", "import", "sdtm", str(folder), "-o", str(tmp_path / "log.jsonl")]
    done = subprocess.run(
        command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    )
    assert done.returncode == 0, done.stderr
    assert rb"AEOUT  'd\xe9j\xe0'" in done.stdout
    assert "ménière’s" in (tmp_path / "log.jsonl").read_text(encoding="utf-8")
