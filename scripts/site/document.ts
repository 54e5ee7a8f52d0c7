/** One page of Markdown as HTML, with what other pages may refer to and what a search may find. */
import Slugger from 'github-slugger';
import MarkdownIt, { type Token } from 'markdown-it';

/** A heading and the text below it, down to the next. */
export interface Section {
  /** Empty for what stands above the first heading. */
  anchor: string;
  level: number;
  title: string;
  text: string;
}

export interface Document {
  title: string;
  html: string;
  sections: Section[];
  /** Targets of links and images, as they stand in the text. */
  links: string[];
}

const markdown = new MarkdownIt({ html: false });

/**
 * Renders a page. Headings get the anchors that GitHub gives them, so that a link holds in both places. `resolve` turns the
 * target of each link and image into what the HTML should say.
 */
export function render(source: string, resolve: (target: string) => string): Document {
  const tokens = markdown.parse(withoutComments(source), {});
  const sections = sectionsOf(tokens);
  const links = everyToken(tokens).flatMap((token) => relink(token, resolve));
  // What is wider than the window scrolls by itself, so it must be reached from the keyboard.
  for (const token of tokens)
    if (['fence', 'table_open'].includes(token.type)) token.attrSet('tabindex', '0');
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return { title: sections.find(({ level }) => level === 1)?.title ?? '', html, sections, links };
}

function withoutComments(source: string): string {
  return source.replace(/^<!--.*-->\n/gm, '');
}

function everyToken(tokens: Token[]): Token[] {
  return tokens.flatMap((token) => [token, ...everyToken(token.children ?? [])]);
}

/** The target of a link or image, replaced in its token; none for other tokens. */
function relink(token: Token, resolve: (target: string) => string): string[] {
  const attribute = { link_open: 'href', image: 'src' }[token.type];
  if (attribute === undefined) return [];
  const target = String(token.attrGet(attribute));
  token.attrSet(attribute, resolve(target));
  return [target];
}

/** Gives the headings their anchors, and collects what stands below each. */
function sectionsOf(tokens: Token[]): Section[] {
  const slugger = new Slugger();
  const sections: Section[] = [{ anchor: '', level: 0, title: '', text: '' }];
  tokens.forEach((token, at) => {
    if (token.type === 'heading_open') {
      const title = plainText(tokens[at + 1]);
      const anchor = slugger.slug(title);
      token.attrSet('id', anchor);
      sections.push({ anchor, level: Number(token.tag.slice(1)), title, text: '' });
    } else if (tokens[at - 1]?.type !== 'heading_open') {
      sections[sections.length - 1].text += `${plainText(token)} `;
    }
  });
  return sections.filter(({ title, text }) => title !== '' || text.trim() !== '');
}

function plainText(token: Token): string {
  if (token.children === null)
    return ['fence', 'code_inline', 'text'].includes(token.type) ? token.content : '';
  return token.children.map((child) => (child.type === 'softbreak' ? ' ' : plainText(child))).join('');
}
