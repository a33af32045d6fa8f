-- What blockspace cost, hour by hour.
SELECT
    DATE_TRUNC('hour', block_time) AS hour,
    COUNT(*) AS transactions,
    COUNT(DISTINCT "from") AS senders,
    SUM(gas_used) AS gas_used,
    APPROX_PERCENTILE(gas_price / 1e9, 0.5) AS median_gas_price_gwei,
    SUM(CAST(gas_used AS DOUBLE) * gas_price) / 1e18 AS fees_eth,
    CAST(COUNT_IF(NOT success) AS DOUBLE) / COUNT(*) AS failure_rate
FROM ethereum.transactions
GROUP BY 1
