"""The strict readers: what they take for data, and what they refuse."""

import io
import json
import os
import random
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from collectors import parse
from data.schema import Failure

TABLE = "model,score\nA,1\nB,2\n"
ROWS = [{"model": "A", "score": "1"}, {"model": "B", "score": "2"}]
COLUMNS = ("model", "score")


def refused(read: Callable[..., object], *args: Any) -> str:
    """Outcome and text of the failure, which must name the place."""
    with pytest.raises(Failure) as caught:
        read(*args)
    assert str(caught.value).startswith("here: ")
    return f"{caught.value.outcome} {caught.value}"


def rows(body: bytes, required: tuple[str, ...] = COLUMNS) -> list[dict[str, str]]:
    return list(parse.csv_rows(body, required, "here"))


def json_of(body: bytes) -> Any:
    return parse.json_document(body, "here")


def yaml_of(body: bytes) -> Any:
    return parse.yaml_document(body, "here")


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


# U7: pages and messages instead of data

MESSAGES = {
    "a web page": b"<!DOCTYPE html><html><body>Sorry</body></html>",
    "a page after a mark and blanks": b"\xef\xbb\xbf\n\n <HTML><head>",
    "an XML error": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "nothing": b"",
    "blanks": b" \r\n\t",
}


@pytest.mark.parametrize("read", [rows, json_of, yaml_of])
@pytest.mark.parametrize("body", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_page_is_not_data(body: bytes, read: Callable[[bytes], object]) -> None:
    assert refused(read, body).startswith("bad_content")


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b'{"error": {"code": 429}}',
        b'{"message": "Not Found", "status": "404"}',
        b'{"ok": false, "errors": []}',
    ],
)
def test_an_error_message_is_not_data(body: bytes) -> None:
    assert refused(json_of, body).startswith("bad_content here: a message instead of data: ")


def test_a_document_may_have_a_field_for_errors() -> None:
    assert json_of(b'{"error": null, "results": []}') == {"error": None, "results": []}


@pytest.mark.parametrize("required", [COLUMNS, ("score",)])
def test_a_sentence_is_not_a_table(required: tuple[str, ...]) -> None:
    assert refused(rows, b"Too many requests, try later.", required).startswith("bad_content")


def test_the_first_200_characters_are_shown_on_one_line() -> None:
    text = refused(rows, b"<html>\n\x1b[31m" + b"x" * 500)
    assert "'<html>\\n\\x1b[31m" + "x" * 188 + "'" in text
    assert "\n" not in text


# U8: encodings


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marked_unicode_gives_equal_rows(coding: str) -> None:
    assert rows("model,score\nÄ→,1\n".encode(coding)) == [{"model": "Ä→", "score": "1"}]


@pytest.mark.parametrize("coding", ["latin-1", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_other_encodings_are_refused_instead_of_guessed(coding: str) -> None:
    assert refused(rows, "model,score\nÄ,1\n".encode(coding)).startswith("bad_content")


def test_text_cut_within_a_character_is_refused() -> None:
    assert "unexpected end" in refused(rows, "model,score\nA,→".encode()[:-1])


# U9, U10: tables


def test_order_blanks_and_more_columns_do_not_matter() -> None:
    assert [{k: row[k] for k in COLUMNS} for row in rows(b" score ,note,model\r\n1,, A\r\n\r\n2,x,B\r\n")] == ROWS


def test_a_missing_column_is_named() -> None:
    text = refused(rows, b"model,points\nA,1\n")
    assert text == "schema here: no column named 'score' (found model, points)"


def test_a_required_column_that_stands_twice_is_not_guessed() -> None:
    assert refused(rows, b"model,score,score\nA,1,2\n").startswith("schema")
    assert rows(b"model,score,,\nA,1,x,y\n")[0]["score"] == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"model;score\nA;1\n",
        b"model\tscore\nA\t1\n",
        b"model,score\nA\n",
        b"model,score\nA,1,2\n",
        b'model,score\n"A,1\n',
        b'model,score\n"A"x,1\n',
        b"model,score\n\0,1\n",
    ],
)
def test_another_shape_is_refused(body: bytes) -> None:
    assert refused(rows, body).startswith("bad_content")


def test_cells_may_hold_lines_and_quotes() -> None:
    assert rows(b'model,score\r\n"A ""x"",\ny",1\r\n')[0]["model"] == 'A "x", y'


def test_names_that_look_alike_are_alike() -> None:
    strange = "A\u200bcme\u00a0Labs\n"
    assert rows(f'model,score\n"{strange}",1\n'.encode())[0]["model"] == "Acme Labs"
    assert parse.json_document(f'[{{"name": "{strange.strip()}"}}]'.encode(), "x") == [{"name": "Acme Labs"}]
    assert parse.yaml_document(f'- name: "{strange.strip()}"\n'.encode(), "x") == [{"name": "Acme Labs"}]


def test_a_last_line_without_an_end_may_be_cut() -> None:
    assert "the last line has no end" in refused(rows, b"model,score\nA,12.5")


def test_rows_that_are_short_can_be_filled_up() -> None:
    assert list(parse.csv_rows(b"a,b\n1\n", ("a", "b"), "x", ragged=True)) == [{"a": "1", "b": ""}]


def test_what_goes_into_a_sum_stands_there_once() -> None:
    assert parse.once(["a", "b"], str.upper, "x") == ["a", "b"]
    with pytest.raises(Failure, match="'A' stands there twice"):
        parse.once(["a", "b", "a"], str.upper, "x")


# U16, U22: JSON and YAML

DEEP = (b"[", b'{"a":', b"- ", b"? ", b"{a: ")


@pytest.mark.parametrize(
    "text",
    [
        b"NaN",
        b"[1, Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b'{"a": 1, "a": 2}',
        b"[1,]",
        b"{}{}",
        b'["\\ud800"]',
        b"9" * 301,
        b"9" * 5000,
        b"[1",
    ],
)
def test_json_that_others_would_take_is_refused(text: bytes) -> None:
    assert refused(json_of, text).startswith("bad_content")


def test_json_may_spell_whole_characters_by_halves() -> None:
    assert json_of(b'["\\ud83d\\ude00"]') == ["😀"]


def test_yaml_with_a_control_character_is_refused() -> None:
    assert refused(yaml_of, b"- name: a\x1ab\n").startswith("bad_content")


@pytest.mark.parametrize("read", [json_of, yaml_of])
@pytest.mark.parametrize("opening", DEEP)
def test_deep_nesting_is_refused_quickly(opening: bytes, read: Callable[[bytes], object]) -> None:
    start = time.process_time()
    assert refused(read, opening * (400_000 // len(opening))).startswith("bad_content")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "text",
    [
        b"a: &a [1]\nb: *a",
        b"a: 1\na: 2",
        b"!!python/object/apply:os.system [ls]",
        b"a: b: c",
        b"--- 1\n--- 2",
        b'a: !!int ""',
        b"a: !!bool maybe",
        b"a: !!timestamp x",
        b"a: 2026-13-45",
    ],
)
def test_yaml_with_aliases_tags_or_doubles_is_refused(text: bytes) -> None:
    assert refused(yaml_of, text).startswith("bad_content")


def test_much_yaml_is_refused_quickly() -> None:
    start = time.process_time()
    assert refused(yaml_of, b"a: [" + b"1," * 1_000_000 + b"]").startswith("too_large")
    assert time.process_time() - start < 1


def test_plain_documents_are_read() -> None:
    assert json_of(b' {"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert yaml_of(b"a: [1, 2.5]\nb: 2026-05-01\n") == {"a": [1, 2.5], "b": date(2026, 5, 1)}


# U21: archives


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_come_by_name(how: int) -> None:
    members = {"a.csv": TABLE.encode(), "d/../../b": b"x"}
    assert parse.zip_members(zipped(members, how), "here") == members


def test_a_zip_bomb_is_not_unpacked() -> None:
    for members in ({"a": b"0" * 150_000_000}, {"a": b"0" * 1_000_000}, {str(n): b"" for n in range(201)}):
        bomb = zipped(members)
        start = time.process_time()
        assert refused(parse.zip_members, bomb, "here").startswith("too_large")
        assert time.process_time() - start < 0.5


def test_a_member_larger_than_it_says_is_refused() -> None:
    bomb = bytearray(zipped({"a": b"0" * 20_000_000}))
    entry = bomb.rfind(b"PK\x01\x02")
    bomb[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    assert refused(parse.zip_members, bytes(bomb), "here").startswith("bad_content")


def test_a_member_that_stands_twice_is_not_guessed() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a", b"2")
    assert refused(parse.zip_members, stream.getvalue(), "here").startswith("bad_content")


# U3, G16: whatever a line may do to an answer


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_archive_is_refused_or_whole(how: int) -> None:
    dice, members = random.Random(1), {"a": os.urandom(50) + b"x" * 200, "b": TABLE.encode()}
    whole, damaged = zipped(members, how), 0
    for _ in range(400):
        body = bytearray(whole)
        body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
        body = body[: dice.choice((len(body), dice.randrange(len(body))))]
        try:
            found = parse.zip_members(bytes(body), "here")
        except Failure:
            damaged += 1
        else:
            assert set(found.values()) <= set(members.values())
    assert damaged > 200


@pytest.mark.parametrize("read", [rows, json_of, yaml_of])
def test_damaged_text_raises_failures_only(read: Callable[[bytes], object]) -> None:
    dice = random.Random(2)
    wholes = (TABLE.encode(), json.dumps({"a": [1, {"b": None}], "c": "é"}).encode(), b"a: [1, 2.5]\nb:\n  - !!int 3\n")
    bits = (b"\0", b"\xff", b'"', b"!!int ", b"!!bool ", b"!!timestamp ", b"{", b"[", b": ", b"\n- ", b"1e999", b"&a ")
    refusals = 0
    for _ in range(1500):
        body = bytearray(dice.choice(wholes))
        at = dice.randrange(len(body))
        body[at : at + dice.randrange(3)] = dice.choice(bits)
        try:
            read(bytes(body))
        except Failure:
            refusals += 1
    assert refusals > 500


# U15, U17: numbers and days

NAIVE = datetime(2026, 5, 1)  # noqa: DTZ001


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), (" -2.5e3 ", -2500.0), (".5", 0.5), ("5.", 5.0), ("+0", 0.0)])
def test_plain_numbers(text: str, value: float) -> None:
    assert parse.number(text, "here") == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,000",
        "1.000,5",
        "1 000",
        "1_000",
        "١",
        "nan",
        "inf",
        "1e999",
        "0x10",
        "1%",
        "$1",
        "--1",
    ],
)
def test_numbers_that_would_be_a_guess(text: str) -> None:
    assert refused(parse.number, text, "here") == f"bad_content here: not a number: {text!r}"


def test_days() -> None:
    assert parse.day("2026-05-01", "here") == parse.day(date(2026, 5, 1), "here") == date(2026, 5, 1)


@pytest.mark.parametrize(
    "value",
    [
        "2026-02-30",
        "01/02/2026",
        "2026-5-1",
        "2026-W18-5",
        "20260501",
        "1777593600000",
        1777593600000,
        None,
        "",
        "2026-05-01T00:00",
        "٢٠٢٦-٠٥-٠١",
        NAIVE,
    ],
)
def test_days_in_other_forms_are_refused(value: object) -> None:
    assert refused(parse.day, value, "here") == f"bad_content here: not a day: {value!r}"


def test_a_link_that_is_no_address_stays_as_it_is_for_others_to_refuse() -> None:
    assert parse.joined("https://example.org/a/", "../b") == "https://example.org/b"
    assert [parse.joined("https://example.org/", bad) for bad in ("//[x]/", "https://[x")] == ["//[x]/", "https://[x"]
