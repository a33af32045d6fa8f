"""Functions on texts and bytes."""

from __future__ import annotations

import re
from typing import Final

from qanat.sql.dialect.duckdb.casts import cast, fail
from qanat.sql.dialect.duckdb.rules.base import (
    BLANKS,
    Call,
    RefusedError,
    Rule,
    by_type,
    let,
    plain,
)
from qanat.sql.dialect.duckdb.words import string
from qanat.sql.types import DOUBLE, INTEGERS, VARBINARY, VARCHAR, Type

# What Java's regular expressions have and RE2 has not.
_UNSUPPORTED_REGEX: Final = re.compile(r"\(\?[=!>]|\(\?<[=!]|\\[1-9]|\\k<|[*+?}]\+")
_FORMAT: Final = re.compile(r"%(?:%|n|(-?0?\d{0,3})(\.\d{1,3})?([sdfxXc]))")


def _substring(call: Call) -> tuple[str, Type]:
    """Counted from 1, from the end if negative; empty where Trino's is, at 0 for one."""
    value, start = call.arguments[:2]
    length = call.arguments[2] if len(call.arguments) > 2 else None
    is_text = call.types[0] == VARCHAR
    empty = "''" if is_text else "CAST('' AS BLOB)"
    size = f"length({value})" if is_text else f"octet_length({value})"
    known = call.number(1)
    amount = call.number(2) if length is not None else None
    if amount is not None and amount < 0:
        amount, length = 0, "0"
    elif length is not None and amount is None:
        length = f"CASE WHEN {length} < 0 THEN 0 ELSE {length} END"
    if is_text:
        made = f"substr({value}, {start}{f', {length}' if length is not None else ''})"
    else:
        made = _slice(value, start, length, size)
    if known is not None and known > 0:
        return made, call.result
    outside = f"{start} = 0 OR -({start}) > {size}"
    return f"CASE WHEN {outside} THEN {empty} ELSE {made} END", call.result


def _slice(value: str, start: str, length: str | None, size: str) -> str:
    begin = f"CASE WHEN {start} < 0 THEN {size} + {start} + 1 ELSE {start} END"
    if start.isdigit():
        begin = start
    end = (
        size
        if length is None
        else f"{begin} + {length} - 1"
        if start.isdigit()
        else (f"({begin}) + {length} - 1")
    )
    return f"array_slice({value}, {begin}, {end})"


def _concat(call: Call) -> tuple[str, Type]:
    if call.types[0].name == "array" and len(call.arguments) > 1:
        return f"({' || '.join(call.arguments)})", call.result
    return f"({' || '.join(call.arguments)})", call.result


def _concat_ws(call: Call) -> tuple[str, Type]:
    if len(call.types) == 2 and call.types[1].name == "array":
        separator, texts = call.arguments
        kept = f"list_filter({texts}, lambda t: t IS NOT NULL)"
        text = f"coalesce(array_to_string({kept}, {separator}), '')"
        return f"CASE WHEN {separator} IS NOT NULL AND {texts} IS NOT NULL THEN {text} END", (
            call.result
        )
    return f"concat_ws({', '.join(call.arguments)})", call.result


def _replace(call: Call) -> tuple[str, Type]:
    if call.constants[1] == "":
        raise RefusedError("replace of the empty string is not supported")
    text, search, *rest = call.arguments
    return f"replace({text}, {search}, {rest[0] if rest else string('')})", call.result


def _pad(call: Call) -> tuple[str, Type]:
    if (call.number(1) or 0) < 0:
        raise RefusedError("Target length must be in the range [0..2147483647]")
    text, length, filler = call.arguments
    return f"{call.name}({text}, CAST({length} AS INTEGER), {filler})", call.result


def _split(call: Call) -> tuple[str, Type]:
    parts = f"string_split({call.arguments[0]}, {call.arguments[1]})"
    if call.constants[1] == "":
        raise RefusedError("The delimiter may not be the empty string")
    if len(call.arguments) == 2:
        return parts, call.result
    n = call.arguments[2]
    rest = f"array_to_string(p[CAST({n} AS BIGINT):], {call.arguments[1]})"
    body = f"CASE WHEN len(p) <= {n} THEN p ELSE p[:{n} - 1] || [{rest}] END"
    return let(parts, "p", body), call.result


def _split_part(call: Call) -> tuple[str, Type]:
    text, separator, index = call.arguments
    known = call.number(2)
    if known is not None and known < 1:
        raise RefusedError("Index must be greater than zero")
    if known is None:
        index = (
            f"CASE WHEN {index} < 1 THEN {fail('Index must be greater than zero')} ELSE {index} END"
        )
    return f"string_split({text}, {separator})[{index}]", call.result


def _split_to_map(call: Call) -> tuple[str, Type]:
    text, entries, pairs = call.arguments
    made = (
        f"list_transform(string_split({text}, {entries}), lambda p: (split_part(p, {pairs}, 1),"
        f" split_part(p, {pairs}, 2)))"
    )
    return f"map_from_entries({made})", call.result


def _pattern(call: Call) -> str:
    constant = call.constants[1]
    if constant is None:
        return call.arguments[1]
    found = _UNSUPPORTED_REGEX.search(constant)
    if found:
        raise RefusedError(f"'{found[0]}' in a regular expression is not supported by this engine")
    return call.arguments[1]


def _group(call: Call) -> int:
    group = call.number(2) if len(call.arguments) > 2 else 0
    if group is None or group < 0:
        raise RefusedError(f"the group of {call.name} must be a number written out")
    pattern = call.constants[1]
    if pattern is not None:
        try:
            groups = re.compile(pattern).groups
        except re.error:  # another dialect of expressions: the engine will say
            return group
        if group > groups:
            raise RefusedError(f"Pattern has {groups} groups. Cannot access group {group}")
    return group


def _regexp_extract(call: Call) -> tuple[str, Type]:
    text, pattern = call.arguments[0], _pattern(call)
    group = _group(call)
    made = f"regexp_extract({text}, {pattern}, {group})"
    return f"CASE WHEN regexp_matches({text}, {pattern}) THEN {made} END", call.result


def _regexp_extract_all(call: Call) -> tuple[str, Type]:
    group = _group(call)
    return f"regexp_extract_all({call.arguments[0]}, {_pattern(call)}, {group})", call.result


def _regexp_replace(call: Call) -> tuple[str, Type]:
    replacement = "''"
    if len(call.arguments) > 2:
        constant = call.constants[2]
        if constant is None or "${" in constant:
            raise RefusedError("the replacement of regexp_replace must be a text written out")
        escaped = re.sub(r"\\(?![$\\])|\\(?=\\)\\", r"\\\\\\\\", constant).replace("\\$", "\ue001")
        turned = re.sub(r"\$(\d)", r"\\\1", escaped).replace("\ue001", "$")
        replacement = string(turned)
    return (
        f"regexp_replace({call.arguments[0]}, {_pattern(call)}, {replacement}, 'g')",
        call.result,
    )


def _format(call: Call) -> tuple[str, Type]:
    pattern = call.constants[0]
    if pattern is None:
        raise RefusedError("the pattern of format must be a text written out")
    rest = list(zip(call.arguments[1:], call.types[1:], strict=True))
    left = _FORMAT.sub("", pattern)
    if "%" in left:
        raise RefusedError(f"the pattern '{pattern[:60]}' of format is not supported")
    pieces, at = [], 0
    for found in _FORMAT.finditer(pattern):
        if found.start() > at:
            pieces.append(string(pattern[at : found.start()]))
        at = found.end()
        if found[3] is None:
            pieces.append(string("%" if found[0] == "%%" else "\n"))
        elif not rest:
            raise RefusedError("format has fewer values than its pattern asks for")
        else:
            pieces.append(_formatted(found, *rest.pop(0)))
    if at < len(pattern):
        pieces.append(string(pattern[at:]))
    if rest:
        raise RefusedError("format has more values than its pattern asks for")
    return f"({' || '.join(pieces or [string('')])})", call.result


def _formatted(found: re.Match[str], text: str, type_: Type) -> str:
    """One value by one `%…` of a pattern; NULL is the word null, as in Java."""
    kind = found[3]
    if kind == "s" and type_.name in {"varchar", "boolean", "date", "uuid", "unknown", *INTEGERS,
                                      "decimal"}:  # fmt: skip
        value = cast(text, type_, VARCHAR)
    elif kind in "dxX" and type_.name in INTEGERS:
        value = text
    elif kind == "f" and type_.name in {"double", "real", "decimal"}:
        value = cast(text, type_, DOUBLE)
    else:
        raise RefusedError(f"format: %{kind} of {type_} is not supported")
    return f"coalesce(printf({string(found[0])}, {value}), 'null')"


def _starts_with(call: Call) -> tuple[str, Type]:
    if call.types[0] == VARBINARY:
        value, start = call.arguments
        return f"starts_with(hex({value}), hex({start}))", call.result
    return f"starts_with({', '.join(call.arguments)})", call.result


def _big_endian(size: int, target: str) -> Rule:
    unsigned = {4: "UINTEGER", 8: "UBIGINT"}[size]
    wide = (
        f"CAST(CAST('0x' || CASE WHEN octet_length({{0}}) = 0 THEN '0' ELSE hex({{0}}) END AS "
        f"{unsigned}) AS HUGEINT)"
    )
    half, whole = f"{2 ** (8 * size - 1)}::HUGEINT", f"{2 ** (8 * size)}::HUGEINT"
    body = f"CASE WHEN n >= {half} THEN n - {whole} ELSE n END"
    return plain(f"CAST({let(wide, 'n', body)} AS {target})")


_TITLE = (
    "array_to_string(list_transform(string_split(lower({0}), ' '), lambda w: upper(left(w, 1)) ||"
    " substr(w, 2)), ' ')"
)
_POSITION = (
    "CASE WHEN octet_length({1}) = 0 THEN 1 ELSE CAST((CASE WHEN strpos(regexp_replace(hex({0}),"
    " '(..)', '\\1 ', 'g'), regexp_replace(hex({1}), '(..)', '\\1 ', 'g')) = 0 THEN 0 ELSE"
    " (strpos(regexp_replace(hex({0}), '(..)', '\\1 ', 'g'), regexp_replace(hex({1}), '(..)', '\\1"
    " ', 'g')) + 2) // 3 END) AS BIGINT) END"
)
_CODE = (
    "CASE WHEN length({0}) = 1 THEN unicode({0}) WHEN {0} IS NOT NULL THEN "
    + fail("codepoint takes one character") + " END"
)  # fmt: skip

_BYTES: dict[str, Rule] = {
    "length": plain("octet_length({0})"),
    "substring": _substring,
    "concat": plain("({0} || {1})"),
    "starts_with": _starts_with,
    "position": plain(_POSITION),
    "to_bigint": _big_endian(8, "BIGINT"),
    "to_integer": _big_endian(4, "INTEGER"),
}

RULES: dict[str, Rule] = {
    "length": by_type(
        0, {"varbinary": plain("octet_length({0})"), "*": plain("length({0})")}
    ),
    "lower": plain("lower({0})"),
    "upper": plain("upper({0})"),
    "initcap": plain(_TITLE),
    "trim": plain(f"trim({{0}}, {string(BLANKS)})"),
    "ltrim": lambda c: (
        f"ltrim({c.arguments[0]}, {(c.arguments[1:] or (string(BLANKS),))[0]})", c.result,
    ),
    "rtrim": lambda c: (
        f"rtrim({c.arguments[0]}, {(c.arguments[1:] or (string(BLANKS),))[0]})", c.result,
    ),
    "substr": _substring,
    "substring": _substring,
    "left": plain("left({0}, {1})"),
    "right": plain("right({0}, {1})"),
    "strpos": plain("strpos({0}, {1})"),
    "replace": _replace,
    "reverse": by_type(0, {"array": plain("list_reverse({0})"), "*": plain("reverse({0})")}),
    "split": _split,
    "split_part": _split_part,
    "split_to_map": _split_to_map,
    "concat": _concat,
    "concat_ws": _concat_ws,
    "starts_with": _starts_with,
    "ends_with": plain("ends_with({0}, {1})"),
    "chr": plain("chr(CAST({0} AS INTEGER))"),
    "codepoint": plain(_CODE),
    "lpad": _pad,
    "rpad": _pad,
    "levenshtein_distance": plain("levenshtein({0}, {1})"),
    "hamming_distance": plain("hamming({0}, {1})"),
    "translate": plain("translate({0}, {1}, {2})"),
    "format": _format,
    "url_encode": plain(
        "replace(replace(replace(url_encode({0}), '%20', '+'), '~', '%7E'), '%2A', '*')"
    ),
    "url_decode": plain("url_decode(replace({0}, '+', ' '))"),
    "regexp_like": lambda c: (f"regexp_matches({c.arguments[0]}, {_pattern(c)})", c.result),
    "regexp_extract": _regexp_extract,
    "regexp_extract_all": _regexp_extract_all,
    "regexp_replace": _regexp_replace,
    "regexp_split": lambda c: (f"string_split_regex({c.arguments[0]}, {_pattern(c)})", c.result),
    "regexp_count": lambda c: (
        f"len(regexp_extract_all({c.arguments[0]}, {_pattern(c)}))", c.result,
    ),
    "to_utf8": plain("encode({0})"),
    "from_utf8": plain("decode({0})"),
    "to_hex": plain("hex({0})"),
    "from_hex": plain("unhex(regexp_replace({0}, '^0[xX]', ''))"),
    "to_base64": plain("to_base64({0})"),
    "from_base64": plain("from_base64({0})"),
    "md5": plain("unhex(md5({0}))"),
    "sha1": plain("unhex(sha1({0}))"),
    "sha256": plain("unhex(sha256({0}))"),
    **{f"bytearray_{name}": rule for name, rule in _BYTES.items()},
    **{f"varbinary_{name}": rule for name, rule in _BYTES.items()},
    "bytea2numeric": _big_endian(8, "BIGINT"),
    "uuid": plain("uuid()"),
}  # fmt: skip
