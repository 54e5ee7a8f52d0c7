/** `npm run tasks`: types forty tasks of an engineer into the CLI and writes what the screen shows to the page of tasks. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/tasks/main.js', lab: ['nft', 'tmux'], takesWords: true });
