"""Functions on dates, times and intervals."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

TEXT = """
now() -> timestamp(3) with time zone | The moment the statement started
date(varchar) -> date | The date of a text or a moment
date(D) -> date
date_trunc(varchar, D) -> D | The start of the second, minute, hour, day, week, month, quarter or year
date_add(varchar, bigint, D) -> D | A date or moment, so many units later
date_diff(varchar, D, D) -> bigint | How many whole units lie between two moments
from_unixtime(double) -> timestamp(3) with time zone | The moment of seconds since 1970
to_unixtime(M) -> double | Seconds since 1970
year(D) -> bigint | The year
quarter(D) -> bigint | The quarter, 1 to 4
month(D) -> bigint | The month, 1 to 12
week(D) -> bigint | The ISO week, 1 to 53
week_of_year(D) -> bigint | The ISO week, 1 to 53
day(D) -> bigint | The day of the month
day_of_month(D) -> bigint | The day of the month
day_of_week(D) -> bigint | The ISO day of the week: Monday is 1
dow(D) -> bigint | The ISO day of the week: Monday is 1
day_of_year(D) -> bigint | The day of the year
doy(D) -> bigint | The day of the year
year_of_week(D) -> bigint | The year of the ISO week
yow(D) -> bigint | The year of the ISO week
hour(M) -> bigint | The hour, 0 to 23
hour(time) -> bigint
minute(M) -> bigint | The minute
minute(time) -> bigint
second(M) -> bigint | The second
second(time) -> bigint
millisecond(M) -> bigint | The milliseconds within the second
millisecond(time) -> bigint
last_day_of_month(D) -> date | The last day of the month
date_format(D, varchar) -> varchar | A moment by a MySQL pattern such as `%Y-%m-%d`
date_parse(varchar, varchar) -> timestamp(3) | The moment a text names by a MySQL pattern
format_datetime(D, varchar) -> varchar | A moment by a Joda pattern such as `yyyy-MM-dd`
parse_datetime(varchar, varchar) -> timestamp(3) with time zone | The moment a text names by a Joda pattern
from_iso8601_timestamp(varchar) -> timestamp(3) with time zone | The moment of an ISO 8601 text
from_iso8601_date(varchar) -> date | The date of an ISO 8601 text
to_iso8601(date) -> varchar | The ISO 8601 text of a date or moment
to_iso8601(M) -> varchar
to_milliseconds(interval day to second) -> bigint | An interval in milliseconds
"""
