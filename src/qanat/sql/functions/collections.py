"""Functions on arrays and maps."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

TEXT = """
cardinality(array(T)) -> bigint | How many elements an array, or entries a map, has
cardinality(map(K, V)) -> bigint
element_at(array(T), bigint) -> T | The element at a place counted from 1, or from the end if negative; NULL if there is none
element_at(map(K, V), K) -> V
contains(array(T), T) -> boolean | Whether an array holds a value
array_distinct(array(T)) -> array(T) | The array without repeated elements
array_intersect(array(T), array(T)) -> array(T) | The elements in both arrays, each once
array_union(array(T), array(T)) -> array(T) | The elements in either array, each once
array_except(array(T), array(T)) -> array(T) | The elements of the first array that the second lacks, each once
array_join(array(T), varchar, varchar?) -> varchar | The elements as one text with separators; NULLs left out, or replaced
array_max(array(T)) -> T | The largest element; NULL if one is NULL
array_min(array(T)) -> T | The smallest element; NULL if one is NULL
array_position(array(T), T) -> bigint | Where an element first stands, 0 if nowhere
array_remove(array(T), T) -> array(T) | The array without an element
array_sort(array(T)) -> array(T) | The elements in order, NULLs last
arrays_overlap(array(T), array(T)) -> boolean | Whether two arrays share an element
flatten(array(array(T))) -> array(T) | The elements of all inner arrays
filter(array(T), function(T, boolean)) -> array(T) | The elements for which a condition holds
transform(array(T), function(T, U)) -> array(U) | What a function makes of each element
reduce(array(T), A, function(A, T, A), function(A, R)) -> R | What a function makes of all elements, one after another
any_match(array(T), function(T, boolean)) -> boolean | Whether a condition holds for one element
all_match(array(T), function(T, boolean)) -> boolean | Whether it holds for all
none_match(array(T), function(T, boolean)) -> boolean | Whether it holds for none
zip_with(array(T), array(U), function(T, U, R)) -> array(R) | What a function makes of pairs of elements
sequence(bigint, bigint, bigint?) -> array(bigint) | The whole numbers, or dates, from one to another
sequence(date, date) -> array(date)
sequence(date, date, interval day to second) -> array(date)
sequence(date, date, interval year to month) -> array(date)
sequence(timestamp, timestamp, interval day to second) -> array(timestamp)
sequence(timestamp, timestamp, interval year to month) -> array(timestamp)
slice(array(T), bigint, bigint) -> array(T) | So many elements from a place counted from 1, or from the end if negative
trim_array(array(T), bigint) -> array(T) | The array without its last elements
repeat(T, bigint) -> array(T) | An array that holds a value so many times
shuffle(array(T)) -> array(T) | The elements in an order by chance
map(array(K), array(V)) -> map(K, V) | The map of keys and values at the same places
map_keys(map(K, V)) -> array(K) | The keys
map_values(map(K, V)) -> array(V) | The values
map_entries(map(K, V)) -> array(row(K, V)) | The entries as rows
map_from_entries(array(row(K, V))) -> map(K, V) | The map of entries
map_concat(map(K, V), map(K, V)...) -> map(K, V) | All entries; of equal keys, the last one's
map_filter(map(K, V), function(K, V, boolean)) -> map(K, V) | The entries for which a condition holds
transform_values(map(K, V), function(K, V, W)) -> map(K, W) | The map with every value replaced
transform_keys(map(K, V), function(K, V, L)) -> map(L, V) | The map with every key replaced
"""
