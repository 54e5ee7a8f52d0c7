/** Questions of the kind `Proceed? [confirm]`. */
import type { Terminal } from './terminal.js';

/** Asks; Enter or `y` says yes, any other key no. An interruption says no. */
export async function confirmAt(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  terminal.open();
  terminal.write(`${question} [confirm]`);
  const answer = await new Promise<boolean>((resolve) => {
    const finish = (yes: boolean) => {
      release();
      signal.removeEventListener('abort', no);
      resolve(yes);
    };
    const no = () => finish(false);
    const release = terminal.capture((key) => {
      finish(key.kind === 'text' ? /^[yY]$/.test(key.text) : key.name === 'enter');
      return true;
    });
    signal.addEventListener('abort', no);
    if (terminal.ended || signal.aborted) no();
  });
  terminal.write('\n');
  return answer;
}
