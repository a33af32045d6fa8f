"""Parameters: what they may hold, and substitution that never reads its own output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qanat.errors import InvalidRequestError, Position
from qanat.sql.interface import Parameter
from qanat.sql.parameters import (
    MAX_TEXT,
    NUMBER_CHARS,
    Given,
    auto_declare,
    default_text,
    params_hash,
    placeholders,
    plain_number,
    resolve,
    substitute,
)

NUMBER = Parameter(key="n", type="number", value="10")
SMALL = Parameter(key="small", type="number", value="0.00000015")
WHEN = Parameter(key="when", type="datetime", value="2024-01-01 00:00:00")
CHAIN = Parameter(key="chain", type="enum", value="a", options=("a", "b", "c,d"))
CHAINS = Parameter(key="chains", type="enum", values=("a", "b"), options=("a", "b", "c"),
                   is_multiselect=True)  # fmt: skip
FREE = Parameter(key="free", type="enum", value="a", options=("a",), is_freeform_allowed=True)
TEXT = Parameter(key="my text", value="")
UNSET = Parameter(key="unset", type="enum", options=("a",))
COMMAS = Parameter(key="commas", type="enum", values=("a", "b,c"), options=("a", "b,c"),
                   is_multiselect=True)  # fmt: skip


def test_placeholders_keep_case_and_inner_spaces_and_lose_outer_ones() -> None:
    """`{{ My name }}` and `{{My name}}` are one parameter, `{{my name}}` another."""
    sql = "{{ My name }} {{My name}} {{my name}} {{}} {{  }} {x} {{a\nb}} {{{c}}}"
    assert placeholders(sql) == ("My name", "my name", "c")


def test_undeclared_placeholders_become_text_without_default() -> None:
    declared = auto_declare("{{n}} {{x}} {{y}} {{x}}", (NUMBER,))
    assert declared == (NUMBER, Parameter(key="x"), Parameter(key="y"))


def test_given_values_come_before_defaults_and_all_are_returned() -> None:
    """The whole set is stored with the execution, also what the text does not mention."""
    found = resolve((NUMBER, TEXT, CHAINS), {"n": 7}, sql="SELECT {{n}}, {{new}}")
    assert found == {"n": "7", "my text": "", "chains": "a,b", "new": ""}


def test_unknown_names_are_refused_in_the_words_that_clients_compare() -> None:
    with pytest.raises(InvalidRequestError, match=r"^unknown parameters \(Invalid Parameter\)$"):
        resolve((NUMBER,), {"Invalid Parameter": "1"}, sql="SELECT {{n}}")
    with pytest.raises(InvalidRequestError, match=r"^unknown parameters \(N, b\)$"):
        resolve((NUMBER,), {"b": "1", "N": "2"}, sql="SELECT {{n}}")


def test_ad_hoc_sql_needs_every_value_and_no_other() -> None:
    with pytest.raises(InvalidRequestError, match=r"^missing parameters \(x, y\)$"):
        resolve((), {"z": "1"}, sql="{{x}} {{y}} {{z}}", adhoc=True)
    with pytest.raises(InvalidRequestError, match=r"unknown parameters \(z\)"):
        resolve((), {"x": "1", "z": "2"}, sql="{{x}}", adhoc=True)
    assert resolve((), {"x": ""}, sql="{{x}}", adhoc=True) == {"x": ""}


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [
        (NUMBER, "22", "22"),
        (NUMBER, " 3.1415926535 ", "3.1415926535"),
        (NUMBER, "-1e5", "-1e5"),
        (NUMBER, 7, "7"),
        (NUMBER, 0.5, "0.5"),
        (NUMBER, "12345678901234567890.50", "12345678901234567890.50"),
        (NUMBER, "1.5e-07", "1.5e-07"),
        (NUMBER, "1e1", "10"),
        (NUMBER, "9" * NUMBER_CHARS, "9" * NUMBER_CHARS),
        (SMALL, "1.5e-07", "0.00000015"),
        (SMALL, "1.6e-07", "1.6e-07"),
        (WHEN, "2024-01-31 17:30:00", "2024-01-31 17:30:00"),
        (WHEN, "2024-01-31T17:30:00Z", "2024-01-31 17:30:00"),
        (WHEN, "2024-01-31T17:30:00+02:00", "2024-01-31 15:30:00"),
        (WHEN, "2024-01-31", "2024-01-31 00:00:00"),
        (CHAIN, "b", "b"),
        (CHAIN, "c,d", "c,d"),
        (CHAINS, ["a", "c"], "a,c"),
        (CHAINS, "b,c", "b,c"),
        (CHAINS, "", ""),
        (CHAINS, [], ""),
        (UNSET, "", ""),
        (COMMAS, "a,b,c", "a,b,c"),
        (COMMAS, "b,c", "b,c"),
        (FREE, "anything", "anything"),
        (TEXT, "it's {{n}}", "it's {{n}}"),
        (TEXT, True, "true"),
        (TEXT, 5, "5"),
    ],
)
def test_a_value_that_fits_becomes_its_text(parameter: Parameter, value: Given, text: str) -> None:
    assert resolve((parameter,), {parameter.key: value}, sql="")[parameter.key] == text


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (NUMBER, "x"),
        (NUMBER, ""),
        (NUMBER, "1; DROP TABLE t"),
        (NUMBER, "1 OR 1=1"),
        (NUMBER, "0x10"),
        (NUMBER, "\N{ARABIC-INDIC DIGIT ONE}"),
        (NUMBER, True),
        (NUMBER, float("nan")),
        (NUMBER, float("inf")),
        (NUMBER, ["1"]),
        (NUMBER, {"a": 1}),
        (NUMBER, None),
        (NUMBER, "9" * (NUMBER_CHARS + 1)),
        (NUMBER, 10**NUMBER_CHARS),
        (NUMBER, "1e999999"),
        (NUMBER, "1e-999999"),
        (NUMBER, "0e" + "9" * 300),
        (WHEN, "yesterday"),
        (WHEN, "2024-13-01 00:00:00"),
        (WHEN, "2024-01-31 17:30:00' OR '1'='1"),
        (WHEN, "0001-01-01T00:00:00+14:00"),
        (WHEN, 5),
        (CHAIN, "z"),
        (CHAIN, "a,b"),
        (CHAIN, ""),
        (UNSET, [""]),
        (COMMAS, [""]),
        (COMMAS, "b"),
        (CHAINS, ["a", "z"]),
        (CHAINS, "a,z"),
        (TEXT, ["a"]),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_parameter(
    parameter: Parameter, value: Given
) -> None:
    with pytest.raises(InvalidRequestError, match=f"parameter '{parameter.key}'"):
        resolve((parameter,), {parameter.key: value}, sql="")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("7", "7"),
        ("+1.50", "+1.50"),
        ("1e5", "100000.0"),
        ("1.5E-7", "0.00000015"),
        ("-2.5e+1", "-25.0"),
        ("0e5", "0.0"),
        (".5e1", "5.0"),
        ("1e397", "1" + "0" * 397 + ".0"),
        ("1e398", None),
        ("1e-398", "0." + "0" * 397 + "1"),
        ("1e-399", None),
        ("1e999999999", None),
    ],
)
def test_a_number_is_written_plainly_while_it_is_not_too_long(text: str, plain: str | None) -> None:
    """A short text with a large exponent must not become a long one."""
    assert plain_number(text) == plain


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_can_be_written_plainly(number: float) -> None:
    plain = plain_number(repr(number))
    assert plain is not None
    assert "." in plain
    assert float(plain) == number


def test_a_list_fed_by_a_query_takes_any_choice() -> None:
    """Its options are rows that only the query knows."""
    fed = Parameter(key="p", type="enum", from_query=5, from_column="c", is_multiselect=True)
    assert resolve((fed,), {"p": ["x", "y"]}, sql="")["p"] == "x,y"


def test_values_are_not_read_again() -> None:
    """A value that looks like a placeholder is only text."""
    made = substitute("SELECT '{{a}}', '{{b}}'", {"a": "{{b}}", "b": "{{a}}"})
    assert made.text == "SELECT '{{b}}', '{{a}}'"


def test_what_has_no_value_stays() -> None:
    assert substitute("{{a}} {{b}}", {"b": "1"}).text == "{{a}} 1"


def test_positions_lead_back_over_values_of_several_lines() -> None:
    """What stands after a value of three lines is where the user wrote it."""
    sql = "SELECT {{x}},\n  nope, {{x}} FROM t"
    made = substitute(sql, {"x": "1 +\n2 +\n3"})
    assert made.position(made.text.index("nope"), 4) == Position(2, 3, 4)
    assert made.position(made.text.index("FROM"), 4) == Position(2, 15, 4)
    assert made.position(made.text.index("2 +")) == Position(1, 8, 5)
    assert made.position(made.text.rindex("3")) == Position(2, 9, 5)
    assert made.position(len(made.text)) == Position(2, len("  nope, {{x}} FROM t") + 1, 1)


def test_an_empty_value_shifts_nothing() -> None:
    made = substitute("{{e}}SELECT {{e}}x", {"e": ""})
    assert made.text == "SELECT x"
    assert made.position(0, 6) == Position(1, 6, 6)
    assert made.position(7) == Position(1, 18, 1)


def test_many_long_values_are_refused_before_they_are_joined() -> None:
    """A thousand placeholders of a megabyte each must not become a gigabyte."""
    with pytest.raises(InvalidRequestError, match="longer than"):
        substitute("{{x}}" * 1000, {"x": "y" * MAX_TEXT})


def test_the_hash_depends_on_names_and_texts_only() -> None:
    assert params_hash({"a": "1", "b": "2"}) == params_hash({"b": "2", "a": "1"})
    assert params_hash({"a": "1"}) != params_hash({"a": "2"})
    assert params_hash({"a": 'x","b', "c": "d"}) != params_hash({"a": "x", "b": 'c","d'})
    assert len(params_hash({})) == 64


def test_the_default_of_a_multi_select_is_its_values_joined() -> None:
    assert default_text(CHAINS) == "a,b"
    assert default_text(NUMBER) == "10"


WORDS = st.text(alphabet="ab {}x\n'", max_size=30)


@given(sql=WORDS, values=st.dictionaries(st.sampled_from(["a", "b", "x"]), WORDS))
def test_substitution_keeps_everything_between_the_placeholders(
    sql: str, values: dict[str, str]
) -> None:
    """Cutting the values out of the result and putting the placeholders back gives the text."""
    made = substitute(sql, values)
    back, done = [], 0
    for text_start, text_end, start, end in made.spans:
        back += [made.text[done:text_start], sql[start:end]]
        assert made.text[text_start:text_end] in values.values()
        done = text_end
    assert "".join(back) + made.text[done:] == sql


@given(sql=WORDS, values=st.dictionaries(st.sampled_from(["a", "b", "x"]), WORDS), at=st.data())
def test_every_place_outside_a_value_is_the_same_character(
    sql: str, values: dict[str, str], at: st.DataObject
) -> None:
    made = substitute(sql, values)
    if not made.text:
        return
    offset = at.draw(st.integers(0, len(made.text) - 1))
    position = made.position(offset)
    lines = sql.split("\n")
    if any(start <= offset < end for start, end, _, _ in made.spans):
        assert lines[position.line - 1][position.column - 1 :].startswith("{{")
    else:
        line = lines[position.line - 1] + "\n"
        assert line[position.column - 1] == made.text[offset]
