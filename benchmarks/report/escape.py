"""Names and texts of a run as text, whatever they hold, in Markdown, LaTeX, CSV and plots.

HTML is escaped by the template. Control characters never come this far: see `luts.tool.gate`.
"""

from __future__ import annotations

import re

_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "#": r"\#",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "_": r"\_",
    "%": r"\%",
    "&": r"\&",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "–": "--",
    "→": r"$\to$",
}
_MARKDOWN = re.compile(r"[\\`*|\[\]{}~$!]|(?<!\w)_|_(?!\w)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


def tex(text: str) -> str:
    """Text in LaTeX."""
    return "".join(_TEX.get(letter, letter) for letter in text)


def md(text: str) -> str:
    """Text in a cell or line of Markdown."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKDOWN.sub(r"\\\g<0>", text)


def cell(text: str) -> str:
    """Text in a CSV that a spreadsheet may open: never a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def label(text: str) -> str:
    """Text in a plot: matplotlib leaves out what begins with an underscore."""
    return f" {text}" if text.startswith("_") else text
