-- The chain in a line a day: trading, transfers, blockspace.
WITH trading AS (
    SELECT
        block_date,
        SUM(trades) AS trades,
        SUM(volume_usd) AS volume_usd,
        MAX_BY(project, volume_usd) AS top_project
    FROM dune.demo.result_project_volume
    GROUP BY 1
),
gas AS (
    SELECT
        CAST(hour AS DATE) AS block_date,
        SUM(transactions) AS transactions,
        SUM(fees_eth) AS fees_eth,
        AVG(median_gas_price_gwei) AS gas_price_gwei
    FROM dune.demo.result_hourly_gas
    GROUP BY 1
),
tokens AS (
    SELECT
        block_date,
        SUM(transfers) AS transfers,
        MAX_BY(symbol, volume_usd) AS top_token
    FROM dune.demo.result_token_activity
    GROUP BY 1
)
SELECT
    trading.block_date,
    trading.trades,
    trading.volume_usd,
    trading.top_project,
    tokens.transfers,
    tokens.top_token,
    gas.transactions,
    gas.fees_eth,
    gas.gas_price_gwei
FROM trading
JOIN gas ON gas.block_date = trading.block_date
JOIN tokens ON tokens.block_date = trading.block_date
