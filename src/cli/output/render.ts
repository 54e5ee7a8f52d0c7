/** What a command has to say, as lines: text or JSON, at once or as it comes. */

/** What a command prints: an object and its text form. */
export interface Output {
  data: unknown;
  text: string[];
  /** Each line of the text is a record, of any length: a filter sees it whole, a terminal breaks it between words. */
  isRecords?: boolean;
}

/** A part of a long output: its rows, and their text. */
export interface OutputPart {
  data: unknown[];
  text: string[];
}

export interface OutputStream {
  parts: AsyncIterable<OutputPart>;
  /**
   * As JSON it is one array (a listing that ends), or a row on each line (events that go on until somebody has
   * enough).
   */
  json: 'array' | 'rows';
  /** What is printed as text instead, where that is not everything. */
  brief?: AsyncIterable<OutputPart>;
}

type Form = 'text' | 'compact' | 'pretty';

/** The lines of an output in the form that was asked for. */
export async function* linesOf(output: Output | OutputStream, form: Form): AsyncGenerator<string[]> {
  if ('parts' in output) {
    if (form === 'text') yield* texts(output.brief ?? output.parts);
    else if (output.json === 'array') yield* arrayLines(output.parts, form);
    else yield* rowLines(output.parts);
  } else if (form === 'text') {
    yield output.text;
  } else {
    yield JSON.stringify(output.data, null, form === 'pretty' ? 2 : 0).split('\n');
  }
}

async function* texts(parts: AsyncIterable<OutputPart>): AsyncGenerator<string[]> {
  for await (const { text } of parts) yield text;
}

async function* rowLines(parts: AsyncIterable<OutputPart>): AsyncGenerator<string[]> {
  for await (const { data } of parts) yield data.map((row) => JSON.stringify(row));
}

/**
 * One array over all parts. Compact, an array of one part is one line; of several, each part is a line, so that no line
 * grows with the number of rows.
 */
async function* arrayLines(
  parts: AsyncIterable<OutputPart>,
  form: 'compact' | 'pretty',
): AsyncGenerator<string[]> {
  let pending = '';
  let begun = false;
  for await (const { data } of parts) {
    if (data.length === 0) continue;
    if (begun) yield `${pending},`.split('\n');
    const inner = JSON.stringify(data, null, form === 'pretty' ? 2 : 0);
    const rows = form === 'pretty' ? inner.slice(2, -2) : inner.slice(1, -1);
    pending = begun ? rows : `[${form === 'pretty' ? '\n' : ''}${rows}`;
    begun = true;
  }
  if (!begun) yield ['[]'];
  else yield `${pending}${form === 'pretty' ? '\n' : ''}]`.split('\n');
}
