"""README.md, the model card of a pruned model.

The manifest holds its digest, so it says only what the run key decides: no times, no place
of publication, nothing that a gate measured. Those are in stun-report.html.
"""

import re
from collections.abc import Iterable, Sequence

from stun.report.formats import Json, ids, zero_share
from stun.report.frontmatter import carried, front_matter, split
from stun.report.headline import model_name
from stun.report.loading import loading
from stun.report.recipe import flatten

TAGS = ("stun", "pruned")
CALIBRATION = ("digest", "samples", "sequenceLength", "seed")
NUMBERS = "Experts by their numbers in the source; here they are numbered anew, in the same order."
LIMITS = """## Limits

- Zeros inside the weights save no GPU memory in today's runtimes, which store them like any
  other number; only fewer experts do.
- The model was not trained after pruning. What was measured of its quality is in
  `stun-report.html` beside this file; measure your own task before you rely on it.
- The licence and the terms of the source model hold for this one.
"""


def render_card(report: Json, source_readme: str | None) -> str:
    """The card of a published model, its source's own card below.

    From the report it takes `runKey`, `sparsity`, the counts of experts, `model`, `recipe`
    and of `layers` what was kept and zeroed; equal ones give equal bytes.
    """
    front, body = split(source_readme or "")
    parts = [
        front_matter(fields(report, front)),
        summary(report),
        method(report),
        layers(report),
        loading(report["model"]["architecture"]),
        LIMITS,
    ]
    if source_readme:
        parts.append(source_card(front, body))
    return "\n".join(parts)


def fields(report: Json, front: str) -> dict[str, str | list[str]]:
    found = carried(front)
    tags = found.pop("tags", [])
    known = tags if isinstance(tags, list) else [tags]
    defaults = {"library_name": "transformers", "pipeline_tag": "text-generation"}
    return {
        "base_model": model_name(report),
        **defaults,
        **found,
        "tags": list(dict.fromkeys([*known, *TAGS])),
    }


def summary(report: Json) -> str:
    name, before, after = model_name(report), report["expertsBefore"], report["expertsAfter"]
    experts = f"{after} of {before} experts stay in each layer" if before else "It is a dense model"
    return (
        f"# {name}, pruned\n\n"
        f"`{name}` after structured-then-unstructured pruning (STUN). {experts}; "
        f"{100 * report['sparsity']:.2f} % of the source's prunable weights are removed or zero.\n"
    )


def method(report: Json) -> str:
    recipe = report["recipe"]
    calibration = recipe.get("calibration") or {}
    rows = [("run key", report["runKey"]), *flatten(recipe["pruning"], "pruning")]
    rows += [
        (f"calibration.{key}", str(calibration[key])) for key in CALIBRATION if key in calibration
    ]
    return "## Method\n\n" + markdown_table(("Field", "Value"), rows)


def layers(report: Json) -> str:
    moe = any(layer["kept"] for layer in report["layers"])
    intro = f"{NUMBERS}\n\n" if moe else ""
    rows = (
        (layer["layer"], kept(layer), merged(layer), zeros(layer)) for layer in report["layers"]
    )
    head = ("Layer", "Kept experts", "Averaged", "Zeros in what stays")
    return f"## Layers\n\n{intro}{markdown_table(head, rows)}"


def kept(layer: Json) -> str:
    return ids(layer["kept"]) or "dense"


def zeros(layer: Json) -> str:
    share = zero_share(layer)
    return "none" if share is None else f"{100 * share:.2f} %"


def merged(layer: Json) -> str:
    """The groups of which a mean stands in the model, under its lowest member's number."""
    groups = layer.get("groups") or []
    means = (g["members"] for g in groups if g.get("kept") is None and len(g["members"]) > 1)
    return "; ".join(ids(members) for members in means) or "none"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(map(cell, line)) + " |\n" for line in lines)


def cell(value: object) -> str:
    return " ".join(str(value).replace("|", "\\|").split())


def source_card(front: str, body: str) -> str:
    """As it was; what its front matter says is shown, for a card can have but one."""
    shown = ""
    if front:
        longest = max(map(len, re.findall("`+", front)), default=0)
        fence = "`" * max(3, longest + 1)
        shown = f"{fence}yaml\n{front.strip()}\n{fence}\n\n"
    return f"## The source's model card\n\n{shown}{body}"
