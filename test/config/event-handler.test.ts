/** The program that is run for each event, as a line of the configuration. */
import { expect, it } from 'vitest';
import { parseConfig } from '../../src/config/edit.js';
import { renderConfig } from '../../src/config/render.js';

const after = (...lines: string[]) => parseConfig(`${lines.join('\n')}\n`);

it('is one, printed as typed, until another one is named or none', () => {
  const line = 'event-handler /usr/local/sbin/page';
  expect(renderConfig(after(line).config)).toBe(`${line}\n`);
  expect(renderConfig(after(line, 'event-handler "/opt/my events"').config)).toBe(
    'event-handler "/opt/my events"\n',
  );
  expect(renderConfig(after(line, 'no event-handler').config)).toBe('');
});

it('is an absolute path', () => {
  expect(after('event-handler page').syntax).not.toEqual([]);
});
