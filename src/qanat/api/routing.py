"""How a route is declared: success is 200, errors have one shape, and the document knows it all.

`example` is an answer and `asks` a request as the OpenAPI document shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from litestar import delete as _delete
from litestar import get as _get
from litestar import patch as _patch
from litestar import post as _post
from litestar import put as _put
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from qanat.api.wire.common import Error

Handler = TypeVar("Handler", bound=Callable[..., Any])
API: Final = "/api/v1"

_WORDS: Final = {
    400: "Malformed request",
    401: "No key, or one that is unknown or revoked",
    402: "A limit of the server: too many cells for one answer",
    403: "The key may not do this",
    404: "Unknown, or private to another owner",
    409: "It exists already, or moved since it was read",
    413: "Longer than a limit",
    422: "The Idempotency-Key was used with another request",
    429: "Too many requests or too long a queue",
    500: "A fault of the server",
}
COMMON: Final = (400, 401, 403, 404, 429, 500)


def _made(declare: Any) -> Callable[..., Callable[[Handler], HTTPRouteHandler]]:  # noqa: ANN401  # the framework's five decorators
    def route(
        path: str,
        *,
        tag: str,
        summary: str,
        example: object = None,
        asks: object = None,
        also: tuple[int, ...] = (),
        body_limit: str = "body_bytes",
        body_required: bool = True,
        options: Mapping[str, str] | None = None,
        base: str = API,
        **more: Any,  # noqa: ANN401  # passed on as they are
    ) -> Callable[[Handler], HTTPRouteHandler]:
        """Declare a route.

        Args:
            path: Below `base`; its parameters are all `str`, and the handler reads them, so that
                the key is checked before they are.
            tag: The group in the document.
            summary: One line for the document.
            example: An answer, as plain values.
            asks: A request body, as plain values.
            also: Statuses beyond the common ones.
            body_limit: The setting in `limits` that bounds the body.
            body_required: Whether an empty body is refused; only told in the document.
            options: Parameters of the query string that the handler reads by itself: name →
                what it means.
            base: What the path is below.
            more: Whatever else the framework takes.
        """
        return declare(  # type: ignore[no-any-return]  # a decorator
            base + path,
            status_code=200,
            summary=summary,
            tags=[tag],
            responses={
                status: ResponseSpec(
                    data_container=Error, description=_WORDS[status], generate_examples=False
                )
                for status in sorted({*COMMON, *also})
            },
            opt={
                "body_limit": body_limit,
                "example": example,
                "asks": asks,
                "body_required": body_required,
                "options": options or {},
            },
            **more,
        )

    return route


get: Final = _made(_get)
post: Final = _made(_post)
put: Final = _made(_put)
patch: Final = _made(_patch)
delete: Final = _made(_delete)


def under_both(
    declare: Callable[..., Callable[[Handler], HTTPRouteHandler]],
    handler: Handler,
    path: str,
    old: str,
    **more: Any,  # noqa: ANN401  # of the declaration
) -> list[HTTPRouteHandler]:
    """Return a route, and the same under the name that older clients know."""
    return [declare(path, **more)(handler), declare(old, deprecated=True, **more)(handler)]
