"""Pipelines of many small views, whose statements mean the same to Trino and to DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from _server import label

LAYERS: Final = 10
READS: Final = 3  #: views of the layer above
VALUES: Final = ", ".join(f"({n}, {n * 2})" for n in range(1, 11))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Views, layer by layer, and the query that reads the last layer."""

    name: str
    layers: list[dict[str, str]]
    top: str

    @property
    def statements(self) -> dict[str, str]:
        """Name → statement, each after those that it reads; the query is the last."""
        return {k: v for layer in self.layers for k, v in layer.items()} | {"top": self.top}

    @property
    def nodes(self) -> int:
        return len(self.statements)


def layered(nodes: int) -> Shape:
    width = nodes // LAYERS
    layers = [
        {
            f"result_l0_{k}": f"SELECT {k} AS id, n, v FROM (VALUES {VALUES}) AS t (n, v)"
            for k in range(width)
        }
    ]
    for number in range(1, LAYERS):
        above = [label(name) for name in layers[-1]]
        layer = {}
        for k in range(width):
            a, b, c = (above[(k + step) % width] for step in range(READS))
            layer[f"result_l{number}_{k}"] = (
                f"SELECT a.id, a.n, a.v + b.v + c.v AS v FROM {a} AS a"
                f" JOIN {b} AS b ON a.n = b.n JOIN {c} AS c ON a.n = c.n"
            )
        layers.append(layer)
    top = " UNION ALL ".join(f"SELECT sum(v) AS v FROM {label(name)}" for name in layers[-1])
    return Shape(name=f"{nodes:,} in {LAYERS} layers", layers=layers, top=top)


def chain(nodes: int) -> Shape:
    layers = [{"result_c0": f"SELECT 0 AS id, n, v FROM (VALUES {VALUES}) AS t (n, v)"}]
    layers += [
        {f"result_c{k}": f"SELECT id, n, v + 1 AS v FROM {label(f'result_c{k - 1}')}"}
        for k in range(1, nodes)
    ]
    top = f"SELECT sum(v) AS v FROM {label(f'result_c{nodes - 1}')}"
    return Shape(name=f"{nodes:,} in a chain", layers=layers, top=top)
