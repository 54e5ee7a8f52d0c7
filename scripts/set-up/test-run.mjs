/**
 * What one run of the tests leaves to nobody: its temporary files, the programs that it started, and the labs that these
 * built. All of them are known by the run's own folder, which is TMPDIR of every program that descends from it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

const NAME = /^octolink-test-(\d+)$/;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
const base = tmpdir();

/** Process ids of what runs with that folder as TMPDIR, daemons that left their parents included; never this process. */
function programsOf(folder) {
  const wanted = `TMPDIR=${folder}`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && environmentOf(pid).includes(wanted));
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
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

/** Removes what killed runs have left, gives this run its folder, and removes that again however the run ends. */
export async function beginTestRun() {
  const labs = await import(`${ROOT}/dist/scripts/lab/namespaces.js`);
  for (const folder of staleFolders()) removeRun(folder, labs);
  const folder = join(base, `octolink-test-${process.pid}`);
  mkdirSync(folder);
  process.env.TMPDIR = folder;
  process.on('exit', () => removeRun(folder, labs));
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => process.exit(128 + number));
  }
}
