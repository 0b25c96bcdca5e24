"""The page as one HTML file that needs nothing else and runs nothing.

Owns the escaping and the look.  A content security policy forbids everything but the one style
sheet in it, by its hash; foreign text is escaped, and set apart so that no script of another
direction can reorder what stands around it.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

from agentwatch.reporting.page import Page
from agentwatch.reporting.parts import LONGEST, Item, Mark, Part, Section, Theirs
from agentwatch.visible import shown

STYLE = """
:root { color-scheme: light dark; --dim: #667; --line: #8884; --good: #1a7f37; --warn: #9a6700;
  --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --dim: #99a; --good: #3fb950; --warn: #d29922;
  --bad: #f85149; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem;
  border-bottom: 1px solid var(--line); }
ul { list-style: none; padding: 0; } li { padding: .15rem 0 .15rem 1.4rem; text-indent: -1.4rem;
  overflow-wrap: anywhere; }
code { font: 13px/1.4 ui-monospace, monospace; background: #8882; border-radius: 3px;
  padding: .05rem .25rem; unicode-bidi: isolate; direction: ltr; white-space: pre-wrap; }
.sign { display: inline-block; width: 1.4rem; text-indent: 0; font-weight: bold; }
.good .sign { color: var(--good); } .warn .sign { color: var(--warn); }
.no .sign { color: var(--dim); } .bad .sign, .bad { color: var(--bad); }
.none { color: var(--dim); }
@media print { body { margin: 0; max-width: none; } li { break-inside: avoid; } }
"""

SIGNS = {Mark.NONE: "", Mark.GOOD: "✓", Mark.NO: "✗", Mark.WARN: "!", Mark.BAD: "‼"}


def webpage(page: Page) -> str:
    """The whole page."""
    hashed = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{hashed}'; base-uri 'none'; form-action 'none'"
    title = escape(shown(page.title))
    body = "\n".join(_section(section) for section in page.sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    head = f"<h2>{escape(shown(section.title))}</h2>"
    if not section.items:
        return f'{head}\n<p class="none">{escape(section.none)}</p>'
    return "\n".join([head, "<ul>", *(_item(item) for item in section.items), "</ul>"])


def _item(item: Item) -> str:
    said = "".join(_part(part) for part in item.parts)
    name = f' class="{item.mark}"' if item.mark else ""
    return f'<li{name}><span class="sign">{SIGNS[item.mark]}</span>{said}</li>'


def _part(part: Part) -> str:
    if isinstance(part, Theirs):
        return f"<code>{escape(shown(part.text, LONGEST))}</code>"
    return escape(shown(part))
