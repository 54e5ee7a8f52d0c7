/** What a browser is given before it has entered: the page, its style, and the modules that draw it. None of it is secret. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const MODULES = new URL('../../', import.meta.url);
/** Folders of compiled modules that run in a browser as well. */
const SERVED = /^\/modules\/((?:web|cli\/output|cli\/base|api|base|grammar|contract)\/[\w./-]+\.js)$/;

export interface Asset {
  type: string;
  body: Buffer;
}

/** The asset at a path, or null. */
export async function assetAt(path: string): Promise<Asset | null> {
  if (path === '/modules/web/plot.js')
    return script(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.esm.js')));
  if (path === '/plot.css') {
    const file = fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css'));
    return { type: 'text/css; charset=utf-8', body: await readFile(file) };
  }
  const module = SERVED.exec(path)?.[1];
  if (module === undefined || module.includes('..')) return null;
  return script(fileURLToPath(new URL(module, MODULES)));
}

async function script(file: string): Promise<Asset | null> {
  const body = await readFile(file).catch(() => null);
  return body && { type: 'text/javascript; charset=utf-8', body };
}
