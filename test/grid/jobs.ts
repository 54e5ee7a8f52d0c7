/** The grid is computed job by job, on every core. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

/**
 * Answers of `count` jobs, in order, each computed by `script` in one of as many threads as there are cores. A thread
 * is told the number of a job and posts its answer.
 */
export async function answersOf<Answer>(
  script: URL,
  count: number,
  tell: (done: number) => void,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  let done = 0;
  const thread = async () => {
    const worker = new Worker(script);
    for (let job = next++; job < count; job = next++) {
      worker.postMessage(job);
      [answers[job]] = await once(worker, 'message');
      tell(++done);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(count, availableParallelism()) }, thread));
  return answers;
}

/** The other end: answers each job that comes. */
export function answerJobs(answer: (job: number) => unknown): void {
  parentPort?.on('message', (job: number) => parentPort?.postMessage(answer(job)));
}
