/**
 * Runs a fake daemon until it is told to end: `node fake-daemon.js` prints the path of its socket. An argument is a
 * number of peers to have.
 */
import { startServer } from '../control/fixtures.js';

const { path, folder, backend, stop } = await startServer();
if (process.argv[2] !== undefined) {
  const [octo0] = backend.config.interfaces;
  const [example] = octo0.peers;
  octo0.peers = Array.from({ length: Number(process.argv[2]) }, (_, number) => ({
    ...example,
    name: `p${number}`,
  }));
}
backend.startupFile = `${folder}/startup.conf`;
process.stdout.write(`${path}\n`);
process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
