/** What docs/client.md and docs/control-api.md show is carried out as it stands there. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/lab/mesh.js';
import { type Client, connect } from '../../src/client/index.js';
import { parseConfig } from '../../src/config/edit.js';
import { NOTHING_MEASURED } from '../../src/daemon/interfaces/describe-change.js';
import { EXAMPLE } from './fixtures.js';
import { closeAfterwards, Raw, test, useServer } from './harness.js';

useServer();

/** The fenced blocks of a page that are in a language. */
function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(`${ROOT}/docs/${page}`, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , code]) => code);
}

type Scope = Record<string, unknown>;

/** Runs a program of the page, whose imports and constants are in `scope`. Resolves when it has run to its end. */
async function run(code: string, scope: Scope): Promise<void> {
  const body = code.replaceAll(/^import .*$/gm, '');
  const program = new Function(...Object.keys(scope), `return (async () => { ${body} })();`);
  await (program(...Object.values(scope)) as Promise<void>);
}

async function library(): Promise<Client> {
  const client = await connect({ socket: test.path });
  closeAfterwards(client);
  return client;
}

it('docs/client.md: every program runs', async () => {
  const [listing, waiting, following, applying, ...others] = blocksOf('client.md', 'js');
  expect(others).toEqual([]);
  const said: unknown[][] = [];
  const console = { log: (...words: unknown[]) => void said.push(words) };

  await run(listing, { connect: () => connect({ socket: test.path }), console });
  expect(said.splice(0)).toEqual([['osaka', 'up', 1]]);

  const client = await library();
  await run(waiting, { client });

  const end = new AbortController();
  const followed = run(following, {
    client,
    AbortController: new Proxy(AbortController, { construct: () => end }),
    console,
  });
  while (test.backend.events.subscribers === 0) await new Promise(setImmediate);
  const place = { interface: 'octo0', peer: 'osaka', link: 0 };
  test.backend.events.publish({
    kind: 'peer',
    interface: 'octo0',
    peer: 'osaka',
    state: 'down',
    cause: 'carrier',
  });
  const change = { state: 'down', cause: 'carrier', detail: 'down', ...NOTHING_MEASURED } as const;
  test.backend.events.publish({ kind: 'link', ...place, ...change });
  while (said.length === 0) await new Promise(setImmediate);
  end.abort();
  await followed;
  expect(said.splice(0)).toEqual([['osaka', 0, 'down', 'carrier']]);

  const wanted = EXAMPLE.replace('hostname tokyo', 'hostname kyoto');
  await run(applying, { client, readFile: async () => wanted });
  expect(test.backend.config).toEqual(parseConfig(wanted).config);
});

it('docs/control-api.md: the daemon answers as the page says', async () => {
  const [session] = blocksOf('control-api.md', '');
  const lines = session.trim().split('\n');
  const raw = new Raw();
  let answers = 0;
  for (const line of lines) {
    const [arrow, text] = [line[0], line.slice(2)];
    if (arrow === '→') {
      raw.send(`${text}\n`);
      continue;
    }
    const answer = await raw.answer(++answers);
    if (text.includes('[…]')) expect(answer.result).toHaveLength(1);
    else expect(answer).toEqual(JSON.parse(text));
  }
  expect(answers).toBe(2);
});
