"""A served model as lm-evaluation-harness sees it: what it can be asked, and under which name."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from lm_eval.models.openai_completions import LocalCompletionsAPI

from stun.endpoint.problems import KEY_WANTED, asking, is_refusal, status_of, unavailable

# Servers batch what reaches them together; more only waits in their queues.
TOGETHER = 8
PATIENCE = 600  # seconds for one answer: a CPU writes a few tokens a second


def base_of(url: str) -> str:
    """The URL below which the interface's paths lie, with or without /v1 as given."""
    base = url.rstrip("/")
    return base if base.endswith("/v1") else f"{base}/v1"


def model_name(base: str) -> str | None:
    """The first model that the server lists; None where it lists none and has but one."""
    with asking(base):  # JSON that is none included
        answer = requests.get(f"{base}/models", timeout=PATIENCE)
        if answer.status_code in KEY_WANTED:
            answer.raise_for_status()
        listed = answer.json().get("data") if answer.ok else None
    return str(listed[0]["id"]) if listed else None


def likelihood(choice: dict[str, Any], context: str, continuation: str) -> float | None:
    """Sum of log p of the echoed tokens that begin at or after the context's end.

    The server was asked to write one token more, because not all can write none: it is left
    out, and where it begins is the text's end. Offsets are counted back from there, since
    some servers count a token that they put before the text too. Spaces that end the context
    belong to what follows, as in the streamed tasks.
    """
    found = choice.get("logprobs") or {}
    offsets, scores = found.get("text_offset"), found.get("token_logprobs")
    if not offsets or not scores or len(offsets) != len(scores) or len(scores) < 3:
        return None
    end = offsets[-1] - len(context + continuation) + len(context.rstrip())
    pairs = list(zip(offsets, scores, strict=True))[1:-1]
    return float(sum(score for offset, score in pairs if offset >= end))


class ServedModel(LocalCompletionsAPI):
    """The harness's client, which scores choices by the server's own token borders.

    So it needs no tokenizer: the harness's own way asks for the model's files beside the
    server, which a pod that only knows a URL does not have.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        base = base_of(url)
        super().__init__(
            model=model_name(base),
            base_url=f"{base}/completions",
            tokenizer_backend=None,
            num_concurrent=TOGETHER,
            timeout=PATIENCE,
        )

    def score(self, context: str, continuation: str) -> float | None:
        """log p(continuation | context); None where the server does not tell."""
        answer = self.model_call([context + continuation], generate=False)
        return likelihood(answer["choices"][0], context, continuation) if answer else None

    def tells_likelihoods(self) -> bool:
        """Some servers leave them out of the answer, others refuse to be asked for them."""
        with asking(self.url):
            try:
                return self.score("One two", " three") is not None
            except requests.HTTPError as problem:
                status = status_of(problem)
                if status in KEY_WANTED or not is_refusal(status):
                    raise
                return False

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Whether the choice is also the likeliest text, which no metric here asks, is not told."""
        with ThreadPoolExecutor(TOGETHER) as pool:
            scores = list(pool.map(lambda request: self.score(*request.args), requests))
        if None in scores:
            raise unavailable(self.url, "it told some log-likelihoods and not others")
        return [(float(score), False) for score in scores if score is not None]
