/** Checks monitoring/ with Prometheus' own tool, from Debian's package, unpacked beside and not installed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackages, findProgram, packageVersion, peerEnvironment } from '../../bench/packages.js';
import { ROOT } from '../lab/mesh.js';
import { capture } from '../lab/run.js';

const CONFIGURATION = join(ROOT, 'build/prometheus.yml');
const CHECKS = [
  ['check', 'rules', 'alerts.yml'],
  ['test', 'rules', 'alerts.test.yml'],
  ['check', 'config', CONFIGURATION],
];

export const HELP = `usage: npm run monitoring-check

Has Prometheus' promtool read the rules of monitoring/, run their tests and read the configuration of
docs/monitoring.md. Debian's package is unpacked, not installed.
`;

/** Returns the exit status. */
export async function main(): Promise<number> {
  const failures = await fetchPackages([{ name: 'prometheus' }]);
  const promtool = findProgram('promtool');
  if (promtool === undefined) {
    console.error(`promtool cannot be had: ${failures.get('prometheus') ?? 'not in the package prometheus'}`);
    return 77;
  }
  console.log(`promtool of prometheus ${await packageVersion('prometheus')}`);
  writeFileSync(CONFIGURATION, configurationShown());
  let wrong = 0;
  for (const words of CHECKS) {
    const options = { cwd: join(ROOT, 'monitoring'), env: peerEnvironment() };
    const { code, stdout, stderr } = await capture(promtool, words, options);
    console.log(`${words.join(' ')}: ${code === 0 ? 'good' : 'wrong'}\n${stdout}${stderr}`.trimEnd());
    if (code !== 0) wrong++;
  }
  return wrong === 0 ? 0 : 1;
}

/** What docs/monitoring.md shows for Prometheus, with the rules of this tree. */
function configurationShown(): string {
  const page = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
  const shown = /^```yaml\n([\s\S]*?)^```$/m.exec(page)?.[1];
  if (shown === undefined) throw new Error('docs/monitoring.md shows no configuration of Prometheus');
  return shown.replace('/etc/prometheus/octolink-alerts.yml', join(ROOT, 'monitoring/alerts.yml'));
}
