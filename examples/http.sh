#!/usr/bin/env bash
# The HTTP API with curl alone. Needs QANAT_SERVER_URL and QANAT_API_KEY.
set -euo pipefail

api() { curl -sf -H "X-Dune-Api-Key: $QANAT_API_KEY" "$@"; }
field() { python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }

sql='SELECT block_date, SUM(volume_usd) AS usd FROM dune.demo.result_project_volume GROUP BY 1 ORDER BY 1'
execution=$(api -d "$(python3 -c 'import json, sys; print(json.dumps({"sql": sys.argv[1]}))' "$sql")" \
    "$QANAT_SERVER_URL/api/v1/sql/execute" | field execution_id)

until [ "$(api "$QANAT_SERVER_URL/api/v1/execution/$execution/status" | field is_execution_finished)" = True ]; do
    sleep 0.1
done

api "$QANAT_SERVER_URL/api/v1/execution/$execution/results?limit=3"
echo
api "$QANAT_SERVER_URL/api/v1/execution/$execution/results/csv"
