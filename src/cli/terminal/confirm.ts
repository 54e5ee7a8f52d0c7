/** Questions of the kind `Proceed? [confirm]`. */
import type { Terminal } from './terminal.js';

/** An interruption is noticed within this time. */
const INTERRUPTION_MS = 200;

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

/** Asks for a line that is shown nowhere; empty when there is none. A paste may have line ends in it. */
export async function askSecret(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  terminal.open();
  terminal.write(question);
  let answer = '';
  while (!signal.aborted) {
    const key = await terminal.readKey(INTERRUPTION_MS);
    if (key === 'idle') continue;
    if (key === null) break;
    if (key.kind === 'text') answer += key.text;
    else if (key.name === 'backspace') answer = answer.slice(0, -1);
    else if (key.name === 'ctrl-c' || key.name === 'ctrl-d') answer = '';
    if (key.kind === 'press' && /^(ctrl-[cd]|enter)$/.test(key.name) && !key.pasted) break;
  }
  terminal.write('\n');
  return answer;
}
