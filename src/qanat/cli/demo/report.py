"""What the demo tells at its end: rows, the receipt, lines to paste, addresses."""

from __future__ import annotations

import msgspec

from qanat.cli import output, wire
from qanat.cli.client import Client
from qanat.cli.demo.content import Content
from qanat.cli.execution import pages
from qanat.cli.progress import state_of, title, took

_TOP_ROWS = 10


def print_top(client: Client, content: Content, run: wire.Run) -> None:
    """Print the first rows of the query that the pipeline belongs to."""
    node = next(
        node for node in run.nodes if node.query_id == content.target and node.kind != "view"
    )
    page = next(pages(client, node.execution_id or "", limit=_TOP_ROWS))
    names = page.metadata.column_names
    rows = [msgspec.json.decode(row, type=dict[str, object]) for row in page.rows]
    output.table(
        output.fields(names, page.metadata.column_types),
        [[row.get(name) for name in names] for row in rows],
        title=f"{title(node)}: the first {len(rows)} of {page.metadata.total_row_count:,} rows",
        wraps=False,
    )


def print_receipt(client: Client, run: wire.Run) -> None:
    """Print what each node of the run used, and their sum."""
    rows: list[list[object]] = []
    total = wire.Receipt()
    for node in run.nodes:
        path = f"/v1/pipelines/executions/{run.pipeline_execution_id}/nodes/{node.id}"
        used = _sum(client.get(path, wire.NodeDetail).receipts)
        total = _sum((total, used))
        seconds = took(node)
        rows.append(
            [
                title(node),
                state_of(node),
                "" if seconds is None else f"{seconds:.3f}",
                "" if node.row_count is None else f"{node.row_count:,}",
                *_figures(used),
            ]
        )
    rows.append(["total", "", "", "", *_figures(total)])
    output.table(
        [
            output.Field(name="node"),
            output.Field(name="state"),
            output.Field(name="seconds", kind="double"),
            output.Field(name="rows", kind="bigint", rank=1),
            output.Field(name="CPU s", kind="double", rank=2),
            output.Field(name="read", kind="bigint", rank=3),
            output.Field(name="written", kind="bigint", rank=4),
            output.Field(name="memory", kind="bigint", rank=5),
            output.Field(name="credits", kind="double"),
        ],
        rows,
        title=f"Receipt of run {run.pipeline_execution_id}",
        wraps=True,
        elsewhere="the page of the run",
    )


def print_doors(
    server: str, key: str, content: Content, run: wire.Run, dashboard_path: str
) -> None:
    """Print how to go on: three lines for a shell and the address for a browser."""
    head = f"curl -s -H 'X-Dune-Api-Key: {key}'"
    query = f"{server}/api/v1/query/{content.target}"
    body = """'{"query_parameters":{"project":"curve"}}'"""
    lines = [
        "",
        "Try it from another terminal:",
        f"  {head} '{query}/results?limit=3'",
        f"  {head} -d {body} {query}/pipeline/execute",
        f"  {head} {server}/api/v1/pipelines/executions/{run.pipeline_execution_id}/status",
        "",
        f"Sign in:       {server}/sign-in#key={key}",
        f"This run:      {server}/runs/{run.pipeline_execution_id}",
        f"The dashboard: {server}{dashboard_path}",
    ]
    output.to_stdout("\n".join(lines))


def _sum(receipts: tuple[wire.Receipt, ...]) -> wire.Receipt:
    return wire.Receipt(
        cpu_seconds=sum(each.cpu_seconds for each in receipts),
        bytes_scanned=sum(each.bytes_scanned for each in receipts),
        bytes_written=sum(each.bytes_written for each in receipts),
        peak_memory_bytes=max((each.peak_memory_bytes for each in receipts), default=0),
        credits=sum(each.credits for each in receipts),
    )


def _figures(used: wire.Receipt) -> list[object]:
    return [
        f"{used.cpu_seconds:.3f}",
        output.size(used.bytes_scanned),
        output.size(used.bytes_written),
        output.size(used.peak_memory_bytes),
        f"{used.credits:.6f}",
    ]
