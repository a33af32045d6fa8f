-- Volume, trades and traders of each exchange on each day.
SELECT
    block_date,
    project,
    COUNT(*) AS trades,
    COUNT(DISTINCT taker) AS traders,
    SUM(amount_usd) AS volume_usd,
    MAX(amount_usd) AS largest_trade_usd
FROM dune.demo.result_priced_trades
GROUP BY 1, 2
