/**
 * `npm run web-check`: three hosts of two links, a daemon that serves its web page, and headless Chromium in the same
 * namespace. Signs in, cuts a link, reads what the page says, asks axe-core about accessibility at three sizes and colour
 * schemes, and keeps the pictures in docs/.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { hostFolder, Lab } from '../lab/lab.js';
import { Mesh, ROOT } from '../lab/mesh.js';

const PORT = 9778;
const PATIENCE_MS = 20_000;
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Chromium asks nobody outside, and needs no rights of its own. */
const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

interface Look {
  name: string;
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
}
const LOOKS: Look[] = [
  { name: 'web-desktop', width: 1280, height: 1400, colorScheme: 'light' },
  { name: 'web-dark', width: 1280, height: 1400, colorScheme: 'dark' },
  { name: 'web-phone', width: 390, height: 1600, colorScheme: 'light' },
];

export const HELP = `usage: npm run web-check

Opens the web page of a real network in headless Chromium, cuts a link, asks axe-core, and takes the pictures of docs/web.md.
`;

/** Returns the exit status. */
export async function main(): Promise<number> {
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  try {
    const edit = (host: number, config: string) =>
      host === 1 ? `web listen 127.0.0.1 port ${PORT}\n${config}` : config;
    await Mesh.start(lab, { timers: { interval: 50, hold: 250 }, edit });
    return await look(lab);
  } finally {
    await lab.remove();
  }
}

async function look(lab: Lab): Promise<number> {
  const folder = hostFolder(lab, 1);
  const program = join(folder, 'chromium.sh');
  const enter = `ip netns exec ${lab.hosts[0].namespace}`;
  writeFileSync(program, `#!/bin/sh\nexec ${enter} /usr/bin/chromium "$@"\n`, { mode: 0o755 });
  const browser = await chromium.launch({
    executablePath: program,
    args: FLAGS.split(' '),
    timeout: PATIENCE_MS,
  });
  try {
    const token = readFileSync(join(folder, 'state/web-token'), 'utf8').trim();
    await refusesStrangers(browser);
    const page = await signIn(browser, token, LOOKS[0]);
    await lab.impair(1, { blackHole: true, lossPermille: 0 });
    await page.waitForSelector('svg .link.down', { timeout: PATIENCE_MS });
    await page.waitForSelector('#events li:has-text("down")', { timeout: PATIENCE_MS });
    console.log('a cut link is drawn as such, and told');
    let wrong = 0;
    for (const one of LOOKS) wrong += await judge(await signIn(browser, token, one), one);
    return wrong === 0 ? 0 : 1;
  } finally {
    await browser.close();
  }
}

async function refusesStrangers(browser: Browser): Promise<void> {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.fill('#token', 'wrong');
  await page.click('button[type=submit]');
  await page.waitForSelector('#login-problem:has-text("not the token")', { timeout: PATIENCE_MS });
  await page.close();
  console.log('a wrong token is refused, in words');
}

async function signIn(browser: Browser, token: string, { width, height, colorScheme }: Look): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`the page threw: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401'))
      console.error(`console: ${message.text()}`);
  });
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.fill('#token', token);
  await page.click('button[type=submit]');
  await page.waitForSelector('figcaption:has-text("2 of 2 peers")', { timeout: PATIENCE_MS });
  await page.waitForSelector('.plot canvas', { timeout: PATIENCE_MS });
  await page.waitForSelector('#events li', { timeout: PATIENCE_MS });
  return page;
}

/** Pictures a page, and counts what axe-core objects to. */
async function judge(page: Page, { name }: Look): Promise<number> {
  await page.screenshot({ path: join(ROOT, 'docs', `${name}.png`) });
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as {
    violations: { id: string; help: string; nodes: { html: string }[] }[];
  };
  const wide = (await page.evaluate('document.documentElement.scrollWidth > innerWidth')) as boolean;
  for (const { id, help, nodes } of violations) console.log(`${name}: ${id}: ${help}: ${nodes[0].html}`);
  if (wide) console.log(`${name}: the page is wider than its window`);
  console.log(`${name}: ${violations.length} objections of axe-core`);
  return violations.length + (wide ? 1 : 0);
}
