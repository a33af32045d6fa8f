"""Functions on values of any type, and those that are known but not offered."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

TEXT = """
coalesce(T, T...) -> T | The first argument that is not NULL
if(boolean, T, T?) -> T | The second argument where the condition holds, else the third, else NULL
nullif(T, T) -> T | The first argument, NULL where it equals the second
try(T) -> T | The value, NULL where computing it fails
greatest(T, T...) -> T | The largest argument, NULL if any is
least(T, T...) -> T | The smallest argument, NULL if any is
typeof(T) -> varchar | The name of the argument's type
row(T, T...) -> row(T) | A row of the arguments
json_parse(varchar) -> json | The JSON value that a text holds
json_format(json) -> varchar | The text of a JSON value
json_extract(json, varchar) -> json | The JSON value at a path such as `$.a[0]`
json_extract(varchar, varchar) -> json
json_extract_scalar(json, varchar) -> varchar | The text, number or boolean at a path; NULL for others
json_extract_scalar(varchar, varchar) -> varchar
json_query(varchar, varchar) -> varchar | The JSON at a `lax` path, as text
json_value(varchar, varchar) -> varchar | The scalar at a `lax` path
json_array_length(json) -> bigint | How many elements a JSON array has
json_array_length(varchar) -> bigint
json_array_contains(json, varchar) -> boolean | Whether a JSON array holds a value
json_array_contains(varchar, varchar) -> boolean
json_size(json, varchar) -> bigint | How many elements or keys the value at a path has
json_size(varchar, varchar) -> bigint
is_json_scalar(json) -> boolean | Whether a JSON value is a text, a number, a boolean or null
is_json_scalar(varchar) -> boolean
"""

UNSUPPORTED = """
format_number url_extract_host url_extract_path url_extract_protocol url_extract_query
url_extract_fragment url_extract_port url_extract_parameter objectid_timestamp array_first array_last
array_frequency regr_r2 regr_count from_iso8601_timestamp_millis json_array_get approx_set merge empty_approx_set tdigest_agg value_at_quantile values_at_quantiles qdigest_agg
quantile_at_value make_set_digest merge_set_digest intersection_cardinality jaccard_index hash_counts
learn_classifier learn_regressor classify regress features st_point st_geometryfromtext st_distance
st_contains st_intersects st_area st_x st_y to_geometry bing_tile geometry_union
numeric_histogram approx_most_frequent multimap_agg multimap_from_entries map_union reduce_agg
entropy checksum combinations ngrams array_histogram contains_sequence
at_timezone with_timezone timezone timezone_hour timezone_minute current_timezone
from_iso8601_timestamp_nanos from_unixtime_nanos parse_duration human_readable_seconds parse_data_size
parse_presto_data_size hmac_md5 hmac_sha1 hmac_sha256 hmac_sha512 sha512 crc32 murmur3 xxhash64
spooky_hash_v2_32 spooky_hash_v2_64 to_big_endian_64 to_big_endian_32 from_big_endian_64
from_big_endian_32 to_ieee754_64 to_ieee754_32 from_ieee754_64 from_ieee754_32 to_base32 from_base32
from_base normalize soundex word_stem luhn_check levenshtein regexp_position cosine_similarity
cosine_distance dot_product euclidean_distance beta_cdf inverse_beta_cdf normal_cdf inverse_normal_cdf
t_cdf t_pdf wilson_interval_lower wilson_interval_upper json_object json_array json_exists json_table
to_char to_date to_timestamp rgb color bar render transform_keys_agg set_union map_zip_with
version current_user current_groups current_catalog current_schema
keccak to_base58 from_base58 tobase58 to_tron_address from_tron_address http_get http_post
get_href get_chain_explorer get_chain_explorer_address get_chain_explorer_tx_hash get_balancer_link
all_evm_chains all_op_chains decode_evm_event decode_evm_function_call
bytearray_to_uint256 bytearray_to_int256 varbinary_to_uint256 varbinary_to_int256
bytearray_to_decimal varbinary_to_decimal bytearray_ltrim bytearray_rtrim bytearray_replace
varbinary_ltrim varbinary_rtrim varbinary_replace
"""
