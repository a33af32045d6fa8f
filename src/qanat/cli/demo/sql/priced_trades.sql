-- Every trade with its value in US dollars: by the price of what was bought, else of what was sold.
SELECT
    t.block_time,
    t.block_date,
    t.project,
    t.version,
    t.token_bought_symbol,
    t.token_sold_symbol,
    t.token_bought_address,
    t.token_sold_address,
    t.token_bought_amount,
    t.token_sold_amount,
    COALESCE(t.token_bought_amount * bought.price, t.token_sold_amount * sold.price) AS amount_usd,
    t.taker,
    t.tx_hash,
    t.evt_index
FROM dex.trades AS t
LEFT JOIN prices.hourly AS bought
    ON bought.contract_address = t.token_bought_address
    AND bought.hour = DATE_TRUNC('hour', t.block_time)
LEFT JOIN prices.hourly AS sold
    ON sold.contract_address = t.token_sold_address
    AND sold.hour = DATE_TRUNC('hour', t.block_time)
