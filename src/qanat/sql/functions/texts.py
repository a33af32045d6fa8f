"""Functions on texts and bytes."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

TEXT = """
length(varchar) -> bigint | How many characters a text, or bytes a varbinary, has
length(varbinary) -> bigint
lower(varchar) -> varchar | The text in lower case
upper(varchar) -> varchar | The text in upper case
initcap(varchar) -> varchar | The text with a capital at the start of each word
trim(varchar) -> varchar | The text without blanks at both ends
ltrim(varchar, varchar?) -> varchar | The text without blanks, or given characters, at its start
rtrim(varchar, varchar?) -> varchar | The text without blanks, or given characters, at its end
substr(varchar, bigint, bigint?) -> varchar | So many characters from a place counted from 1; negative: from the end
substr(varbinary, bigint, bigint?) -> varbinary
substring(varchar, bigint, bigint?) -> varchar | So many characters from a place counted from 1; negative: from the end
substring(varbinary, bigint, bigint?) -> varbinary
left(varchar, bigint) -> varchar | The first characters; written "left"(x, n)
right(varchar, bigint) -> varchar | The last characters; written "right"(x, n)
strpos(varchar, varchar) -> bigint | Where a text first occurs, 0 if it does not
replace(varchar, varchar, varchar?) -> varchar | The text with every occurrence replaced, or removed
reverse(varchar) -> varchar | The characters of a text, or elements of an array, in reverse
reverse(array(T)) -> array(T)
split(varchar, varchar) -> array(varchar) | The parts of a text between separators
split(varchar, varchar, bigint) -> array(varchar)
split_part(varchar, varchar, bigint) -> varchar | One part of a text, counted from 1; NULL if there is none
split_to_map(varchar, varchar, varchar) -> map(varchar, varchar) | The keys and values that a text lists
concat(varchar, varchar...) -> varchar | The arguments joined
concat(varbinary, varbinary...) -> varbinary
concat(array(T), array(T)...) -> array(T)
concat_ws(varchar, array(varchar)) -> varchar | The arguments that are not NULL, joined with a separator
concat_ws(varchar, varchar...) -> varchar
starts_with(varchar, varchar) -> boolean | Whether a text begins with another
starts_with(varbinary, varbinary) -> boolean
ends_with(varchar, varchar) -> boolean | Whether a text ends with another
chr(bigint) -> varchar | The character of a code point
codepoint(varchar) -> integer | The code point of a character
lpad(varchar, bigint, varchar) -> varchar | The text filled up, or cut, to a length, on the left
rpad(varchar, bigint, varchar) -> varchar | The text filled up, or cut, to a length, on the right
levenshtein_distance(varchar, varchar) -> bigint | How many edits make one text the other
hamming_distance(varchar, varchar) -> bigint | In how many places two texts of one length differ
translate(varchar, varchar, varchar) -> varchar | The text with characters replaced one by one
format(varchar, T, U?, V?, W?, X?, Y?) -> varchar | Values put in a pattern such as `%s` or `%.2f`
url_encode(varchar) -> varchar | The text as a part of an address
url_decode(varchar) -> varchar | The text that a part of an address stands for
regexp_like(varchar, varchar) -> boolean | Whether a regular expression occurs in a text
regexp_extract(varchar, varchar, bigint?) -> varchar | What a regular expression, or its group, matches first
regexp_extract_all(varchar, varchar, bigint?) -> array(varchar) | All that it matches
regexp_replace(varchar, varchar, varchar?) -> varchar | The text with every match replaced, or removed
regexp_split(varchar, varchar) -> array(varchar) | The parts of a text between matches
regexp_count(varchar, varchar) -> bigint | How often a regular expression matches
to_utf8(varchar) -> varbinary | The bytes of a text
from_utf8(varbinary) -> varchar | The text of bytes
to_hex(varbinary) -> varchar | Upper-case hexadecimal digits
from_hex(varchar) -> varbinary | The bytes of hexadecimal digits, with or without 0x
to_base64(varbinary) -> varchar | Bytes in base 64
from_base64(varchar) -> varbinary | The bytes of a text in base 64
md5(varbinary) -> varbinary | The MD5 hash
sha1(varbinary) -> varbinary | The SHA-1 hash
sha256(varbinary) -> varbinary | The SHA-256 hash
bytearray_length(varbinary) -> bigint | How many bytes
bytearray_substring(varbinary, bigint, bigint?) -> varbinary | So many bytes from a place counted from 1
bytearray_concat(varbinary, varbinary) -> varbinary | Bytes joined
bytearray_starts_with(varbinary, varbinary) -> boolean | Whether bytes begin with others
bytearray_position(varbinary, varbinary) -> bigint | Where bytes first occur in others, 0 if they do not
bytearray_to_bigint(varbinary) -> bigint | The number in at most 8 bytes, the highest first
bytearray_to_integer(varbinary) -> integer | The number in at most 4 bytes, the highest first
varbinary_length(varbinary) -> bigint | How many bytes
varbinary_substring(varbinary, bigint, bigint?) -> varbinary | So many bytes from a place counted from 1
varbinary_concat(varbinary, varbinary) -> varbinary | Bytes joined
varbinary_starts_with(varbinary, varbinary) -> boolean | Whether bytes begin with others
varbinary_position(varbinary, varbinary) -> bigint | Where bytes first occur in others, 0 if they do not
varbinary_to_bigint(varbinary) -> bigint | The number in at most 8 bytes, the highest first
varbinary_to_integer(varbinary) -> integer | The number in at most 4 bytes, the highest first
bytea2numeric(varbinary) -> bigint | The number in at most 8 bytes, the highest first
uuid() -> uuid | A fresh random UUID
"""
