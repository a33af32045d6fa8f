"""Values as text, as a cast to varchar gives it: where DuckDB's own spelling is another."""

from __future__ import annotations


def day(text: str) -> str:
    """Return a date as text."""
    return _year_first(text, "CAST(d AS VARCHAR)", "strftime(d, '-%m-%d')", more="")


def moment(text: str, precision: int) -> str:
    """Return a timestamp as text, with so many digits of a second, at most six."""
    clock = "%H:%M:%S" if precision == 0 else "%H:%M:%S.%g" if precision <= 3 else "%H:%M:%S.%f"
    written, rest = (
        f"strftime(d, '{date} {clock}')"
        if precision in {0, 3, 6}
        else f"left(strftime(d, '{date} {clock}'), {length + 10 + precision})"
        for date, length in (("%Y-%m-%d", 10), ("-%m-%d", 6))
    )
    return _year_first(text, written, rest, more="+")


def _year_first(text: str, written: str, rest: str, more: str) -> str:
    """Return the text of a day or a moment `d`, whose year has four digits at least.

    DuckDB's own text, `written`, is right for the years 1 to 9999. Others stand before `rest`: with
    a minus before year 0, and with `more` where there are more digits.
    """
    sign = f"CASE WHEN year(d) < 0 THEN '-' WHEN year(d) > 9999 THEN '{more}' ELSE '' END"
    other = f"{sign} || format('{{:04d}}', abs(year(d))) || {rest}"
    body = f"CASE WHEN year(d) BETWEEN 1 AND 9999 THEN {written} ELSE {other} END"
    return f"list_transform([{text}], lambda d: {body})[1]"


def scientific(text: str) -> str:
    """Return a double as Trino writes it: `1.0E0`, `NaN`, `Infinity`."""
    written = "CAST(abs(d) AS VARCHAR)"
    parts = (
        f"struct_pack(m := split_part({written}, 'e', 1), x := coalesce(TRY_CAST(nullif(split_part("
        f"{written}, 'e', 2), '') AS INTEGER), 0), s := CASE WHEN d < 0 THEN '-' ELSE '' END)"
    )
    digits = (
        "struct_pack(n := ltrim(replace(p.m, '.', ''), '0'), e := length(split_part(p.m, '.', 1)) -"
        " (length(replace(p.m, '.', '')) - length(ltrim(replace(p.m, '.', ''), '0'))) - 1 + p.x,"
        " s := p.s)"
    )
    fraction = "coalesce(nullif(rtrim(substr(q.n, 2), '0'), ''), '0')"
    shown = f"q.s || left(q.n, 1) || '.' || {fraction} || 'E' || CAST(q.e AS VARCHAR)"
    regular = f"list_transform(list_transform([{parts}], lambda p: {digits}), lambda q: {shown})[1]"
    return (
        f"list_transform([{text}], lambda d: CASE WHEN isnan(d) THEN 'NaN' WHEN isinf(d) THEN"
        f" CASE WHEN d > 0 THEN 'Infinity' ELSE '-Infinity' END WHEN d = 0 THEN CASE WHEN CAST(d AS"
        f" VARCHAR) LIKE '-%' THEN '-0E0' ELSE '0E0' END WHEN d IS NOT NULL THEN {regular} END)[1]"
    )
