"""The top of the page: what came out, whether it was accepted, and what to be warned of."""

from stun.report.formats import Json, change, count, ids, limits, number, percent, short_count, size
from stun.report.markup import Markup, join, tag


def model_name(report: Json) -> str:
    """The last segment of the source, which also names the output's folder."""
    uri: str = report["model"]["uri"]
    return uri.rstrip("/").rsplit("/", 1)[-1]


def headline(report: Json) -> Markup:
    model = report["model"]
    kind = f"{model['architecture']}, {model['layers']} layers"
    return tag(
        "header",
        tag("p", "STUN pruning report", class_="kicker"),
        tag("h1", model_name(report)),
        tag("p", kind, class_="muted"),
        verdict(report),
        tag("dl", *tiles(report), class_="tiles"),
        warnings(report.get("warnings") or []),
    )


def verdict(report: Json) -> Markup:
    """A task without a limit is accepted by what wrote the report; no measure is no verdict."""
    measured = measures(report)
    failed = [name for name, accepted in measured if accepted is False]
    if failed:
        return badge("refused", f"Refused, past the recipe's limit: {', '.join(failed)}")
    if not measured:
        return badge("unmeasured", "Quality was not measured")
    return badge("accepted", "Accepted: no measure is past a limit of the recipe")


def badge(style: str, text: str) -> Markup:
    return tag("p", text, class_=f"verdict {style}")


def measures(report: Json) -> list[tuple[str, bool | None]]:
    """Everything that the run was judged by, and how."""
    quality = report.get("quality") or {}
    perplexity = quality.get("perplexity")
    found = [("perplexity", perplexity.get("accepted"))] if perplexity else []
    found += [(task["name"], task.get("accepted")) for task in quality.get("tasks") or []]
    over = overloaded(report)
    return [*found, (f"dropped load of layers {ids(over)}", False)] if over else found


def overloaded(report: Json) -> list[int]:
    limit = limits(report).get("maxDroppedLoad")
    if limit is None:
        return []
    return [x["layer"] for x in report["layers"] if (x.get("droppedLoad") or 0) > limit]


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
    short = arrow(short_count(before), short_count(after))
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
