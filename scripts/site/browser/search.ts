/** The search box of the documentation. Without this script, or from a file, the page has no search and works all the same. */
import MiniSearch from 'minisearch';

const MOST_RESULTS = 8;
const form = document.querySelector<HTMLFormElement>('form[role=search]')!;
const input = form.querySelector('input')!;
const results = form.querySelector('ol')!;
const root = form.dataset['root'] ?? '';
let index: Promise<MiniSearch> | undefined;

async function load(): Promise<MiniSearch> {
  const answer = await fetch(`${root}search-index.json`);
  return MiniSearch.loadJSON(await answer.text(), {
    fields: ['title', 'text'],
    storeFields: ['title', 'page'],
    searchOptions: { boost: { title: 3 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
  });
}

async function search(): Promise<void> {
  index ??= load();
  const words = input.value;
  const found = words.trim() === '' ? [] : (await index).search(words).slice(0, MOST_RESULTS);
  if (words === input.value) results.replaceChildren(...found.map(item));
}

function item({ id, title, page }: { id: string; title?: string; page?: string }): HTMLLIElement {
  const link = document.createElement('a');
  link.href = `${root}${id}`;
  link.textContent = title === page ? `${title}` : `${title} · ${page}`;
  const line = document.createElement('li');
  line.append(link);
  return line;
}

form.hidden = false;
input.addEventListener('input', () => void search());
form.addEventListener('submit', (event) => {
  event.preventDefault();
  results.querySelector('a')?.click();
});
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
  } else if (event.key === 'Escape') {
    input.value = '';
    results.replaceChildren();
  }
});
