/** Loaded by tests that run beside hosts in namespaces: these keep time to milliseconds and come first. */
import { setPriority } from 'node:os';

/** A tenth of what an ordinary program gets where both want all: enough for tests that wait for what they started themselves. */
const NICENESS = 10;

setPriority(NICENESS);
