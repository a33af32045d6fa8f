-- What each trader did on each exchange over the whole sample.
SELECT
    taker AS trader,
    project,
    COUNT(*) AS trades,
    COUNT(DISTINCT block_date) AS active_days,
    SUM(amount_usd) AS volume_usd,
    MIN(block_time) AS first_trade_at,
    MAX(block_time) AS last_trade_at,
    MAX_BY(COALESCE(token_bought_symbol, '?'), amount_usd) AS largest_buy
FROM dune.demo.result_priced_trades
GROUP BY 1, 2
