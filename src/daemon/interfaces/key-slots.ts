/** Slots of the addon's key table, which all interfaces of the process share. */
import { Rows } from './rows.js';

export const keySlots = new Rows();
