/** The addon in another process: what surrounds it there is the test's choice. */
const BINDING = new URL('../../src/native/binding.js', import.meta.url).href;

/** A module that prints what an expression of `native` is, as JSON. */
export function programOf(expression: string): string {
  return `import { loadNative } from ${JSON.stringify(BINDING)};
    const native = loadNative();
    console.log(JSON.stringify(${expression}));
  `;
}

/** The words with which Node runs such a module. */
export function wordsOf(expression: string): string[] {
  return ['--input-type=module', '--eval', programOf(expression)];
}
