/** `node scripts/stream.mjs send|receive`: sets everything up, then runs one end of a numbered stream. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/stream/main.js', takesWords: true });
