-- Who trades most on one exchange; volume below a floor is left out.
SELECT
    ROW_NUMBER() OVER (ORDER BY volume_usd DESC, trader) AS place,
    trader,
    trades,
    active_days,
    ROUND(volume_usd, 2) AS volume_usd,
    ROUND(volume_usd / trades, 2) AS mean_trade_usd,
    largest_buy,
    last_trade_at
FROM dune.demo.result_trader_activity
WHERE project = '{{project}}'
    AND volume_usd >= {{min_volume_usd}}
ORDER BY place
LIMIT 100
