"""Files of rows on their way into a table: their row, the file, its flush to disk.

Whoever makes a file here gets it for the length of a block. What no snapshot points at when the
block ends with an error is garbage; what a server leaves behind when it dies is found by recovery,
because the row was there before the file.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from typing import Final

from qanat.clock import Clock, to_us
from qanat.engines import Bound, Engine, Limits, Load, Relation, Written
from qanat.errors import (
    EngineUnavailableError,
    FileLostError,
    InvalidRequestError,
    LimitExceededError,
    TooManyRequestsError,
)
from qanat.names import AttemptId, ServerId, new_ulid
from qanat.store import upload_moves
from qanat.store.database import Database, StoreUnavailableError
from qanat.store.upload_moves import NewFile

ATTEMPTS: Final = 3  #: of one file, when the engine is at fault
PLATFORM_FAULTS: Final = (EngineUnavailableError, FileLostError)


class NewFiles:
    """Makes files of rows in the name of one server."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        server_id: ServerId,
        limits: Limits,
        *,
        free_disk_bytes: int,
    ) -> None:
        self._database = database
        self._engine = engine
        self._clock = clock
        self._server = server_id
        self._limits = limits
        self._free_disk_bytes = free_disk_bytes

    def loaded(self, load: Load) -> contextlib.AbstractContextManager[NewFile]:
        """Yield the rows of a file from outside.

        Raises:
            InvalidRequestError: A row does not fit, or there are too many.
            EngineUnavailableError: The engine failed three times.
        """
        return self._file(lambda file: self._engine.load(file, load, self._limits))

    def rewritten(
        self, rows: Relation, names: tuple[str, ...]
    ) -> contextlib.AbstractContextManager[NewFile]:
        """Yield rows of ours as one file, their columns called `names`.

        Raises:
            EngineUnavailableError: The engine failed three times.
        """
        statement = Bound(
            text='SELECT * FROM "$0"',
            slots=(rows,),
            columns=names,
            types=tuple(column.type for column in rows.columns),
        )
        return self._file(lambda file: self._engine.write(file, statement, self._limits))

    def require_room(self, size_bytes: int) -> None:
        """Return if so many bytes more fit on the disk.

        Raises:
            TooManyRequestsError: The disk is nearly full.
        """
        place = self._engine.path(AttemptId("0" * 26)).parent
        while not place.exists():
            place = place.parent
        if shutil.disk_usage(place).free < self._free_disk_bytes + size_bytes:
            raise TooManyRequestsError(
                "the server's disk is nearly full: nothing was written", retry_after_s=60
            )

    @contextlib.contextmanager
    def _file(self, make: Callable[[AttemptId], Written]) -> Iterator[NewFile]:
        """Yield a new file, flushed to disk; if nothing moves to it in the block, it is garbage."""
        new = self._written(make)
        try:
            yield new
        except BaseException:
            self.discard(new.id)
            raise

    def _written(self, make: Callable[[AttemptId], Written]) -> NewFile:
        for attempt in range(1, ATTEMPTS + 1):
            file = self._begin()
            try:
                written = make(file)
                self._engine.sync((file,))
            except BaseException as error:
                self.discard(file)
                if isinstance(error, LimitExceededError):
                    raise InvalidRequestError(f"the file is too large: {error}") from error
                if attempt == ATTEMPTS or not isinstance(error, PLATFORM_FAULTS):
                    raise
            else:
                return NewFile(
                    id=file,
                    columns=written.columns,
                    row_count=written.row_count,
                    size_bytes=written.size_bytes,
                )
        raise AssertionError("unreachable")

    def _begin(self) -> AttemptId:
        file = AttemptId(new_ulid(self._clock.now()))
        self._database.write(lambda tx: upload_moves.begin_file(tx, file, self._server))
        return file

    def discard(self, file: AttemptId) -> None:
        """Give a file up. One that a lost commit made whole after all stays: its row says so."""
        due_us = to_us(self._clock.now())
        with contextlib.suppress(StoreUnavailableError):
            self._database.write(lambda tx: upload_moves.discard_file(tx, file, due_us=due_us))
