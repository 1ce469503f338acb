"""stun-report.html: the whole report as one page that needs no network and no script."""

from stun.report.experts import experts_section
from stun.report.formats import Json
from stun.report.headline import headline, model_name
from stun.report.layers import layers_section
from stun.report.load import load_section
from stun.report.markup import Markup, join, tag
from stun.report.quality import quality_section
from stun.report.recipe import recipe_section
from stun.report.similarity import similarity_section
from stun.report.split import split_section
from stun.report.stages import stages_section
from stun.report.style import STYLE

# Nothing is loaded and nothing runs, whatever a name in the report might contain.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SECTIONS = (
    quality_section,
    split_section,
    layers_section,
    experts_section,
    load_section,
    similarity_section,
    stages_section,
    recipe_section,
)


def render_html(report: Json) -> str:
    """The page made of the report (stun-report.json) alone; equal reports give equal bytes."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"STUN report: {model_name(report)}"),
        tag("style", Markup(STYLE)),
    )
    main = tag("main", *(build(report) for build in SECTIONS))
    body = tag("body", headline(report), main, footer())
    return join(Markup("<!doctype html>\n"), tag("html", head, body, lang="en"), "\n")


def footer() -> Markup:
    return tag("footer", "Made from stun-report.json, which holds every number shown here.")
