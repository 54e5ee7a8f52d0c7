import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BridgePort } from '../../src/daemon/interfaces/bridge-port.js';

const TAP = { name: 'octo0', ifindex: 7 };
const OTHER = 99;

describe('the TAP and its bridge', () => {
  let bridges: Map<string, number>;
  let commands: string[];
  let said: (string | null)[];
  let trees: Set<string>;
  let changes: number;
  let port: BridgePort;

  beforeEach(() => {
    vi.useFakeTimers();
    bridges = new Map([[TAP.name, TAP.ifindex]]);
    commands = [];
    said = [];
    trees = new Set();
    changes = 0;
    const ifindex = (name: string): number => {
      const found = bridges.get(name);
      if (found === undefined) throw new Error('ENODEV');
      return found;
    };
    port = new BridgePort(
      { ifindex },
      TAP,
      { bridge: (missing) => said.push(missing), spanningTree: () => changes++ },
      {
        ip: async ([command]) => {
          commands.push(command);
          if (command.includes('refused')) throw new Error('"ip …" failed: Operation not supported');
        },
        runsSpanningTree: (bridge) => trees.has(bridge),
      },
    );
    return () => {
      port.close();
      vi.useRealTimers();
    };
  });

  const kernelSays = async (ifindex: number) => {
    port.interfaceChanged(ifindex);
    await vi.runAllTimersAsync();
  };

  it('joins a bridge that comes later, and one made again in its place', async () => {
    await port.want('br0');
    expect([port.missing, said, commands]).toEqual(['bridge br0 is absent', ['bridge br0 is absent'], []]);
    bridges.set('br0', 3);
    await kernelSays(3);
    expect([port.missing, commands]).toEqual([null, ['link set dev octo0 master br0']]);
    await kernelSays(OTHER);
    await kernelSays(3);
    expect(commands).toHaveLength(1);
    bridges.delete('br0');
    await kernelSays(3);
    expect(port.missing).toBe('bridge br0 is absent');
    bridges.set('br0', 4);
    await kernelSays(4);
    expect([port.missing, commands.length]).toEqual([null, 2]);
    expect(said).toEqual(['bridge br0 is absent', null, 'bridge br0 is absent', null]);
  });

  it('leaves alone another device that has the name of a TAP which is gone', async () => {
    bridges.set('br0', 3);
    await port.want('br0');
    for (const device of [OTHER, undefined]) {
      bridges.delete(TAP.name);
      if (device !== undefined) bridges.set(TAP.name, device);
      await kernelSays(TAP.ifindex);
      expect([commands.length, port.missing]).toEqual([1, null]);
    }
    await port.want(null);
    expect(commands).toHaveLength(1);
  });

  it('joins again when somebody took the TAP out', async () => {
    bridges.set('br0', 3);
    await port.want('br0');
    await kernelSays(TAP.ifindex);
    expect(commands).toHaveLength(2);
  });

  it('tells when its bridge begins to run the spanning tree, and when it no longer does', async () => {
    bridges.set('br0', 3);
    trees.add('br0');
    await port.want('br0');
    expect(changes).toBe(1);
    trees.delete('br0');
    await kernelSays(OTHER);
    expect(changes).toBe(1);
    await kernelSays(3);
    await kernelSays(3);
    expect(changes).toBe(2);
    trees.add('br0');
    await kernelSays(3);
    expect([changes, commands.length]).toEqual([3, 1]);
  });

  it('says why a bridge does not take it', async () => {
    bridges.set('refused', 3);
    await port.want('refused');
    expect(port.missing).toContain('Operation not supported');
  });

  it('leaves its bridge when it belongs into none any more, and touches no other', async () => {
    await port.want(null);
    expect(commands).toEqual([]);
    bridges.set('br0', 3);
    await port.want('br0');
    await port.want(null);
    expect(commands).toEqual(['link set dev octo0 master br0', 'link set dev octo0 nomaster']);
    await kernelSays(TAP.ifindex);
    expect(commands).toHaveLength(2);
  });
});
