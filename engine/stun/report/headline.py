"""The top of the page: what came out, whether it was accepted, and what to be warned of."""

from stun.report.formats import Json, change, count, limits, number, percent, size
from stun.report.markup import Markup, join, tag

VERDICTS = {
    "accepted": "Accepted: the bounds keep the limits of the recipe.",
    "refused": "Refused: a bound passes a limit of the recipe. Nothing was published.",
    "unmeasured": "Quality was not measured.",
}


def model_name(report: Json) -> str:
    """The last segment of the source, which also names the output's folder."""
    uri: str = report["model"]["uri"]
    return uri.rstrip("/").rsplit("/", 1)[-1]


def headline(report: Json) -> Markup:
    found = judge(report)
    model = report["model"]
    kind = f"{model['architecture']}, {model['layers']} layers"
    return tag(
        "header",
        tag("p", "STUN pruning report", class_="kicker"),
        tag("h1", model_name(report)),
        tag("p", kind, class_="muted"),
        tag("p", VERDICTS[found], class_=f"verdict {found}"),
        tag("dl", *tiles(report), class_="tiles"),
        warnings(report.get("warnings") or []),
    )


def judge(report: Json) -> str:
    """A task without a limit is accepted by what wrote the report; no measure is no verdict."""
    quality = report.get("quality") or {}
    found = [quality.get("perplexity"), *(quality.get("tasks") or [])]
    verdicts = [each.get("accepted") for each in found if each]
    if False in verdicts or dropped_too_much(report):
        return "refused"
    return "accepted" if True in verdicts else "unmeasured"


def dropped_too_much(report: Json) -> bool:
    limit = limits(report).get("maxDroppedLoad")
    loads = (layer.get("droppedLoad") or 0 for layer in report["layers"])
    return limit is not None and any(load > limit for load in loads)


def tiles(report: Json) -> list[Markup]:
    perplexity = (report.get("quality") or {}).get("perplexity")
    found = [
        size_tile(report["bytesBefore"], report.get("bytesAfter")),
        experts_tile(report),
        tile("Sparsity", percent(report["sparsity"]), "of the prunable weights removed or zero"),
        parameters_tile(report["model"]),
        perplexity_tile(perplexity) if perplexity else None,
    ]
    return [each for each in found if each is not None]


def tile(name: str, value: str, note: str) -> Markup:
    return tag("div", tag("dt", name), tag("dd", value), tag("dd", note, class_="muted"))


def arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} \N{RIGHTWARDS ARROW} {after}"


def size_tile(before: int, after: int | None) -> Markup:
    if after is None:
        return tile("Size", size(before), "of the source")
    saved = percent(1 - after / before) if before else percent(0)
    return tile("Size", arrow(size(before), size(after)), f"{saved} smaller")


def experts_tile(report: Json) -> Markup | None:
    before, after = report["expertsBefore"], report["expertsAfter"]
    if not before:
        return tile("Experts", "none", "a dense model: single weights only")
    top = report["model"].get("topK")
    return tile("Experts per layer", arrow(str(before), str(after)), f"{top} serve each token")


def parameters_tile(model: Json) -> Markup | None:
    before, after = model.get("parametersBefore"), model.get("parametersAfter")
    if before is None or after is None:
        return None
    short = arrow(f"{before / 1e9:.3g} B", f"{after / 1e9:.3g} B")
    return tile("Parameters", short, f"{count(after)} stored, zeros included")


def perplexity_tile(found: Json) -> Markup:
    value = arrow(number(found["before"]), number(found["after"]))
    bound = change(found.get("upperBound"))
    return tile("Perplexity", value, f"{change(found.get('increase'))}, at most {bound}")


def warnings(sentences: list[str]) -> Markup | None:
    if not sentences:
        return None
    items = join(*(tag("li", sentence) for sentence in sentences))
    return tag("aside", tag("h2", "Warnings"), tag("ul", items), class_="warnings")
