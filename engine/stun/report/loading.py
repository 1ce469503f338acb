"""How to load a pruned model: the same in every card but for what runtimes lack."""

# Not in transformers without the model's own remote code, which nobody should have to run.
ONLY_VLLM = frozenset({"ArcticForCausalLM"})

TRANSFORMERS = """With transformers, from the folder that this file is in:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(".", dtype="auto", device_map="auto")
tokenizer = AutoTokenizer.from_pretrained(".")
```

"""
VLLM = """With vLLM:

```sh
vllm serve .
```
"""


def loading(architecture: str) -> str:
    transformers = "" if architecture in ONLY_VLLM else TRANSFORMERS
    return f"## Loading\n\n{transformers}{VLLM}"
