-- The days of the sample, the newest first.
SELECT
    block_date,
    trades,
    ROUND(volume_usd / 1e6, 2) AS volume_musd,
    top_project,
    transfers,
    top_token,
    transactions,
    ROUND(fees_eth, 3) AS fees_eth,
    ROUND(gas_price_gwei, 2) AS gas_price_gwei
FROM dune.demo.result_daily_overview
ORDER BY block_date DESC
