"""A sample of a chain as SELECT statements: about a million rows, the same on every machine.

Every value is a function of its row's number and of a word, through a hash: no statement reads
another table, draws a random number or looks at the clock, and each ends with its rows in the
order of their numbers. The shapes are those of a real chain; the rows are invented, and only the
contract addresses of the best-known tokens are the real ones.

The statements are DuckDB's SQL, written by `qanat.cli.demo.sources` through an engine. Raise
`VERSION` whenever a statement changes: a demo directory of another version is made anew.
"""

# ruff: noqa: S608  # statements are put together here from this module's constants alone
from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zlib import crc32

VERSION: Final = 1

DAYS: Final = 14
BLOCK_SECONDS: Final = 12
BLOCKS: Final = DAYS * 86_400 // BLOCK_SECONDS
TRANSACTIONS: Final = 300_000
TRANSFERS: Final = 376_000
TRADES: Final = 212_000
FIRST_BLOCK: Final = 21_000_000
FIRST_MOMENT: Final = "2025-01-06 00:00:00"  #: UTC; a Monday
ACCOUNTS: Final = 60_000
TRADERS: Final = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token of the sample."""

    symbol: str | None  #: None: a contract that does not name itself
    price: float  #: US dollars, around which it moves
    decimals: int
    swing: float  #: how far its price moves: 0 is pegged
    address: str | None = None  #: hexadecimal; None: invented


_NAMED: Final = (
    ("WETH", 3_300.0, 18, 1.0, "c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"),
    ("USDC", 1.0, 6, 0.0, "a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"),
    ("USDT", 1.0, 6, 0.0, "dac17f958d2ee523a2206206994597c13d831ec7"),
    ("WBTC", 95_000.0, 8, 0.8, "2260fac5e5542a773aa44fbcfedf7c193bc2c599"),
    ("DAI", 1.0, 18, 0.0, "6b175474e89094c44da98b954eedeac495271d0f"),
    ("LINK", 21.0, 18, 1.3, "514910771af9ca656af840dff83e8264ecf986ca"),
    ("UNI", 13.5, 18, 1.4, "1f9840a85d5af5bf1d1762f925bdaddc4201f984"),
)
_INVENTED: Final = (
    ("PEPE", 0.000018), ("SHIB", 0.000022), ("AAVE", 300.0), ("LDO", 1.9), ("MKR", 1_500.0),
    ("CRV", 0.9), ("ENA", 1.0), ("ONDO", 1.4), ("ARB", 0.75), ("GRT", 0.22), ("SNX", 2.1),
    ("COMP", 80.0), ("RNDR", 7.2), ("FXS", 3.1), ("BAL", 2.8), ("SUSHI", 1.4), ("YFI", 8_100.0),
    ("ENS", 36.0), ("DYDX", 1.5), ("APE", 1.2), ("BLUR", 0.26), ("PENDLE", 5.0), ("RPL", 11.0),
    ("CVX", 4.6), ("SAND", 0.55), ("MANA", 0.48), ("IMX", 1.3), ("WLD", 2.2), ("EIGEN", 3.6),
    ("MOG", 0.0000018), ("TURBO", 0.008), ("SPX", 1.1),
)  # fmt: skip
TOKENS: Final = (
    *(
        Token(symbol=symbol, price=price, decimals=decimals, swing=swing, address=address)
        for symbol, price, decimals, swing, address in _NAMED
    ),
    *(
        Token(symbol=symbol, price=price, decimals=18, swing=1.2 + index % 5 * 0.3)
        for index, (symbol, price) in enumerate(_INVENTED)
    ),
    *(Token(symbol=None, price=0.01, decimals=18, swing=3.0) for _ in range(9)),
)
QUOTES: Final = 3  #: the first so many tokens are what others are traded against
PROJECTS: Final = (
    # project, version, of 1,000 trades
    ("uniswap", "3", 380),
    ("uniswap", "2", 190),
    ("uniswap", "4", 110),
    ("curve", "1", 120),
    ("sushiswap", "1", 75),
    ("balancer", "2", 65),
    ("pancakeswap", "3", 60),
)


def tables() -> dict[str, str]:
    """Return the statements of the sample: mounted name → SELECT."""
    return {
        "tokens.erc20": _tokens(),
        "ethereum.blocks": _blocks(),
        "ethereum.transactions": _transactions(),
        "tokens.transfers": _transfers(),
        "dex.trades": _trades(),
        "prices.hourly": _prices(),
    }


def _bits(word: str, key: str) -> str:
    """SQL of 64 bits that belong to `key` (below a billion) and `word`.

    Each word has a range of numbers of its own: DuckDB's hash of two arguments combines their
    hashes by an exclusive or, which would make every word's values move together.
    """
    return f"hash(({key})::BIGINT + {crc32(word.encode()) * 1_000_000_000})"


def _uniform(word: str, key: str) -> str:
    """SQL of a number in (0, 1) that belongs to `key`."""
    return f"((({_bits(word, key)} >> 11)::DOUBLE + 0.5) / 9007199254740992.0)"


def _normal(word: str, key: str) -> str:
    """SQL of a number of the standard normal distribution (Box and Muller's transform)."""
    radius, angle = _uniform(word + ".radius", key), _uniform(word + ".angle", key)
    return f"(sqrt(-2 * ln({radius})) * cos(6.283185307179586 * {angle}))"


def _below(limit: int, word: str, key: str) -> str:
    """SQL of a whole number from 0 to below `limit`, each as likely."""
    return f"({_bits(word, key)} % {limit})::BIGINT"


def _popular(limit: int, word: str, key: str) -> str:
    """SQL of a whole number from 0 to below `limit`; n comes up about 1/(n + 1) as often as 0."""
    return f"least({limit - 1}, (exp({_uniform(word, key)} * ln({limit + 1})) - 1)::BIGINT)"


def _hash32(kind: str, key: str) -> str:
    return f"unhex(sha256('{kind}:' || ({key})))"


def _address(kind: str, key: str) -> str:
    return f"unhex(left(sha256('{kind}:' || ({key})), 40))"


def _pick(values: list[str], index: str) -> str:
    """SQL of the value at `index`, which counts from 0."""
    return f"[{', '.join(values)}][{index} + 1]"


def _moment(block: str) -> str:
    """SQL of a block's time; whole seconds, so it is exact."""
    return f"(TIMESTAMPTZ '{FIRST_MOMENT}+00' + to_seconds({BLOCK_SECONDS} * ({block})))"


def _day(block: str) -> str:
    return f"(DATE '{FIRST_MOMENT[:10]}' + (({block}) // {86_400 // BLOCK_SECONDS})::INTEGER)"


def _block_of(transaction: str) -> str:
    """SQL of a transaction's block, from 0: more of them by day than by night, and week by week.

    The waves are added to a rising line whose slope is greater, so blocks never go back.
    """
    share = f"(({transaction})::DOUBLE / {TRANSACTIONS})"
    wave = (
        f"0.004 * sin({DAYS} * 6.283185307179586 * {share})"
        f" + 0.03 * sin(2 * 6.283185307179586 * {share})"
    )
    return f"least({BLOCKS - 1}, greatest(0, floor({BLOCKS} * ({share} + {wave}))))::BIGINT"


def _token_address(token: str) -> str:
    return _pick(
        [
            f"unhex('{t.address}')" if t.address else _address("token", str(rank))
            for rank, t in enumerate(TOKENS)
        ],
        token,
    )


def _token_symbol(token: str) -> str:
    return _pick(["NULL" if t.symbol is None else f"'{t.symbol}'" for t in TOKENS], token)


def _price(token: str, hour: str) -> str:
    """SQL of a token's price in an hour of the sample, counted from 0: waves and some noise."""
    base = _pick([f"{t.price!r}::DOUBLE" for t in TOKENS], token)
    swing = _pick([f"{t.swing!r}::DOUBLE" for t in TOKENS], token)
    phase = f"(6.283185307179586 * {_uniform('phase', token)})"
    waves = (
        f"0.08 * sin({hour} / 61.0 + {phase}) + 0.035 * sin({hour} / 17.0 + 2 * {phase})"
        f" + 0.006 * {_normal('price', f'({token}) * 100000 + ({hour})')}"
    )
    peg = f"0.0008 * {_normal('peg', f'({token}) * 100000 + ({hour})')}"
    return f"({base} * exp({swing} * ({waves}) + {peg}))"


def _rows(count: int) -> str:
    return f"(SELECT range AS i FROM range({count}))"


def _tokens() -> str:
    return f"""
SELECT
    'ethereum' AS blockchain,
    {_token_address("i")} AS contract_address,
    {_token_symbol("i")} AS symbol,
    {_pick([str(t.decimals) for t in TOKENS], "i")}::INTEGER AS decimals
FROM {_rows(len(TOKENS))}
ORDER BY i"""


def _blocks() -> str:
    load = f"(0.5 + 0.13 * sin(i / 1146.0) + 0.16 * {_normal('load', 'i')})"
    return f"""
SELECT
    i + {FIRST_BLOCK} AS number,
    {_moment("i")} AS time,
    {_day("i")} AS date,
    {_hash32("block", "i")} AS hash,
    {_hash32("block", "i - 1")} AS parent_hash,
    {_address("builder", _popular(40, "builder", "i"))} AS miner,
    30000000::BIGINT AS gas_limit,
    (30000000 * greatest(0.0, least(1.0, {load})))::BIGINT AS gas_used,
    (1e9 * exp(2.1 + 0.5 * sin(i / 1146.0) + 0.35 * {_normal("fee", "i // 5")}))::BIGINT
        AS base_fee_per_gas,
    (40000 + 60000 * {_uniform("size", "i")})::BIGINT AS size
FROM {_rows(BLOCKS)}
ORDER BY i"""


def _transactions() -> str:
    is_legacy = f"{_uniform('legacy', 'i')} < 0.12"
    tip = f"(1e9 * exp(0.9 * {_normal('tip', 'i')}))::BIGINT"
    base = f"(1e9 * exp(2.1 + 0.5 * sin(b / 1146.0) + 0.35 * {_normal('fee', 'b // 5')}))::BIGINT"
    selectors = ["a9059cbb", "095ea7b3", "3593564c", "7ff36ab5", "23b872dd", "38ed1739"]
    picked = _pick([f"unhex('{s}')" for s in selectors], _popular(len(selectors), "call", "i"))
    return f"""
SELECT
    b + {FIRST_BLOCK} AS block_number,
    {_moment("b")} AS block_time,
    {_day("b")} AS block_date,
    (row_number() OVER (PARTITION BY b ORDER BY i) - 1)::INTEGER AS index,
    {_hash32("transaction", "i")} AS hash,
    {_address("account", _popular(ACCOUNTS, "sender", "i"))} AS "from",
    CASE WHEN {_uniform("create", "i")} >= 0.008
        THEN {_address("account", _popular(ACCOUNTS, "receiver", "i"))} END AS "to",
    CASE WHEN {_uniform("plain", "i")} < 0.45
        THEN floor(1e6 * exp(-1.5 + 1.9 * {_normal("value", "i")}))::DECIMAL(38, 0)
            * 1000000000000::DECIMAL(38, 0)
        ELSE 0::DECIMAL(38, 0) END AS value,
    CASE WHEN {_uniform("plain", "i")} >= 0.45 THEN {picked} END AS selector,
    gas_used + (gas_used * 0.4 * {_uniform("spare", "i")})::BIGINT AS gas_limit,
    gas_used,
    base_fee + tip AS gas_price,
    CASE WHEN NOT legacy THEN tip END AS max_priority_fee_per_gas,
    CASE WHEN legacy THEN 'Legacy' ELSE 'DynamicFee' END AS type,
    {_below(4_000, "nonce", "i")} AS nonce,
    {_uniform("success", "i")} >= 0.021 AS success
FROM (
    SELECT
        i,
        {_block_of("i")} AS b,
        {base} AS base_fee,
        {tip} AS tip,
        {is_legacy} AS legacy,
        (21000 + 90000 * exp(0.8 * {_normal("gas", "i")})
            * ({_uniform("plain", "i")} >= 0.45)::INTEGER)::BIGINT AS gas_used
    FROM (SELECT i, {_block_of("i")} AS b FROM {_rows(TRANSACTIONS)})
)
ORDER BY i"""


def _transfers() -> str:
    """Several in a transaction; tokens by popularity; some are minted, some burned."""
    decimals = _pick([str(t.decimals) for t in TOKENS], "token")
    amount = f"(exp(4.5 + 2.2 * {_normal('amount', 'i')}) / {_price('token', 'b // 300')})"
    nobody = "unhex(repeat('00', 20))"
    sender = _address("account", _popular(ACCOUNTS, "gives", "i"))
    receiver = _address("account", _popular(ACCOUNTS, "takes", "i"))
    return f"""
SELECT
    'ethereum' AS blockchain,
    {_moment("b")} AS block_time,
    {_day("b")} AS block_date,
    b + {FIRST_BLOCK} AS block_number,
    {_hash32("transaction", "x")} AS tx_hash,
    (row_number() OVER (PARTITION BY b ORDER BY i) - 1)::INTEGER AS evt_index,
    {_token_address("token")} AS contract_address,
    {_token_symbol("token")} AS symbol,
    CASE WHEN {_uniform("mint", "i")} < 0.006 THEN {nobody} ELSE {sender} END AS "from",
    CASE WHEN {_uniform("burn", "i")} < 0.004 THEN {nobody} ELSE {receiver} END AS "to",
    floor(least(1e15, amount) * pow(10, least(8, {decimals})))::DECIMAL(38, 0)
        * pow(10, {decimals} - least(8, {decimals}))::DECIMAL(15, 0) AS amount_raw,
    CASE WHEN {_token_symbol("token")} IS NOT NULL
        THEN floor(amount * 1e8) / 1e8 END AS amount
FROM (
    SELECT i, x, b, token, {amount} AS amount
    FROM (
        SELECT i, x, {_block_of("x")} AS b, {_popular(len(TOKENS), "token", "i")} AS token
        FROM (SELECT i, i * {TRANSACTIONS} // {TRANSFERS} AS x FROM {_rows(TRANSFERS)})
    )
)
ORDER BY i"""


def _trades() -> str:
    """Every trade has a popular token on one side and a quote token on the other."""
    shares = [
        (project, version, sum(weight for _, _, weight in PROJECTS[: rank + 1]))
        for rank, (project, version, _) in enumerate(PROJECTS)
    ]
    turn = _below(1_000, "project", "i")
    which = "CASE " + " ".join(
        f"WHEN {turn} < {end} THEN {rank}" for rank, (_, _, end) in enumerate(shares)
    )
    usd = f"exp(6.2 + 1.7 * {_normal('usd', 'i')})"
    slip = f"exp(0.003 * {_normal('slip', 'i')})"
    trader = f"({TRADERS} * pow({_uniform('trader', 'i')}, 3))::BIGINT"
    return f"""
SELECT
    'ethereum' AS blockchain,
    {_pick([f"'{project}'" for project, _, _ in PROJECTS], "dex")} AS project,
    {_pick([f"'{version}'" for _, version, _ in PROJECTS], "dex")} AS version,
    {_moment("b")} AS block_time,
    {_day("b")} AS block_date,
    b + {FIRST_BLOCK} AS block_number,
    {_token_symbol("bought")} AS token_bought_symbol,
    {_token_symbol("sold")} AS token_sold_symbol,
    usd / {_price("bought", "b // 300")} * {slip} AS token_bought_amount,
    usd / {_price("sold", "b // 300")} AS token_sold_amount,
    {_token_address("bought")} AS token_bought_address,
    {_token_address("sold")} AS token_sold_address,
    {_address("trader", trader)} AS taker,
    CASE WHEN dex = 3 THEN {_address("maker", _popular(50, "maker", "i"))} END AS maker,
    {_address("pool", "dex * 1000000 + greatest(bought, sold) * 1000 + least(bought, sold)")}
        AS project_contract_address,
    {_hash32("transaction", "x")} AS tx_hash,
    (row_number() OVER (PARTITION BY b ORDER BY i) - 1)::INTEGER AS evt_index
FROM (
    SELECT
        i, x, b, dex, usd,
        CASE WHEN is_buy THEN token ELSE quote END AS bought,
        CASE WHEN is_buy THEN quote ELSE token END AS sold
    FROM (
        SELECT
            i, x, token,
            {_block_of("x")} AS b,
            {which} END AS dex,
            {usd} AS usd,
            {_uniform("side", "i")} < 0.52 AS is_buy,
            CASE WHEN q = token THEN (q + 1) % {QUOTES} ELSE q END AS quote
        FROM (
            SELECT
                i,
                i * {TRANSACTIONS} // {TRADES} AS x,
                {_popular(len(TOKENS), "traded", "i")} AS token,
                {_popular(QUOTES, "quote", "i")} AS q
            FROM {_rows(TRADES)}
        )
    )
)
ORDER BY i"""


def _prices() -> str:
    """Nobody quotes a token without a name, and an hour is missing here and there."""
    return f"""
SELECT
    'ethereum' AS blockchain,
    {_moment("hour * 300")} AS hour,
    {_token_address("token")} AS contract_address,
    {_token_symbol("token")} AS symbol,
    {_pick([str(t.decimals) for t in TOKENS], "token")}::INTEGER AS decimals,
    {_price("token", "hour")} AS price
FROM (SELECT i, i // {len(TOKENS)} AS hour, i % {len(TOKENS)} AS token
      FROM {_rows(DAYS * 24 * len(TOKENS))})
WHERE {_token_symbol("token")} IS NOT NULL
    AND (token < 8 OR {_uniform("missing", "i")} >= 0.01)
ORDER BY i"""
