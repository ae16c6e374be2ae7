"""The only style of a page: light and dark as the reader has it, and light on paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { color-scheme: light dark; --text: #1d252d; --muted: #5d6873; --ground: #fbfcfd; --panel: #f0f3f6;
  --line: #d5dbe1; --accent: #0b6fa4; --good: #1f7a3d; --bad: #c62828; --odd: #a85300; --busy: #4d7c0f;
  --calm: #66717c; --again: #7d6300; --later: #6d47c9; }
@media (prefers-color-scheme: dark) {
  :root { --text: #d5dce3; --muted: #93a0ac; --ground: #11161b; --panel: #1a2128; --line: #323c46;
    --accent: #6bbfe2; --good: #57b876; --bad: #ff7a75; --odd: #f0a052; --busy: #b5e853; --calm: #98a4b0;
    --again: #e6c74c; --later: #b39dfb; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.status { font-size: 1.1rem; }
.note, figcaption, caption, footer { color: var(--muted); font-size: .88rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .5rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr));
  gap: .5rem 1.5rem; margin: 1rem 0; }
dt { color: var(--muted); font-size: .8rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .85rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .22rem .9rem .22rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; font-size: .82rem; color: var(--muted); white-space: nowrap; }
td { overflow-wrap: anywhere; }
th.number, td.number { text-align: right; }
td.tight { white-space: nowrap; }
figure { margin: .75rem 0; }
figure svg { max-width: 100%; height: auto; }
svg { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linecap: butt; }
svg text { fill: var(--muted); stroke: none; font: 9px ui-monospace, Menlo, Consolas, monospace; }
svg.sign { width: .85em; height: .85em; vertical-align: -.06em; margin-right: .35em; }
svg.shapes { position: absolute; width: 0; height: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; margin: .5rem 0;
  padding: 0; font-size: .88rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .odd { color: var(--odd); }
.busy { color: var(--busy); } .calm { color: var(--calm); } .again { color: var(--again); }
.later { color: var(--later); }
.warnings { padding-left: 1.1rem; margin: .5rem 0; }
@media print {
  :root { color-scheme: light; --text: #000; --muted: #444; --ground: #fff; --panel: #fff; --line: #bbb;
    --accent: #000; --good: #1f7a3d; --bad: #b71c1c; --odd: #8a4500; --busy: #3f6610;
    --calm: #555; --again: #6b5500; --later: #5a3ab0; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  figure, tr, dl > div { break-inside: avoid; } h2 { break-after: avoid; }
  thead { display: table-header-group; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
