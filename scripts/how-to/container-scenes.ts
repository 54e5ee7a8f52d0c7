/** The pages about containers: what Docker and Kubernetes would do is done by a stand-in, with the files as they are. */
import { join } from 'node:path';
import { ROOT } from '../lab/mesh.js';
import { deskScene } from './cloud-scenes.js';
import type { Scene } from './scene.js';

const ENGINE = `/usr/bin/python3 ${join(ROOT, 'scripts/how-to/container.py')}`;
const CHECKOUT = `mkdir -p /run/home; mount --bind /run/home /root; ln -s ${join(ROOT, 'scripts')} /root/scripts`;
/** The image has Octolink, and not the host. */
const NOT_INSTALLED = 'rm -rf /etc/octolink /run/octolink /var/lib/octolink';

const DOCKER = `
  cat > /usr/bin/docker <<'END'
#!/bin/sh
file=$3
case "$1 $2 $4" in
  'compose -f up') exec ${ENGINE} run "$file" ${ROOT} ;;
  'compose -f exec') shift 6; exec ${ENGINE} exec "$@" ;;
  *) echo "docker: not known here: $*" >&2; exit 1 ;;
esac
END
  chmod 755 /usr/bin/docker`;

const NODES = ['osaka', 'kobe'] as const;

const KUBECTL = `
  cat > /usr/bin/kubectl <<'END'
#!/bin/sh
case "$1 $2" in
  'create secret') mkdir -p SHARED/secrets/$4; cp "\${5#--from-file=}" SHARED/secrets/$4/ ;;
  'apply -f') cp "$3" SHARED/new.yaml; mv SHARED/new.yaml SHARED/applied.yaml ;;
  'rollout status') for node in ${NODES.join(' ')}; do until [ -e SHARED/$node.ready ]; do sleep 0.1; done; done ;;
  *) echo "kubectl: not known here: $*" >&2; exit 1 ;;
esac
END
  chmod 755 /usr/bin/kubectl`;

function node(name: string): string {
  return `${NOT_INSTALLED}
  cat > /run/kubelet <<'END'
until [ -e SHARED/applied.yaml ]; do sleep 0.1; done
${ENGINE} run SHARED/applied.yaml ${ROOT} SHARED/secrets && touch SHARED/${name}.ready
END
  setsid sh /run/kubelet < /dev/null > /run/kubelet.log 2>&1 &`;
}

function docker(): Scene {
  const hosts = ['tokyo', 'osaka'] as const;
  const scene = deskScene('docker', hosts, ['docker-compose', 'python3-yaml']);
  return {
    ...scene,
    words: { TOKEN: { host: 'tokyo', script: "grep -o '^octolink1-.*' /run/block.log" } },
    before: [
      ...(scene.before ?? []),
      ...hosts.map((host): [string, string] => [host, `${NOT_INSTALLED}\n${CHECKOUT}\n${DOCKER}`]),
      // Compose itself checks the form of the file.
      ['tokyo', 'docker-compose -f /root/scripts/cloud/docker/compose.yaml config -q'],
    ],
    installed: [],
  };
}

function kubernetes(): Scene {
  const scene = deskScene('kubernetes', ['tokyo', ...NODES], ['python3-yaml']);
  return {
    ...scene,
    words: { TOKEN: { host: 'tokyo', script: "grep -o '^octolink1-.*' /run/block.log" } },
    before: [
      ...(scene.before ?? []),
      ['desk', KUBECTL],
      ...NODES.map((name): [string, string] => [name, node(name)]),
    ],
    installed: ['tokyo'],
  };
}

export const CONTAINER_SCENES: Scene[] = [docker(), kubernetes()];
