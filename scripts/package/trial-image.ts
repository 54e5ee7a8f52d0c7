/** The container image: buildah makes it by the recipe, over a Debian of our own, and the daemon runs in it. */
import { join } from 'node:path';
import { run } from '../lab/run.js';

/** The name that the recipe starts from. */
const BASE = 'docker.io/library/debian:12-slim';
const IMAGE = 'localhost/octolink';
/** Root without the capabilities that open everybody's files: the recipe has it run with CAP_NET_ADMIN alone. */
const CONFINED = ['setpriv', '--bounding-set', '-all', '--inh-caps', '-all'];

interface ImageTrial {
  /** `packaging/Containerfile`. */
  recipe: string;
  /** Where the Debian package is. */
  packages: string;
  /** Folder of a clean Debian system, which stands for the base image. */
  system: string;
  /** Folder for images and layers. */
  work: string;
}

/** Returns what the daemon in the image says of itself. */
export async function tryImage({ recipe, packages, system, work }: ImageTrial): Promise<string> {
  const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' };
  const places = ['--root', join(work, 'images'), '--runroot', join(work, 'image-run')];
  const buildah = (...words: string[]) => run('buildah', [...places, ...words], { env });
  const base = (await buildah('from', 'scratch')).trim();
  await buildah('add', '--quiet', base, system, '/');
  await buildah('commit', '--quiet', base, BASE);
  await buildah('rm', base);
  const never = ['--pull-never', '--format', 'docker'];
  await buildah('build-using-dockerfile', ...never, '--network', 'host', '-f', recipe, '-t', IMAGE, packages);
  const container = (await buildah('from', '--pull-never', IMAGE)).trim();
  const inside = (...words: string[]) => buildah('run', container, '--', ...CONFINED, ...words);
  await inside('octolinkd', '--check');
  await inside('sh', '-c', ': >/var/lib/octolink/keys/try && : >/run/octolink/try && : >/etc/octolink/try');
  const said = (await inside('octolinkd', '--version')).trim();
  await buildah('rm', container);
  return said;
}
