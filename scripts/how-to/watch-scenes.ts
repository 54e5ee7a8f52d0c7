/** The pages about watching a host: what they switch on answers as they say. */
import type { Scene } from './scene.js';

/** Hosts of scenes have root alone, who needs no other. */
const SUDO = `printf '#!/bin/sh\\nexec "$@"\\n' > /usr/bin/sudo; chmod 755 /usr/bin/sudo`;

function alone(page: string): Scene {
  return {
    page,
    hosts: ['tokyo'],
    cables: [],
    before: [['tokyo', `ip link set lo up; ${SUDO}`]],
    installed: ['tokyo'],
  };
}

/** A device to be mirrored, and one that stands for the interface. */
const MIRROR: Scene = {
  page: 'docs/switch.md',
  hosts: ['tokyo'],
  cables: [],
  before: [
    ['tokyo', 'for device in eth0 octo1; do ip link add $device type veth peer name $device.peer; done'],
  ],
  installed: [],
};

export const WATCH_SCENES: Scene[] = [
  ...['docs/web.md', 'docs/logging.md', 'docs/monitoring.md'].map(alone),
  MIRROR,
];
