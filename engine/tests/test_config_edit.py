"""config.json keeps every byte but the number of experts."""

import json

import pytest

from stun.errors import StunError
from stun.families.table import FAMILIES
from stun.publish import edit_config

MIXTRAL = FAMILIES["MixtralForCausalLM"]
KEY = "num_local_experts"
CASES = {
    "plain": ('{"num_local_experts": 8}', '{"num_local_experts": 6}'),
    "own spacing": ('{ "num_local_experts"\t:8 ,"a":8}\n', '{ "num_local_experts"\t:6 ,"a":8}\n'),
    "the same key inside": (
        '{"inner": {"num_local_experts": 4}, "num_local_experts": 8}',
        '{"inner": {"num_local_experts": 4}, "num_local_experts": 6}',
    ),
    "the key as text": (
        '{"a": "\\"num_local_experts\\": 1", "num_local_experts": 8}',
        '{"a": "\\"num_local_experts\\": 1", "num_local_experts": 6}',
    ),
    "not ASCII": ('{"name": "Mixträl", "num_local_experts": 8}', None),
}


@pytest.mark.parametrize(("source", "expected"), CASES.values(), ids=CASES.keys())
def test_only_the_number_changes(source: str, expected: str | None) -> None:
    edited = edit_config(source.encode(), MIXTRAL, 6, "m").decode()
    assert edited == (expected or source.replace("8", "6"))
    assert json.loads(edited)[KEY] == 6


@pytest.mark.parametrize("source", ['{"num_local_experts": [8, 8]}', '{"num_experts": "8"}'])
def test_what_is_no_number_is_refused(source: str) -> None:
    with pytest.raises(StunError, match="no number of experts"):
        edit_config(source.encode(), MIXTRAL, 6, "m")
