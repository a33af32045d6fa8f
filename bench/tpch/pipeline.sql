-- A pipeline of thirty views over the tables of TPC-H, and the query on top of it.
--
-- Every statement means the same to Trino and to DuckDB: types are cast where the two would choose
-- differently. `v.x` stands for the view x. Each view comes after those that it reads.

-- view lines
SELECT l_orderkey, l_partkey, l_suppkey, l_linenumber, l_quantity, l_extendedprice, l_discount,
  CAST(l_extendedprice * (1 - l_discount) AS decimal(18, 4)) AS revenue,
  l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipmode, l_shipinstruct,
  l_commitdate < l_receiptdate AS is_late
FROM tpch.lineitem;

-- view places
SELECT n_nationkey, n_name AS nation, r_name AS region
FROM tpch.nation JOIN tpch.region ON n_regionkey = r_regionkey;

-- view customers
SELECT c_custkey, c_name, c_acctbal, c_mktsegment, substr(c_phone, 1, 2) AS country, nation, region
FROM tpch.customer JOIN v.places ON c_nationkey = n_nationkey;

-- view suppliers
SELECT s_suppkey, s_name, s_acctbal, nation, region
FROM tpch.supplier JOIN v.places ON s_nationkey = n_nationkey;

-- view parts
SELECT p_partkey, p_name, p_mfgr, p_brand, p_type, p_size, p_container,
  p_name LIKE '%green%' AS is_green, p_type LIKE 'PROMO%' AS is_promoted
FROM tpch.part;

-- view orders
SELECT o_orderkey, o_custkey, o_orderstatus, o_totalprice, o_orderdate,
  CAST(EXTRACT(YEAR FROM o_orderdate) AS bigint) AS order_year, o_orderpriority,
  o_comment LIKE '%special%requests%' AS is_special
FROM tpch.orders;

-- view supply
SELECT ps_partkey, ps_suppkey, ps_availqty, ps_supplycost, p_brand, p_type, p_size, nation, region,
  CAST(ps_supplycost * ps_availqty AS decimal(18, 2)) AS stock_value
FROM tpch.partsupp
JOIN v.parts ON ps_partkey = p_partkey
JOIN v.suppliers ON ps_suppkey = s_suppkey;

-- view order_lines
SELECT l_orderkey, l_linenumber, l_partkey, l_suppkey, o_custkey, o_orderdate, order_year,
  o_orderpriority, l_quantity, revenue, l_returnflag, l_shipdate, l_shipmode, is_late
FROM v.lines JOIN v.orders ON l_orderkey = o_orderkey;

-- view order_totals
SELECT l_orderkey, count(*) AS line_count, sum(l_quantity) AS quantity, sum(revenue) AS revenue,
  count(DISTINCT l_suppkey) AS supplier_count,
  sum(CASE WHEN is_late THEN 1 ELSE 0 END) AS late_count
FROM v.lines GROUP BY l_orderkey;

-- view pricing_summary
SELECT l_returnflag, l_linestatus, sum(l_quantity) AS quantity, sum(l_extendedprice) AS base_price,
  sum(revenue) AS revenue, avg(CAST(l_discount AS double)) AS discount, count(*) AS line_count
FROM v.lines WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus;

-- view daily_revenue
SELECT o_orderdate, count(*) AS line_count, sum(revenue) AS revenue
FROM v.order_lines GROUP BY o_orderdate;

-- view monthly_revenue
SELECT CAST(date_trunc('month', o_orderdate) AS date) AS order_month, sum(revenue) AS revenue,
  sum(line_count) AS line_count
FROM v.daily_revenue GROUP BY 1;

-- view revenue_trend
SELECT o_orderdate, revenue,
  sum(revenue) OVER (ORDER BY o_orderdate ROWS BETWEEN 29 PRECEDING AND CURRENT ROW) AS last_30,
  rank() OVER (ORDER BY revenue DESC) AS place
FROM v.daily_revenue;

-- view customer_orders
SELECT o_custkey, count(*) AS order_count, sum(revenue) AS revenue, max(o_orderdate) AS last_order,
  sum(late_count) AS late_count
FROM v.orders JOIN v.order_totals ON o_orderkey = l_orderkey GROUP BY o_custkey;

-- view customer_value
SELECT c_custkey, c_name, c_mktsegment, nation, region, order_count, revenue,
  ntile(10) OVER (PARTITION BY region ORDER BY revenue DESC, c_custkey) AS decile
FROM v.customers JOIN v.customer_orders ON c_custkey = o_custkey;

-- view segment_revenue
SELECT region, c_mktsegment, decile, count(*) AS customer_count, sum(revenue) AS revenue
FROM v.customer_value GROUP BY region, c_mktsegment, decile;

-- view idle_customers
SELECT country, count(*) AS customer_count, sum(c_acctbal) AS balance
FROM v.customers LEFT JOIN v.customer_orders ON c_custkey = o_custkey
WHERE o_custkey IS NULL AND c_acctbal > 0 GROUP BY country;

-- view order_counts
SELECT coalesce(order_count, 0) AS order_count, count(*) AS customer_count
FROM v.customers LEFT JOIN v.customer_orders ON c_custkey = o_custkey GROUP BY 1;

-- view returned
SELECT o_custkey, order_year, sum(revenue) AS lost, count(*) AS line_count
FROM v.order_lines WHERE l_returnflag = 'R' GROUP BY o_custkey, order_year;

-- view returning_customers
SELECT order_year, c_custkey, c_name, nation, lost
FROM (SELECT order_year, o_custkey, lost,
    row_number() OVER (PARTITION BY order_year ORDER BY lost DESC, o_custkey) AS place
  FROM v.returned)
JOIN v.customers ON o_custkey = c_custkey WHERE place <= 100;

-- view shipping_modes
SELECT l_shipmode, order_year,
  sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS high_count,
  sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 0 ELSE 1 END) AS low_count
FROM v.order_lines WHERE is_late GROUP BY l_shipmode, order_year;

-- view trade
SELECT s.nation AS seller, c.nation AS buyer, order_year, sum(revenue) AS revenue
FROM v.order_lines AS o
JOIN v.suppliers AS s ON o.l_suppkey = s.s_suppkey
JOIN v.customers AS c ON o.o_custkey = c.c_custkey
GROUP BY s.nation, c.nation, order_year;

-- view market_share
SELECT seller, order_year, sum(revenue) AS revenue,
  CAST(sum(revenue) AS double) / CAST(sum(sum(revenue)) OVER (PARTITION BY order_year) AS double)
    AS share
FROM v.trade GROUP BY seller, order_year;

-- view part_lines
SELECT l_partkey, l_suppkey, order_year, sum(l_quantity) AS quantity, sum(revenue) AS revenue,
  count(*) AS line_count
FROM v.order_lines GROUP BY l_partkey, l_suppkey, order_year;

-- view profit
SELECT nation, p_type, order_year,
  sum(CAST(revenue AS double) - CAST(ps_supplycost AS double) * CAST(quantity AS double)) AS profit
FROM v.part_lines JOIN v.supply ON l_partkey = ps_partkey AND l_suppkey = ps_suppkey
GROUP BY nation, p_type, order_year;

-- view promotion
SELECT order_year, sum(CASE WHEN is_promoted THEN revenue ELSE 0 END) AS promoted,
  sum(revenue) AS revenue
FROM v.part_lines JOIN v.parts ON l_partkey = p_partkey GROUP BY order_year;

-- view supplier_years
SELECT l_suppkey, order_year, sum(revenue) AS revenue,
  rank() OVER (PARTITION BY order_year ORDER BY sum(revenue) DESC) AS place
FROM v.part_lines GROUP BY l_suppkey, order_year;

-- view cheapest_supply
SELECT region, ps_partkey, min(ps_supplycost) AS cost, max_by(ps_suppkey, -ps_suppkey) AS supplier
FROM (SELECT region, ps_partkey, ps_suppkey, ps_supplycost,
    rank() OVER (PARTITION BY region, ps_partkey ORDER BY ps_supplycost) AS place
  FROM v.supply) WHERE place = 1 GROUP BY region, ps_partkey;

-- view stock
SELECT nation, p_brand, p_size, sum(stock_value) AS stock_value,
  count(DISTINCT ps_suppkey) AS supplier_count
FROM v.supply GROUP BY nation, p_brand, p_size;

-- view large_orders
SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, quantity
FROM v.order_totals
JOIN v.orders ON l_orderkey = o_orderkey
JOIN v.customers ON o_custkey = c_custkey
WHERE quantity > 250;

-- query
SELECT 'pricing_summary' AS view, count(*) AS row_count FROM v.pricing_summary
UNION ALL SELECT 'monthly_revenue', count(*) FROM v.monthly_revenue
UNION ALL SELECT 'revenue_trend', count(*) FROM v.revenue_trend
UNION ALL SELECT 'segment_revenue', count(*) FROM v.segment_revenue
UNION ALL SELECT 'idle_customers', count(*) FROM v.idle_customers
UNION ALL SELECT 'order_counts', count(*) FROM v.order_counts
UNION ALL SELECT 'returning_customers', count(*) FROM v.returning_customers
UNION ALL SELECT 'shipping_modes', count(*) FROM v.shipping_modes
UNION ALL SELECT 'market_share', count(*) FROM v.market_share
UNION ALL SELECT 'profit', count(*) FROM v.profit
UNION ALL SELECT 'promotion', count(*) FROM v.promotion
UNION ALL SELECT 'supplier_years', count(*) FROM v.supplier_years
UNION ALL SELECT 'cheapest_supply', count(*) FROM v.cheapest_supply
UNION ALL SELECT 'stock', count(*) FROM v.stock
UNION ALL SELECT 'large_orders', count(*) FROM v.large_orders;
