/** The documentation as a site: links, anchors, the order of pages. */
import { describe, expect, it } from 'vitest';
import { chaptersOf } from '../../scripts/site/contents.js';
import { render } from '../../scripts/site/document.js';
import { pageOf } from '../../scripts/site/layout.js';
import { readSite } from '../../scripts/site/site.js';
import { addressFrom, CONTENTS, outputOf, pagePaths, targetOf, textOf } from '../../scripts/site/sources.js';

const asIs = (link: string) => link;

describe('the pages', () => {
  it('have no link to a page, a file or a heading that is not there', () => {
    expect(readSite().problems).toEqual([]);
  });

  it('of docs/ are all in the table of contents, or in a folder that has a page there', () => {
    const listed = chaptersOf(textOf(CONTENTS)).flatMap(({ pages }) => pages.map(({ path }) => path));
    const folders = listed
      .filter((path) => /\/[^/]+\/[^/]+$/.test(path))
      .map((path) => path.replace(/[^/]+$/, ''));
    const absent = pagePaths().filter(
      (path) =>
        path.startsWith('docs/') &&
        path !== CONTENTS &&
        !listed.includes(path) &&
        !folders.some((folder) => path.startsWith(folder)),
    );
    expect(absent).toEqual([]);
  });
});

describe('a link', () => {
  it.each([
    ['docs/links.md', 'man/octolink.conf.5', { kind: 'file', path: 'docs/man/octolink.conf.5' }],
    ['docs/links.md', 'cli.md#commands', { kind: 'page', path: 'docs/cli.md', anchor: 'commands' }],
    ['docs/links.md', '#policies', { kind: 'page', path: 'docs/links.md', anchor: 'policies' }],
    ['docs/links.md', 'decisions/', { kind: 'page', path: 'docs/decisions/README.md', anchor: '' }],
    ['docs/links.md', '../README.md', { kind: 'page', path: CONTENTS, anchor: '' }],
    ['docs/links.md', '../src', { kind: 'folder', path: 'src' }],
    ['docs/links.md', 'nothing.md', { kind: 'missing', path: 'docs/nothing.md' }],
    ['docs/links.md', 'https://example.com/', { kind: 'elsewhere' }],
  ])('on %s to %s', (page, link, target) => expect(targetOf(page, link)).toEqual(target));

  it('is written from where its page is', () => {
    expect(addressFrom(outputOf('docs/how-to/vrrp.md'), outputOf('docs/README.md'))).toBe('../index.html');
    expect(addressFrom(outputOf('docs/README.md'), outputOf('findings/README.md'))).toBe(
      'findings/index.html',
    );
  });
});

describe('a page', () => {
  it('has the anchors that the repository gives, each once', () => {
    const { title, sections } = render('# A `b` c\n\n## Now, here\ntext\n\n## Now, here\n', asIs);
    expect(title).toBe('A b c');
    expect(sections.map(({ anchor }) => anchor)).toEqual(['a-b-c', 'now-here', 'now-here-1']);
    expect(sections[1].text.trim()).toBe('text');
  });

  it('shows what looks like HTML as text', () => {
    const document = render('# <b>A</b> & "B"\n\n<script>alert(1)</script>\n', asIs);
    const html = pageOf('docs/links.md', document, { chapters: [], version: '<1>' });
    expect(html).not.toMatch(/<script>|<b>|<1>/);
  });
});
