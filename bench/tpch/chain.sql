-- Heavy views one after another, each of all rows of lineitem, and the query on top of them. Only
-- one of them can run at a time, so each has the machine to itself.
--
-- The rules of pipeline.sql hold here too.

-- view chain_lines
SELECT l_orderkey, l_linenumber, l_partkey, l_suppkey, l_quantity, l_shipdate, l_shipmode,
  CAST(l_extendedprice * (1 - l_discount) AS decimal(18, 4)) AS revenue
FROM tpch.lineitem;

-- view chain_orders
SELECT l.*, o_custkey, o_orderdate FROM v.chain_lines AS l JOIN tpch.orders ON l_orderkey = o_orderkey;

-- view chain_of_order
SELECT *, sum(revenue) OVER (PARTITION BY l_orderkey) AS order_revenue FROM v.chain_orders;

-- view chain_of_part
SELECT *, row_number() OVER (PARTITION BY l_partkey ORDER BY l_orderkey, l_linenumber) AS part_place
FROM v.chain_of_order;

-- view chain_of_customer
SELECT c.*, customer_revenue
FROM v.chain_of_part AS c
JOIN (SELECT o_custkey AS customer, sum(revenue) AS customer_revenue
  FROM v.chain_of_part GROUP BY o_custkey) ON o_custkey = customer;

-- view chain_of_supplier
SELECT c.*, supplier_revenue, s_name
FROM v.chain_of_customer AS c
JOIN (SELECT l_suppkey AS supplier, sum(revenue) AS supplier_revenue
  FROM v.chain_of_customer GROUP BY l_suppkey) ON l_suppkey = supplier
JOIN tpch.supplier ON s_suppkey = supplier;

-- query
SELECT l_shipmode, count(*) AS line_count, sum(order_revenue) AS order_revenue,
  sum(part_place) AS part_place, sum(customer_revenue) AS customer_revenue,
  sum(supplier_revenue) AS supplier_revenue
FROM v.chain_of_supplier GROUP BY l_shipmode;
