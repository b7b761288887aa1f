"""Writes a page that shows a comment's Markdown about as GitHub does: `render.py COMMENT.md >page.html`."""

import html
import re
import sys

from markdown_it import MarkdownIt

STYLE = """
body { margin: 0; padding: 16px; background: #fff; color: #1f2328; font: 14px/1.5 "Liberation Sans", Helvetica, Arial, sans-serif }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; width: 866px }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; padding: 8px 16px }
.head b { color: #1f2328 } .head i { border: 1px solid #d1d9e0; border-radius: 2em; font-size: 12px; font-style: normal; padding: 0 7px }
.body { padding: 16px } h3 { font-size: 1.25em; margin: 0 0 16px } h4 { font-size: 1em; margin: 20px 0 12px } p, ul { margin: 0 0 12px }
code { background: #eff1f3; border-radius: 6px; font: 85% "DejaVu Sans Mono", monospace; padding: .2em .4em }
table { border-collapse: collapse; margin-bottom: 16px } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left }
tr:nth-child(even) td { background: #f6f8fa } sub { color: #59636e; font-size: 11px; line-height: 1.4; vertical-align: baseline }
details { margin-bottom: 12px } summary { cursor: pointer }
blockquote { border-left: 4px solid #d1d9e0; margin: 0 0 16px; padding: 2px 16px } blockquote p { margin: 6px 0 }
.CAUTION { border-color: #cf222e } .CAUTION b { color: #cf222e } .WARNING { border-color: #9a6700 } .WARNING b { color: #9a6700 }
.NOTE { border-color: #0969da } .NOTE b { color: #0969da } .IMPORTANT { border-color: #8250df } .IMPORTANT b { color: #8250df }
"""
SIGNS = {"CAUTION": "Caution", "WARNING": "Warning", "NOTE": "Note", "IMPORTANT": "Important"}


def alert(match):
    kind = match.group(1)
    return f'<blockquote class="{kind}">\n<p><b>{SIGNS[kind]}</b></p>\n<p>'


def main(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    body = re.sub(r"<blockquote>\n<p>\[!(" + "|".join(SIGNS) + r")\]\n", alert, body)
    head = "<b>github-actions</b> <i>bot</i> commented just now"
    print(f'<!doctype html><meta charset="utf-8"><title>{html.escape(path)}</title><style>{STYLE}</style>')
    print(f'<div class="comment"><div class="head">{head}</div><div class="body">{body}</div></div>')


main(sys.argv[1])
