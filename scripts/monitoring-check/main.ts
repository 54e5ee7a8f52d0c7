/** Checks monitoring/ with Prometheus' own tool, from Debian's package, unpacked beside and not installed. */
import { join } from 'node:path';
import { fetchPackages, findProgram, packageVersion, peerEnvironment } from '../../bench/packages.js';
import { ROOT } from '../lab/mesh.js';
import { capture } from '../lab/run.js';

const CHECKS = [
  ['check', 'rules', 'alerts.yml'],
  ['test', 'rules', 'alerts.test.yml'],
];

/** Returns the exit status. */
export async function main(): Promise<number> {
  const failures = await fetchPackages([{ name: 'prometheus' }]);
  const promtool = findProgram('promtool');
  if (promtool === undefined) {
    console.error(`promtool cannot be had: ${failures.get('prometheus') ?? 'not in the package prometheus'}`);
    return 77;
  }
  console.log(`promtool of prometheus ${await packageVersion('prometheus')}`);
  let wrong = 0;
  for (const words of CHECKS) {
    const options = { cwd: join(ROOT, 'monitoring'), env: peerEnvironment() };
    const { code, stdout, stderr } = await capture(promtool, words, options);
    console.log(`${words.join(' ')}: ${code === 0 ? 'good' : 'wrong'}\n${stdout}${stderr}`.trimEnd());
    if (code !== 0) wrong++;
  }
  return wrong === 0 ? 0 : 1;
}
