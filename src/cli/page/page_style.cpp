#include "cli/page/page_style.hpp"

namespace pgupgrade::cli {

const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --card: #f5f7f9; --line: #d5dbe1; --ink: #17202a; --soft: #4d5966;
  --accent: #1f5f8b; --bar: #4f86ad; --down: #b5480f; --down-paper: #fdf1e8;
  --good: #1b6b3a; --bad: #a3231c; --gone: #a3231c; --come: #1b6b3a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12171c; --card: #1b2229; --line: #35404b; --ink: #e6ebf0; --soft: #a9b5c1;
    --accent: #8cc4ec; --bar: #5b93bb; --down: #f0a06c; --down-paper: #2b211a;
    --good: #7dd39c; --bad: #ff9a92; --gone: #ff9a92; --come: #7dd39c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 3rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .2rem 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.4rem 0 .7rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .5rem 0; max-width: 46rem; }
.kicker { color: var(--soft); font-size: .9rem; margin: 0; overflow-wrap: anywhere; }
.outcome { font-size: 1.1rem; border-left: .3rem solid var(--accent); padding: .1rem 0 .1rem .8rem; }
.outcome.good { border-color: var(--good); }
.outcome.bad { border-color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.4rem 0 0; }
.tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .7rem .9rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 600; line-height: 1.3; overflow-wrap: anywhere; }
.tiles dd small { display: block; font-size: .85rem; font-weight: 400; color: var(--soft); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .5rem 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .9em; }
code { overflow-wrap: anywhere; }
pre {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .7rem .9rem;
  white-space: pre-wrap; overflow-wrap: anywhere;
}
pre.diff { padding: .5rem 0; }
pre.diff span { display: block; padding: 0 .9rem; }
pre.diff .gone { color: var(--gone); }
pre.diff .come { color: var(--come); }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding: .5rem .8rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem; border-top: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 8rem; overflow-wrap: break-word; }
tbody th small, td small { display: block; color: var(--soft); font-weight: 400; }
.number { text-align: right; white-space: nowrap; }
tr.down > * { background: var(--down-paper); }
tr.down > th:first-child { box-shadow: inset .25rem 0 0 var(--down); }
.track { min-width: 9rem; width: 34%; vertical-align: middle; }
.track span { display: block; height: .65rem; min-width: 2px; border-radius: .2rem; background: var(--bar); }
tr.down .track span { background: var(--down); }
.strip { display: block; width: 100%; height: .9rem; margin: .8rem 0 .2rem; }
.strip .whole { fill: var(--bar); }
.strip .stands { fill: var(--down); }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 0; margin: .3rem 0 .8rem; list-style: none; color: var(--soft); font-size: .9rem; }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; margin-right: .45rem; background: var(--bar); }
.key .down i { background: var(--down); }
.good-text { color: var(--good); font-weight: 600; }
.bad-text { color: var(--bad); font-weight: 600; }
ul.plain { padding-left: 1.2rem; margin: .4rem 0; }
ul.plain li { margin: .3rem 0; max-width: 46rem; overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: var(--soft); font-size: .88rem; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  main { padding: 1.2rem .9rem 2rem; }
  h1 { font-size: 1.4rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles dd { font-size: 1.15rem; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .5rem; }
  th, td { padding: .35rem .55rem; }
  .track { min-width: 5rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --card: #ffffff; --line: #b9c0c7; --ink: #000000; --soft: #444444;
    --accent: #1f5f8b; --bar: #4f86ad; --down: #b5480f; --down-paper: #ffffff;
    --good: #1b6b3a; --bad: #a3231c; --gone: #a3231c; --come: #1b6b3a;
  }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  tr, pre, .tiles > div { break-inside: avoid; }
  .wide { overflow: visible; }
  .track span, .key i, .strip { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace pgupgrade::cli
