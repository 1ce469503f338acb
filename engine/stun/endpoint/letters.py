"""Multiple choice asked in writing, of a server that tells no log-likelihoods.

The choices are listed with letters and the first letter that the model writes counts. Its
score is another one than that of log-likelihoods; only before and after, both asked so,
can be compared.
"""

from string import ascii_uppercase
from typing import Any

from stun.tasks.presets import LETTERS
from stun.tasks.question import Question

CONFIG: dict[str, Any] = {
    "output_type": "generate_until",
    "test_split": "test",
    "doc_to_text": "{{prompt}}",
    "doc_to_target": "{{letter}}",
    "generation_kwargs": {"until": ["\n\n"], "max_gen_toks": 16, "do_sample": False},
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    "filter_list": [
        {
            "name": "letter",
            "filter": [
                {"function": "regex", "regex_pattern": r"\b([A-H])\b"},
                {"function": "take_first"},
            ],
        }
    ],
}


def written(question: Question) -> dict[str, str]:
    """The question as text that ends where a letter is to be written, and that letter."""
    contexts = {context for context, _ in question.requests}
    letter = ascii_uppercase[question.gold]
    if len(contexts) > 1:  # the choices differ in what is before the end that they share
        choices = [context + ending for context, ending in question.requests]
        head = "Which of these makes sense?"
    else:
        (head,) = contexts
        choices = [ending.strip() for _, ending in question.requests]
    if choices == LETTERS:  # they are listed already
        return {"prompt": head, "letter": letter}
    listed = [f"{name}. {choice}" for name, choice in zip(ascii_uppercase, choices, strict=False)]
    return {"prompt": "\n".join([head, *listed, "Answer:"]), "letter": letter}
