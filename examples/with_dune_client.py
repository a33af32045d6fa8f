"""Dune's own Python client, unmodified, against a Qanat server.

Needs QANAT_SERVER_URL and QANAT_API_KEY, and `pip install dune-client pandas`.
"""

from __future__ import annotations

import os

from dune_client.client import DuneClient
from dune_client.query import QueryBase

client = DuneClient(
    api_key=os.environ["QANAT_API_KEY"],
    base_url=os.environ.get("QANAT_SERVER_URL", "http://127.0.0.1:8327"),
)

query = client.create_query(
    name="Trades by hour of the day",
    query_sql="""
        SELECT HOUR(block_time) AS hour_of_day, COUNT(*) AS trades, SUM(amount_usd) AS usd
        FROM dune.demo.result_priced_trades
        GROUP BY 1
        ORDER BY 1
    """,
)
frame = client.run_query_dataframe(QueryBase(query_id=query.base.query_id))
print(frame.to_string(index=False))  # a script that prints
client.archive_query(query.base.query_id)
