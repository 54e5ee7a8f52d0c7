/** Loaded by tests that run beside hosts in namespaces: these keep time to milliseconds and come first. */
import { constants, setPriority } from 'node:os';

setPriority(constants.priority.PRIORITY_LOW);
