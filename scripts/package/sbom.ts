/** Software bill of materials: what is inside a package, as CycloneDX 1.5 in JSON. */
import { createHash } from 'node:crypto';
import { dayOf, type ReleaseFacts } from './facts.js';
import type { Dependency } from './lockfile.js';
import { RUNTIME, type Target } from './targets.js';

interface Subject {
  facts: ReleaseFacts;
  target: Target;
  dependencies: readonly Dependency[];
}

export function sbom({ facts, target, dependencies }: Subject): string {
  const runtime: Dependency = {
    path: 'bin/node',
    name: `node-linux-${target.node}`,
    version: RUNTIME.version,
    integrity: RUNTIME.integrity[target.node] ?? '',
    licence: 'MIT',
  };
  const self = `pkg:generic/octolink@${facts.version}?arch=${target.debian}`;
  const components = [runtime, ...dependencies].map(componentOf);
  const content = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      timestamp: `${dayOf(facts)}T00:00:00Z`,
      component: {
        type: 'application',
        'bom-ref': self,
        name: 'octolink',
        version: facts.version,
        purl: self,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        properties: [{ name: 'octolink:commit', value: facts.commit }],
      },
    },
    components,
    dependencies: [{ ref: self, dependsOn: components.map((component) => component['bom-ref']) }],
  };
  return `${JSON.stringify({ serialNumber: serialOf(content), ...content }, null, 2)}\n`;
}

function componentOf({ name, version, integrity, licence }: Dependency) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const [, hash] = integrity.split('-');
  return {
    type: 'library',
    'bom-ref': purl,
    name,
    version,
    purl,
    licenses: [{ expression: licence }],
    hashes: [{ alg: 'SHA-512', content: Buffer.from(hash ?? '', 'base64').toString('hex') }],
  };
}

/** The same content has the same number: RFC 9562 version 8, from its hash. */
function serialOf(content: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return `urn:uuid:${parts.join('-')}-${hex.slice(20, 32)}`;
}
