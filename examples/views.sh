#!/usr/bin/env bash
# Two views, the second reading the first, and one run that moves both.
# Needs QANAT_SERVER_URL and QANAT_API_KEY (a write key), and the demo's sample.
set -euo pipefail

api() { curl -sf -H "X-Dune-Api-Key: $QANAT_API_KEY" "$@"; }
field() { python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
save() { # name, SQL → query id
    api -d "$(python3 -c 'import json, sys; print(json.dumps({"name": sys.argv[1], "query_sql": sys.argv[2]}))' "$1" "$2")" \
        "$QANAT_SERVER_URL/api/v1/query" | field query_id
}
view() { # name, query id: made, and computed once
    execution=$(api -d "{\"name\":\"$1\",\"query_id\":$2}" \
        "$QANAT_SERVER_URL/api/v1/materialized-views" | field execution_id)
    until [ "$(api "$QANAT_SERVER_URL/api/v1/execution/$execution/status" | field is_execution_finished)" = True ]; do
        sleep 0.1
    done
}

handle=$(api "$QANAT_SERVER_URL/api/whoami" | field handle)
large=$(save "Large transfers" \
    'SELECT block_date, symbol, "from", "to", amount FROM tokens.transfers WHERE amount > 100000')
view result_large_transfers "$large"
count=$(save "Large transfers by day" \
    "SELECT block_date, symbol, COUNT(*) AS transfers FROM dune.$handle.result_large_transfers GROUP BY 1, 2")
view result_large_by_day "$count"
top=$(save "Days with most large transfers" \
    "SELECT * FROM dune.$handle.result_large_by_day ORDER BY transfers DESC LIMIT 10")

qanat pipeline show "$top"
qanat pipeline run "$top"
qanat query run "$top"
