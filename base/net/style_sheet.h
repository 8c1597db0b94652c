#pragma once

#include <string_view>

// The style sheet of all pages. Included by html_page.cc alone.

namespace base {

// Follows the reader's choice of light or dark. Colours only repeat what words say. Below 40 em (a phone) the two
// columns of facts become one, the cells of tables of class `stack` stand below each other, and other wide tables
// scroll by themselves.
inline constexpr std::string_view kStyleSheet = R"(:root {
  color-scheme: light dark;
  --text: #1d2430; --quiet: #5c6675; --line: #d9dee6; --ground: #f5f6f8; --card: #ffffff; --link: #1f4ed8;
  --firing: #c2261a; --pending: #9a5b00; --well: #1c7a45; --still: #5c6675;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ee; --quiet: #9aa4b2; --line: #343b46; --ground: #14181e; --card: #1c222b; --link: #8ab4ff;
    --firing: #e5534b; --pending: #c98a1b; --well: #3f9e66; --still: #7b8594;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", Arial, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: baseline; padding-top: .75rem;
  padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
header .home { font-weight: 700; color: var(--text); text-decoration: none; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
main { padding-bottom: 3rem; }
a { color: var(--link); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 1.5rem 0 .75rem; }
h2 { font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .25rem; }
p { margin: .25rem 0 .75rem; }
code, textarea, input { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: break-word; unicode-bidi: isolate; }
pre { white-space: pre-wrap; margin: .25rem 0; }
.quiet { color: var(--quiet); font-size: .875rem; }
.problem { border-left: 4px solid var(--firing); background: var(--card); padding: .5rem .75rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.note { border-left: 4px solid var(--pending); background: var(--card); padding: .5rem .75rem; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--still);
  border-radius: 4px; padding: .75rem 1rem; margin: 0 0 .75rem; }
.card.firing, .card.failed { border-left-color: var(--firing); }
.card.pending { border-left-color: var(--pending); }
.card.inactive { border-left-color: var(--well); }
.card:target, section:target > h2 { outline: 2px solid var(--link); outline-offset: 2px; }
.state { display: inline-block; border-radius: 3px; padding: 0 .5em; font-size: .8125rem; font-weight: 600;
  color: #ffffff; background: var(--still); white-space: nowrap; }
.state.firing, .state.active, .state.failed { background: var(--firing); }
.state.pending { background: var(--pending); }
.state.inactive { background: var(--well); }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .125rem 1rem; margin: .5rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; margin: .25rem 0 .75rem; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .375rem 1rem .375rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 500; font-size: .875rem; }
th:last-child, td:last-child { padding-right: 0; }
.card tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { white-space: nowrap; }
form { margin: 0 0 1rem; }
form label { font-size: .875rem; color: var(--quiet); }
textarea, input { width: 100%; padding: .5rem; border: 1px solid var(--line); border-radius: 4px;
  background: var(--card); color: var(--text); }
input { max-width: 18rem; }
button { padding: .5rem 1rem; border: 0; border-radius: 4px; font: inherit;
  font-weight: 600; color: #ffffff; background: #1f4ed8; }
@media (max-width: 40em) {
  code { overflow-wrap: anywhere; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .375rem; }
  .stack, .stack tbody, .stack tr, .stack td { display: block; }
  .stack thead { display: none; }
  .stack tr { border-bottom: 1px solid var(--line); padding: .375rem 0; }
  .card tr:last-child { border-bottom: 0; }
  .stack td { border: 0; padding: .125rem 0; text-align: left; }
  .stack td[data-label]::before { content: attr(data-label) " "; color: var(--quiet); }
}
)";

}  // namespace base
