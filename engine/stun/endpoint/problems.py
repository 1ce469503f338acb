"""What a server's failure means: worth another try, or the same again however often it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import aiohttp
import requests

from stun.errors import StunError

KEY_WANTED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
# Of the answers that blame the question, those that another try may mend.
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)


def unavailable(url: str, problem: object) -> StunError:
    return StunError(
        "EndpointUnavailable",
        f"{url} could not be asked ({problem}); check that the model is served there and ready.",
    )


def status_of(problem: Exception) -> int | None:
    """The HTTP status of an answer that was none; None where there was no answer."""
    if isinstance(problem, aiohttp.ClientResponseError):
        return problem.status
    if isinstance(problem, requests.HTTPError) and problem.response is not None:
        return problem.response.status_code
    return None


def is_refusal(status: int | None) -> bool:
    """Whether the server understood, and will say the same again."""
    return status is not None and 400 <= status < 500 and status not in PASSING


def refused(url: str, problem: Exception) -> StunError:
    status = status_of(problem)
    if status in KEY_WANTED:
        return StunError(
            "RecipeInvalid",
            f"{url} wants an API key (HTTP {status}), and the evaluation has none; serve the model "
            "without one, or leave the tasks of the endpoint out.",
        )
    return StunError(
        "QualityDataInvalid",
        f"{url} refuses what it is asked (HTTP {status}); it must serve /v1/completions, and no "
        "question may be longer than it reads.",
    )


@contextmanager
def asking(url: str) -> Iterator[None]:
    """Turns what goes wrong while a server is asked into a sentence that names the server."""
    try:
        yield
    except (requests.RequestException, aiohttp.ClientError, TimeoutError) as problem:
        told = refused if is_refusal(status_of(problem)) else unavailable
        raise told(url, problem) from problem
