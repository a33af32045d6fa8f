#!/usr/bin/env bash
# The command line against a running demo. Needs QANAT_SERVER_URL and QANAT_API_KEY.
set -euo pipefail

qanat sql 'SELECT project, COUNT(*) AS trades FROM dex.trades GROUP BY 1 ORDER BY 2 DESC'

# The first query that the demo saved with parameters; by its name, as ids differ.
id=$(curl -sf -H "X-Dune-Api-Key: $QANAT_API_KEY" "$QANAT_SERVER_URL/api/v1/queries?limit=1000" |
    python3 -c 'import json, sys
print(next(q["id"] for q in json.load(sys.stdin)["queries"] if q["name"] == "Top traders"))')

qanat pipeline show "$id"
qanat pipeline run "$id" --param project=curve --param min_volume_usd=5000
qanat query run "$id" --param project=curve --limit 5
