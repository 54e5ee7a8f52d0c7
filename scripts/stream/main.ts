/** `node scripts/stream.mjs`: one end of a numbered stream. */
import type { StreamReport } from './account.js';
import { parseOptions, type StreamOptions } from './options.js';
import { receiveStream } from './receiver.js';
import { type SenderReport, sendStream } from './sender.js';

export { HELP } from './options.js';

const USAGE_ERROR = 64;
/** How many silences the text names. */
const SILENCES_SHOWN = 20;

/** Runs one end with the arguments of its command line; returns the exit status: 1 when something was lost. */
export async function main(args: string[]): Promise<number> {
  let options: StreamOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return USAGE_ERROR;
  }
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await run(options, () => stopped);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

async function run(options: StreamOptions, isStopped: () => boolean): Promise<number> {
  if (options.what === 'send') {
    const report = await sendStream(options.send, isStopped);
    console.log(options.json ? JSON.stringify(report) : sentText(report));
    return 0;
  }
  const report = await receiveStream(options.receive, isStopped);
  console.log(options.json ? JSON.stringify(report) : receivedText(report));
  return report.lost + report.duplicated === 0 ? 0 : 1;
}

function sentText(report: SenderReport): string {
  const { sent, rate, refused, latenessMaxMs, scheduling } = report;
  return (
    `${sent} sent, ${Math.round(rate)} a second; the sender (${scheduling}) was at most ${latenessMaxMs.toFixed(1)} ms late, ` +
    `and the kernel refused ${refused} times`
  );
}

function receivedText(report: StreamReport): string {
  const { sent, lost, duplicated, reordered, displacement, latencyUs, silences } = report;
  const longest = [...silences].sort((a, b) => b.to - b.from - (a.to - a.from)).slice(0, SILENCES_SHOWN);
  return [
    `${sent} sent, ${lost} lost, ${duplicated} duplicated, ${reordered} late by at most ${displacement} others`,
    ...(latencyUs === null
      ? []
      : [
          `under way for ${latencyUs.p50} µs, 99 % at most ${latencyUs.p99}, 99.9 % at most ${latencyUs.p999} µs`,
        ]),
    ...longest
      .sort((a, b) => a.from - b.from)
      .map(({ from, to }) => `silent for ${(to - from).toFixed(1)} ms at ${new Date(from).toISOString()}`),
  ].join('\n');
}
