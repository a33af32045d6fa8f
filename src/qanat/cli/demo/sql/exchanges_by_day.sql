-- The exchanges' shares, day by day, and how they move against their own week.
SELECT
    block_date,
    project,
    place,
    ROUND(100 * share, 2) AS share_percent,
    ROUND(volume_usd / 1e6, 3) AS volume_musd,
    ROUND(100 * (volume_usd / weekly_mean_usd - 1), 1) AS against_week_percent
FROM dune.demo.result_market_share
ORDER BY block_date DESC, place
