"""What a run leaves for people: the report as a page, and the model card."""

from stun.report.card import render_card
from stun.report.page import render_html

__all__ = ["render_card", "render_html"]
