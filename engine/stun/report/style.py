"""The page's only style sheet. It sits in the page, which must work without a network.

Colours are of Okabe and Ito's palette, which every colour vision tells apart; states differ
in lightness or by a number as well.
"""

STYLE = """
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --muted: #59636e;
  --edge: #d5dae0; --soft: #f4f6f8; --blue: #0072b2; --orange: #e69f00; --green: #007a5a;
  --red: #c13c00; --pale: #c9d4de; --on: #fff; --good: #00694d; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e6e9ec;
  --muted: #a0a9b3; --edge: #3a424a; --soft: #1d2227; --blue: #56b4e9; --orange: #f0b429;
  --green: #2fc79b; --red: #ff8f5a; --pale: #3d4852; --on: #14171a; --good: #2fc79b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem 1rem 3rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.3rem; }
p { margin: .4rem 0; max-width: 46rem; }
.muted, .kicker, footer { color: var(--muted); }
.kicker { margin: 0; font-size: .85rem; letter-spacing: .06em; text-transform: uppercase; }
.verdict { display: inline-block; margin: .8rem 0; padding: .35rem .8rem; font-weight: 600;
  border: 2px solid var(--muted); border-radius: .4rem; }
.accepted { border-color: var(--good); color: var(--good); }
.refused { border-color: var(--red); color: var(--red); }
.tiles { display: grid; gap: .8rem; margin: .5rem 0 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(10rem, 100%), 1fr)); }
.tiles div { padding: .7rem .9rem; background: var(--soft); border-radius: .5rem; }
dt { font-size: .85rem; color: var(--muted); }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; }
dd.muted { font-size: .85rem; font-weight: 400; }
.warnings { margin: 1rem 0; padding: .6rem 1rem; border-left: 5px solid var(--orange);
  background: var(--soft); }
.warnings h2 { margin: 0; font-size: 1rem; }
.warnings ul { margin: .3rem 0; padding-left: 1.2rem; }
.note { padding: .6rem .9rem; background: var(--soft); border-radius: .4rem; }
figure { margin: 1.2rem 0 2rem; }
figcaption { margin-bottom: .6rem; font-weight: 600; }
details { margin-top: .6rem; }
summary { width: fit-content; color: var(--muted); cursor: pointer; }
.scroll { overflow-x: auto; max-width: 100%; }
details .scroll { max-height: 30rem; overflow-y: auto; }
:focus-visible { outline: 3px solid var(--orange); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
caption { padding: .4rem 0; text-align: left; color: var(--muted); }
th, td { padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--edge); text-align: left;
  vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
svg text { fill: var(--muted); font-size: 11px; paint-order: stroke; stroke: var(--back);
  stroke-width: 3px; }
.end { text-anchor: end; }
.middle, .in { text-anchor: middle; }
.plot { display: block; width: calc(100% - 52px); margin-left: 48px; overflow: visible; }
.pair { display: block; margin-bottom: .8rem; width: 100%; overflow: visible; }
.map { display: block; }
.grid { stroke: var(--edge); }
.kept { fill: var(--blue); }
.averaged { fill: var(--orange); }
.dropped { fill: var(--pale); }
.before { fill: var(--muted); }
.over { fill: var(--red); }
svg .in { fill: var(--text); font-size: 10px; stroke: none; }
.averaged + .in { fill: #14171a; }
.limit { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 5 4;
  vector-effect: non-scaling-stroke; }
.bound { stroke: var(--orange); stroke-width: 3; }
.line line { stroke-width: 2; }
.s1 { stroke: var(--muted); fill: var(--muted); }
.s2 { stroke: var(--orange); fill: var(--orange); }
.s2 line { stroke-dasharray: 6 3; }
.s3 { stroke: var(--blue); fill: var(--blue); }
.s3 line { stroke-dasharray: 2 3; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0 0 .6rem; padding: 0;
  list-style: none; font-size: .85rem; }
.key { display: inline-block; width: 1em; height: 1em; margin-right: .4em;
  vertical-align: -.12em; border-radius: .15em; background: var(--muted); }
.key.kept, .key.s3 { background: var(--blue); }
.key.averaged, .key.bound, .key.s2 { background: var(--orange); }
.key.dropped { background: var(--pale); }
.key.s1, .key.s2, .key.s3 { border-radius: 50%; }
.multiples { display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
.multiples svg { display: block; width: 100%; background: var(--soft); }
.multiples span { font-size: .8rem; color: var(--muted); }
.multiples [preserveAspectRatio] { height: 60px; }
image { image-rendering: pixelated; }
.frame { fill: none; stroke: #ff5e5e; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.gradient { display: inline-block; width: 8rem; height: .8rem; vertical-align: middle; }
.scale { font-size: .85rem; }
footer { margin-top: 3rem; font-size: .85rem; }
@media print { details .scroll { max-height: none; } }
"""
