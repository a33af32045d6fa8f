"""What a refusal looks like to the client: the error of the library that it stands on."""

from __future__ import annotations

import pytest
import requests


def status_of(error: pytest.ExceptionInfo[requests.HTTPError]) -> tuple[int, str]:
    """Return the status and the text of the answer."""
    answer = error.value.response
    assert answer is not None
    return answer.status_code, answer.text
