"""Functions on numbers."""

# ruff: noqa: E501  # one line is one signature and what it does

# one line is one signature and what it does

TEXT = """
abs(N) -> N | The absolute value
ceil(N) -> N | The smallest whole number not below the argument
ceiling(N) -> N | The smallest whole number not below the argument
floor(N) -> N | The largest whole number not above the argument
round(N, bigint?) -> N | The nearest number with so many decimals; halves go away from zero
truncate(N, bigint?) -> N | The number without its decimals, or with so many
sign(N) -> N | -1, 0 or 1
mod(N, N) -> N | The remainder of a division, with the sign of the first argument
power(double, double) -> double | The first argument to the power of the second
pow(double, double) -> double | The first argument to the power of the second
sqrt(double) -> double | The square root
cbrt(double) -> double | The cube root
exp(double) -> double | e to the power of the argument
ln(double) -> double | The natural logarithm
log(double, double) -> double | The logarithm of the second argument to the base of the first
log2(double) -> double | The logarithm to base 2
log10(double) -> double | The logarithm to base 10
sin(double) -> double | The sine of an angle in radians
cos(double) -> double | The cosine of an angle in radians
tan(double) -> double | The tangent of an angle in radians
asin(double) -> double | The arc sine, in radians
acos(double) -> double | The arc cosine, in radians
atan(double) -> double | The arc tangent, in radians
atan2(double, double) -> double | The arc tangent of the quotient, in radians
sinh(double) -> double | The hyperbolic sine
cosh(double) -> double | The hyperbolic cosine
tanh(double) -> double | The hyperbolic tangent
degrees(double) -> double | An angle in degrees, from radians
radians(double) -> double | An angle in radians, from degrees
e() -> double | Euler's number
pi() -> double | Pi
infinity() -> double | Positive infinity
nan() -> double | Not a number
is_nan(double) -> boolean | Whether a number is NaN
is_finite(double) -> boolean | Whether a number is neither infinite nor NaN
is_infinite(double) -> boolean | Whether a number is infinite
random() -> double | A number from 0 up to 1, by chance
random(I, I?) -> I
rand() -> double | A number from 0 up to 1, by chance
bitwise_and(bigint, bigint) -> bigint | The bits set in both
bitwise_or(bigint, bigint) -> bigint | The bits set in either
bitwise_xor(bigint, bigint) -> bigint | The bits set in one of both
bitwise_not(bigint) -> bigint | The bits that are not set
bitwise_left_shift(I, bigint) -> I | The bits moved left
bitwise_right_shift(I, bigint) -> I | The bits moved right, zeros moved in
bitwise_right_shift_arithmetic(I, bigint) -> I | The bits moved right, the sign kept
bit_count(bigint, bigint) -> bigint | How many of 64 bits are set
width_bucket(double, double, double, bigint) -> bigint | Which of so many equal parts of a range holds a number
to_base(bigint, bigint) -> varchar | The digits of a number in a base from 2 to 36
"""
