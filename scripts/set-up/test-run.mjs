/**
 * What one run of the tests leaves to nobody: its temporary files, the programs that it started, and the labs that these
 * built. All of them are known by the run's own folder, which is TMPDIR of every program that descends from it.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT } from '../setup.mjs';

const NAME = /^octolink-test-(\d+)$/;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
const base = tmpdir();
/** How often, and how long, a process is waited for that is just becoming another program; in milliseconds. */
const BECOMING = { times: 100, pauseMs: 10 };

/**
 * Process ids of what runs with that folder as TMPDIR, daemons that left their parents included; never this process. While a
 * process becomes another program (execve) its environment is empty for a moment, so it is asked again.
 */
function programsOf(folder) {
  const wanted = `TMPDIR=${folder}`;
  for (let asked = 1; ; asked++) {
    const environments = new Map(processIds().map((pid) => [pid, environmentOf(pid)]));
    const found = [...environments.keys()].filter((pid) => environments.get(pid).includes(wanted));
    const isBecoming = [...environments.keys()].some(
      (pid) => environments.get(pid)[0] === '' && isProgram(pid),
    );
    if (found.length > 0 || !isBecoming || asked === BECOMING.times) return found;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BECOMING.pauseMs);
  }
}

function processIds() {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
}

/** Its words; one empty word if it has none. */
function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Whether there is a program in the process: none is in a thread of the kernel, nor in a zombie. */
function isProgram(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== '';
  } catch {
    return false;
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Ends the programs of a run, those too that they start meanwhile, and removes their labs and their files. */
function removeRun(folder, { labOwners, removeLab }) {
  const ended = new Set();
  for (let found = programsOf(folder); found.length > 0; found = programsOf(folder)) {
    for (const pid of found) {
      kill(pid);
      ended.add(pid);
    }
  }
  for (const pid of labOwners()) if (ended.has(pid)) removeLab(pid);
  rmSync(folder, { recursive: true, force: true });
}

/** Folders of this user's runs that have ended without removing them. */
function staleFolders() {
  return readdirSync(base)
    .filter((name) => NAME.test(name) && !existsSync(`/proc/${NAME.exec(name)[1]}`))
    .map((name) => join(base, name))
    .filter((folder) => statSync(folder).uid === process.getuid());
}

/**
 * Puts Python itself first in the search path: what version managers have there is a script that takes ten times as long
 * to start, and tests start it hundreds of times.
 */
function findPython(folder) {
  const asked = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  if (asked.status !== 0) return;
  mkdirSync(folder);
  symlinkSync(asked.stdout.trim(), join(folder, 'python3'));
  process.env.PATH = `${folder}${delimiter}${process.env.PATH}`;
}

/** Removes what killed runs have left, gives this run its folder, and removes that again however the run ends. */
export async function beginTestRun() {
  const labs = await import(`${ROOT}/dist/scripts/lab/namespaces.js`);
  for (const folder of staleFolders()) removeRun(folder, labs);
  const folder = join(base, `octolink-test-${process.pid}`);
  mkdirSync(folder);
  process.env.TMPDIR = folder;
  findPython(join(folder, 'bin'));
  // Tests speak to no server of others, and to read a system's certificates takes Node as long as all the rest of its start.
  delete process.env.NODE_EXTRA_CA_CERTS;
  process.on('exit', () => removeRun(folder, labs));
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => process.exit(128 + number));
  }
}
