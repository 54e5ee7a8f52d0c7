/** The page before anything is drawn on it, and its style. */

export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Octolink</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/plot.css">
<link rel="stylesheet" href="/style.css">
<script type="module" src="/modules/web/main.js"></script>
</head>
<body>
<header>
<h1 id="hostname">Octolink</h1>
<p id="state" role="status" aria-live="polite">Connecting…</p>
</header>
<main>
<noscript><p>This page draws the network with JavaScript. Without it, use the octolink command line.</p></noscript>
<section id="login" hidden aria-labelledby="login-title">
<h2 id="login-title">Sign in</h2>
<form>
<label for="token">Token of this daemon</label>
<input id="token" type="password" autocomplete="current-password" required aria-describedby="token-help login-problem">
<p id="token-help">It lies in the daemon's state folder, in the file <code>web-token</code>; only its owner can read it.</p>
<p id="login-problem" role="alert"></p>
<button type="submit">Sign in</button>
</form>
</section>
<div id="network" hidden>
<section id="interfaces" aria-label="Interfaces"></section>
<section aria-labelledby="links-title">
<h2 id="links-title">Links</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Table of links"><table id="links"></table></div>
<button id="more" type="button" hidden>Next peers</button>
</section>
<section id="plots" aria-labelledby="plots-title" hidden>
<h2 id="plots-title">Last ten minutes</h2>
<div id="plot-area"></div>
</section>
<section aria-labelledby="events-title">
<h2 id="events-title">Events</h2>
<ol id="events" reversed></ol>
</section>
</div>
</main>
</body>
</html>
`;

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f4f6f8; --ink: #15202b; --faint: #55616d; --line: #c9d1d9;
  --up: #12703a; --down: #b3261e; --other: #7a4b00; --focus: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151a; --panel: #1a2129; --ink: #e8edf2; --faint: #a9b4bf; --line: #37424d;
    --up: #63d290; --down: #ff8a80; --other: #f0b95a; --focus: #8ab4f8;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; padding-top: 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.75rem 0 0.5rem; }
#state { color: var(--faint); margin: 0; }
.up { color: var(--up); } .down { color: var(--down); } .other { color: var(--other); }
figure { margin: 0; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; }
figcaption { color: var(--faint); margin-bottom: 0.5rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 13px; }
svg text.faint { fill: var(--faint); font-size: 11px; }
svg .host { fill: var(--ground); stroke: var(--ink); stroke-width: 1.5; }
svg .link { fill: none; stroke-width: 2; stroke: currentColor; }
svg .link.carries { stroke-width: 4; }
svg .link.down { stroke-dasharray: 3 5; }
svg .link.other { stroke-dasharray: 9 4; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.wide { white-space: normal; min-width: 14rem; }
button { font: inherit; color: var(--focus); background: none; border: 1px solid var(--line); border-radius: 6px;
  padding: 0.35rem 0.7rem; min-height: 2.25rem; cursor: pointer; }
th { font-weight: 400; } thead th { color: var(--faint); }
th button { border: 0; padding: 0 0.2rem; text-decoration: underline; }
button[aria-pressed="true"] { font-weight: 700; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
form { display: grid; gap: 0.5rem; max-width: 30rem; }
input { font: inherit; padding: 0.5rem; color: inherit; background: var(--panel); border: 1px solid var(--faint); border-radius: 6px; }
#token-help { color: var(--faint); margin: 0; }
#login-problem { color: var(--down); margin: 0; min-height: 1.5em; }
#events { list-style: none; padding: 0; margin: 0; font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
#events li { border-bottom: 1px solid var(--line); padding: 0.15rem 0; }
#plot-area { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 1.5rem; }
.plot { min-width: 0; margin-bottom: 1rem; }
.plot h3 { font-size: 0.95rem; margin: 0.75rem 0 0.25rem; }
`;
