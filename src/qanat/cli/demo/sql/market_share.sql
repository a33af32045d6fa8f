-- Each exchange's share of a day's volume, its rank, and its volume's mean over the last week.
SELECT
    block_date,
    project,
    trades,
    volume_usd,
    volume_usd / SUM(volume_usd) OVER (PARTITION BY block_date) AS share,
    RANK() OVER (PARTITION BY block_date ORDER BY volume_usd DESC) AS place,
    AVG(volume_usd) OVER (
        PARTITION BY project ORDER BY block_date ROWS BETWEEN 6 PRECEDING AND CURRENT ROW
    ) AS weekly_mean_usd
FROM dune.demo.result_project_volume
