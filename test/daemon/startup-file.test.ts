import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RequestError } from '../../src/daemon/base/request-errors.js';
import { StartupFile } from '../../src/daemon/commits/startup-file.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'octolink-store-'));
  file = join(folder, 'octolink.conf');
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

describe('StartupFile', () => {
  it('has nothing to load before the first save', async () => {
    expect(await new StartupFile(file).load()).toBeNull();
  });

  it('keeps what was saved before beside it', async () => {
    const store = new StartupFile(file);
    await store.save('one\n');
    await store.save('two\n');
    expect(await store.load()).toBe('two\n');
    expect(await fs.readFile(`${file}.sav`, 'utf8')).toBe('one\n');
    expect((await fs.readdir(folder)).sort()).toEqual(['octolink.conf', 'octolink.conf.sav']);
  });

  it('keeps it as well when the same is saved again', async () => {
    const store = new StartupFile(file);
    await store.save('one\n');
    expect(await store.save('two\n')).toBe(`${file}.sav`);
    const { ino } = await fs.stat(file);
    expect(await store.save('two\n')).toBe(`${file}.sav`);
    expect(await fs.readFile(`${file}.sav`, 'utf8')).toBe('one\n');
    expect((await fs.stat(file)).ino).toBe(ino);
  });

  it('gives a new file to owner and group, and keeps the mode of an old one', async () => {
    const store = new StartupFile(file);
    await store.save('one\n');
    expect((await fs.stat(file)).mode & 0o777).toBe(0o640);
    await fs.chmod(file, 0o600);
    await store.save('two\n');
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600);
  });

  it('writes through a symbolic link', async () => {
    const real = join(folder, 'real.conf');
    await fs.writeFile(real, 'old\n');
    await fs.symlink(real, file);
    await new StartupFile(file).save('new\n');
    expect(await fs.readFile(real, 'utf8')).toBe('new\n');
    expect((await fs.lstat(file)).isSymbolicLink()).toBe(true);
  });

  it('refuses to load what is no text file', async () => {
    await fs.writeFile(file, Buffer.from([0x66, 0xff, 0xfe]));
    await expect(new StartupFile(file).load()).rejects.toThrow('is not UTF-8 text');
    await expect(new StartupFile(folder).load()).rejects.toThrow('is not a regular file');
  });

  it('leaves the old file when the disk refuses the new one', async () => {
    await new StartupFile(file).save('old\n');
    const full = {
      ...fs,
      open: () => Promise.reject(Object.assign(new Error('disk full'), { code: 'ENOSPC' })),
    };
    await expect(new StartupFile(file, full as unknown as typeof fs).save('new\n')).rejects.toThrow(
      `${file} cannot be written: the disk is full`,
    );
    expect(await new StartupFile(file).load()).toBe('old\n');
  });

  it('leaves nothing beside the old file when the disk is full half way', async () => {
    await new StartupFile(file).save('old\n');
    const before = await fs.readdir(folder);
    const open = async (...args: Parameters<typeof fs.open>) => {
      const handle = await fs.open(...args);
      handle.writeFile = async () => {
        await handle.write('ne');
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
      };
      return handle;
    };
    await expect(new StartupFile(file, { ...fs, open }).save('new\n')).rejects.toBeInstanceOf(RequestError);
    expect(await fs.readdir(folder)).toEqual(before);
    expect(await new StartupFile(file).load()).toBe('old\n');
  });
});
