/** Runs a fake daemon until it is told to end: `node fake-daemon.js` prints the path of its socket. */
import { startServer } from '../control/fixtures.js';

const { path, folder, backend, stop } = await startServer();
backend.startupFile = `${folder}/startup.conf`;
process.stdout.write(`${path}\n`);
process.on('SIGTERM', () => void stop().then(() => process.exit(0)));
