/** One end of a stream as a program of its own, for the lab's hosts. */
import { main } from './main.js';

process.exitCode = await main(process.argv.slice(2));
