"""Functions of many rows: aggregates, and those that need OVER."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

AGGREGATES = """
count(T?) -> bigint | How many rows, or values that are not NULL
count_if(boolean) -> bigint | For how many rows a condition holds
sum(N) -> N | The sum
avg(N) -> double | The mean
min(T) -> T | The smallest value
max(T) -> T | The largest value
min_by(T, U) -> T | The first argument where the second is smallest
max_by(T, U) -> T | The first argument where the second is largest
array_agg(T) -> array(T) | All values, NULLs too
set_agg(T) -> array(T) | All different values
listagg(varchar, varchar?) -> varchar | Texts joined, in the order of WITHIN GROUP
arbitrary(T) -> T | Some value that is not NULL
any_value(T) -> T | Some value that is not NULL
bool_and(boolean) -> boolean | Whether a condition holds for all rows
every(boolean) -> boolean | Whether a condition holds for all rows
bool_or(boolean) -> boolean | Whether a condition holds for one row
approx_distinct(T, double?) -> bigint | An estimate of how many values differ
approx_percentile(bigint, double) -> bigint | An estimate of the value below which a share of the values lies
approx_percentile(double, double) -> double
approx_percentile(bigint, array(double)) -> array(bigint)
approx_percentile(double, array(double)) -> array(double)
stddev(double) -> double | The sample standard deviation
stddev_samp(double) -> double | The sample standard deviation
stddev_pop(double) -> double | The population standard deviation
variance(double) -> double | The sample variance
var_samp(double) -> double | The sample variance
var_pop(double) -> double | The population variance
corr(double, double) -> double | The correlation coefficient
covar_pop(double, double) -> double | The population covariance
covar_samp(double, double) -> double | The sample covariance
regr_slope(double, double) -> double | The slope of the regression line of the first on the second
regr_intercept(double, double) -> double | The intercept of the regression line
geometric_mean(double) -> double | The geometric mean
skewness(double) -> double | The skewness
kurtosis(double) -> double | The excess kurtosis
histogram(T) -> map(T, bigint) | How often each value occurs
map_agg(K, V) -> map(K, V) | The map of keys and values
bitwise_and_agg(bigint) -> bigint | The bits set in all values
bitwise_or_agg(bigint) -> bigint | The bits set in one value
grouping(T, T...) -> integer | Which of the columns a grouping set leaves out, as bits
"""

WINDOWS = """
row_number() -> bigint | The place of the row, counted from 1
rank() -> bigint | The place of the row; equal rows share one, and places are left out after them
dense_rank() -> bigint | The place of the row; equal rows share one
percent_rank() -> double | The rank as a share from 0 to 1
cume_dist() -> double | The share of rows up to this one
ntile(bigint) -> bigint | Which of so many equal parts the row falls into
lag(T, bigint?, T?) -> T | The value some rows before, else the default
lead(T, bigint?, T?) -> T | The value some rows after, else the default
first_value(T) -> T | The value of the first row of the frame
last_value(T) -> T | The value of the last row of the frame
nth_value(T, bigint) -> T | The value of a row of the frame
"""
