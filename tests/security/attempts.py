"""Attempts that aim at the server they are sent to: its files, its keys, another owner's rows.

Filled in with `Target`. The list of attempts that need no such knowledge is tests/unit/sql's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What there is to be found on a server."""

    data_dir: str
    canary: str  #: path of a file outside the data directory
    private_query: int  #: of `victim`
    open_query: int  #: public, of `victim`; it reads the private table
    execution: str  #: of the private query

    def texts(self) -> tuple[str, ...]:
        """Return the statements that aim at this target."""
        fields = {
            "data": self.data_dir,
            "canary": self.canary,
            "query": self.private_query,
            "open": self.open_query,
            "execution": self.execution,
        }
        return tuple(text.format(**fields) for text in STATEMENTS)


STATEMENTS: Final = (
    "SELECT * FROM read_text('{canary}')",
    "SELECT * FROM '{canary}'",
    'SELECT * FROM "{canary}"',
    "SELECT * FROM read_csv('{canary}', header = false)",
    "SELECT * FROM read_parquet('{data}/rows/*/*.parquet')",
    "SELECT * FROM '{data}/rows/*/*.parquet'",
    'SELECT * FROM "{data}/rows/*/*.parquet"',
    "SELECT * FROM read_blob('{data}/state.db')",
    "SELECT * FROM sqlite_scan('{data}/state.db', 'key')",
    "SELECT * FROM glob('{data}/*')",
    "ATTACH '{data}/state.db' AS s (TYPE sqlite)",
    "COPY (SELECT 1) TO '{data}/planted'",
    "COPY (SELECT 1) TO '{data}/rows/planted.parquet'",
    "COPY (SELECT 1) TO 'planted'",
    "EXPORT DATABASE '{data}/planted'",
    "CREATE TABLE planted AS SELECT 1",
    "SELECT getenv('CANARY')",
    "SELECT getenv('QANAT_DATA_DIR')",
    "SELECT * FROM dune.victim.result_hidden",
    "SELECT * FROM dune.victim.hidden",
    'SELECT * FROM "dune"."victim"."hidden"',
    "SELECT (SELECT max(word) FROM dune.victim.hidden)",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM dune.victim.hidden WHERE word LIKE 'c%')",
    "WITH x AS (SELECT * FROM dune.victim.hidden) SELECT count(*) FROM x",
    "SELECT * FROM (SELECT * FROM dune.victim.result_hidden) AS t",
    "SELECT 1 UNION ALL SELECT count(*) FROM dune.victim.hidden",
    "SELECT * FROM query_{query}",
    'SELECT * FROM "query_{query}"',
    'SELECT * FROM "query_{query}()"',
    "SELECT * FROM query_{open}",
    'SELECT * FROM "{execution}"',
    'SELECT * FROM "s_{execution}"',
)

#: Values of a parameter that stands between quotes: `WHERE word = '{{p}}'`.
QUOTED_VALUES: Final = (
    "x' OR word IN (SELECT word FROM dune.victim.hidden) OR word = 'x",
    "x' UNION ALL SELECT word FROM dune.victim.hidden --",
    "x' UNION ALL SELECT content FROM read_text('/etc/passwd') --",
    "x'; DROP TABLE dune.me.t; --",
    "x' /* ",
    "x' || getenv('CANARY') || '",
    "x' || (SELECT max(word) FROM dune.victim.hidden) || '",
    "x'; COPY (SELECT 1) TO 'planted'; --",
    "' || current_setting('temp_directory') || '",
    "'' || read_text('/etc/passwd') || ''",
)
