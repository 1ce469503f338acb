"""The YAML at the top of a model card, which model hubs read."""

from huggingface_hub.repocard import REGEX_YAML_BLOCK, RepoCard

from stun.report.formats import Json

# What stays true of a pruned model. Scores (model-index), widgets and gates do not.
CARRIED = (
    "license",
    "license_name",
    "license_link",
    "language",
    "library_name",
    "pipeline_tag",
    "datasets",
    "tags",
)


def split(card: str) -> tuple[str, str]:
    """The front matter with its fences, empty where there is none, and the text below."""
    text = card.removeprefix("\ufeff")
    match = REGEX_YAML_BLOCK.match(text)
    return (match.group(0), text[match.end() :]) if match else ("", text)


def carried(front: str) -> Json:
    """The fields of the source's card that the pruned model's card repeats."""
    return {
        key: value
        for key, found in parse(front).items()
        if key in CARRIED and (value := plain(found)) is not None
    }


def parse(front: str) -> Json:
    """Empty where the source's front matter is no YAML mapping: its text is kept all the same."""
    if not front:
        return {}
    try:
        found: Json = vars(RepoCard(front).data)
    # A stranger's YAML can fail in the parser, in the card, or by its depth, and none of it
    # is worth losing the model over.
    except Exception:
        return {}
    return found


def plain(value: object) -> str | list[str] | None:
    """Text or a list of it; anything else is left out."""
    # Norwegian: in YAML 1.1 a bare `no` is false.
    if value is False:
        return "no"
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return [text for each in value if isinstance(text := plain(each), str)]
    return None


def front_matter(fields: dict[str, str | list[str]]) -> str:
    """Written by hand, so that its bytes do not change with the version of a library."""
    lines = (f"{key}: {flow(value)}\n" for key, value in fields.items())
    return f"---\n{''.join(lines)}---\n"


def flow(value: str | list[str]) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return f'"{"".join(map(escaped, value))}"'


def escaped(character: str) -> str:
    """Of a double-quoted scalar; the long form is valid for every character (YAML 1.2, 5.7)."""
    plain_text = character.isprintable() and character not in '"\\'
    return character if plain_text else f"\\U{ord(character):08x}"
