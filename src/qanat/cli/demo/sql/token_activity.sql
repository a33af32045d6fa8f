-- Each token on each day: what was traded of it, and what moved between wallets.
WITH traded AS (
    SELECT block_date, token_bought_address AS contract_address, amount_usd
    FROM dune.demo.result_priced_trades
    UNION ALL
    SELECT block_date, token_sold_address, amount_usd
    FROM dune.demo.result_priced_trades
),
volume AS (
    SELECT block_date, contract_address, COUNT(*) AS trades, SUM(amount_usd) AS volume_usd
    FROM traded
    GROUP BY 1, 2
)
SELECT
    flows.block_date,
    flows.symbol,
    COALESCE(volume.trades, 0) AS trades,
    COALESCE(volume.volume_usd, 0) AS volume_usd,
    flows.transfers,
    flows.senders,
    COALESCE(flows.minted, 0) - COALESCE(flows.burned, 0) AS net_issued
FROM dune.demo.result_token_flows AS flows
LEFT JOIN volume
    ON volume.block_date = flows.block_date
    AND volume.contract_address = flows.contract_address
