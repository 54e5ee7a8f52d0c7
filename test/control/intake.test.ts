import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BURST, Intake, REQUESTS_PER_SECOND } from '../../src/daemon/control/intake.js';

/** An intake on a clock of its own; `log` says what it did. */
function intake() {
  let time = 0;
  let timers: { at: number; callback: () => void }[] = [];
  const world = {
    served: [] as string[],
    reading: true,
    room: true,
    hold: null as Promise<void> | null,
    /** Lets what is due happen until nothing is left to do at this time. */
    async settle(): Promise<void> {
      for (let turn = 0; turn < 3000; turn++) await Promise.resolve();
    },
    async passTime(ms: number): Promise<void> {
      time += ms;
      const due = timers.filter(({ at }) => at <= time);
      timers = timers.filter(({ at }) => at > time);
      for (const { callback } of due) callback();
      await world.settle();
    },
  };
  const subject = new Intake({
    now: () => time,
    later: (afterMs, callback) => timers.push({ at: time + afterMs, callback }),
    hasRoom: () => world.room,
    pause: () => {
      world.reading = false;
    },
    resume: () => {
      world.reading = true;
    },
    serve: async (line) => {
      world.served.push(line.toString());
      await world.hold;
    },
  });
  return { world, subject };
}

const lines = (count: number, text = 'x') => Array.from({ length: count }, () => Buffer.from(text));

describe('the intake of a client', () => {
  it('serves in order, one after the other', async () => {
    const { world, subject } = intake();
    let release = () => {};
    world.hold = new Promise((resolve) => {
      release = resolve;
    });
    subject.push([Buffer.from('a'), Buffer.from('b')]);
    subject.push([Buffer.from('c')]);
    await world.settle();
    expect(world.served).toEqual(['a']);
    release();
    await world.settle();
    expect(world.served).toEqual(['a', 'b', 'c']);
  });

  it('serves a burst at once and the rest at the rate, reading nothing meanwhile', async () => {
    const { world, subject } = intake();
    subject.push(lines(BURST + REQUESTS_PER_SECOND));
    await world.settle();
    expect(world.served).toHaveLength(BURST);
    expect(world.reading).toBe(false);
    for (let ms = 0; ms < 1000; ms += 5) await world.passTime(5);
    expect(world.served).toHaveLength(BURST + REQUESTS_PER_SECOND);
    expect(world.reading).toBe(true);
  });

  it('counts long requests by their length, and those of a batch one by one', async () => {
    const { world, subject } = intake();
    subject.push([Buffer.alloc(4096 * (BURST - 1)), ...lines(1)]);
    await world.settle();
    expect(world.served).toHaveLength(1);
    const other = intake();
    other.subject.charge(BURST);
    other.subject.push(lines(1));
    await other.world.settle();
    expect(other.world.served).toEqual([]);
  });

  it('waits for a client that does not read', async () => {
    const { world, subject } = intake();
    world.room = false;
    subject.push(lines(3));
    await world.settle();
    expect({ served: world.served.length, reading: world.reading }).toEqual({ served: 0, reading: false });
    world.room = true;
    subject.proceed();
    await world.settle();
    expect({ served: world.served.length, reading: world.reading }).toEqual({ served: 3, reading: true });
  });

  it('waits out what is left of a wait', async () => {
    const { world, subject } = intake();
    subject.push(lines(BURST + 1));
    await world.settle();
    await world.passTime(1);
    expect(world.served).toHaveLength(BURST);
    await world.passTime(4);
    expect(world.served).toHaveLength(BURST + 1);
  });

  it('serves every line once, whatever comes between', async () => {
    const step = fc.oneof(
      fc.record({ push: fc.nat(300) }),
      fc.record({ passTime: fc.nat(500) }),
      fc.record({ room: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { world, subject } = intake();
        let pushed = 0;
        for (const what of steps) {
          if ('push' in what) subject.push(lines(what.push).map(() => Buffer.from(String(pushed++))));
          else if ('passTime' in what) await world.passTime(what.passTime);
          else world.room = what.room;
        }
        world.room = true;
        subject.proceed();
        while (world.served.length < pushed) await world.passTime(1000);
        expect(world.served).toEqual(Array.from({ length: pushed }, (_, index) => String(index)));
      }),
      { numRuns: 50 },
    );
  });
});
