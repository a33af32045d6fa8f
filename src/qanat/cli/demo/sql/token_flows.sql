-- How much of each token moved on each day, and what was minted and burned.
SELECT
    block_date,
    contract_address,
    symbol,
    COUNT(*) AS transfers,
    COUNT(DISTINCT "from") AS senders,
    COUNT(DISTINCT "to") AS receivers,
    SUM(amount) AS amount,
    SUM(CASE WHEN "from" = 0x0000000000000000000000000000000000000000 THEN amount END) AS minted,
    SUM(CASE WHEN "to" = 0x0000000000000000000000000000000000000000 THEN amount END) AS burned
FROM tokens.transfers
WHERE symbol IS NOT NULL
GROUP BY 1, 2, 3
