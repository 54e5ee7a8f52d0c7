/** What `octolinkd` does: arguments, start, signals, end. */
import nodeModule from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import type { Config } from '../api/config.js';
import type { Problem } from '../api/index.js';
import { versionLine } from '../api/version.js';
import { parseConfig } from '../config/edit.js';
import { loadNative } from '../native/binding.js';
import { Logging } from './base/logging.js';
import { forgetOwnVariables, inheritedDescriptors, ServiceManager } from './base/service-manager.js';
import { claimState } from './base/state-claim.js';
import { StderrLog } from './base/stderr-log.js';
import { manifest, version } from './base/version.js';
import { Configurator } from './commits/configurator.js';
import { StartupFile } from './commits/startup-file.js';
import { ControlServer } from './control/server.js';
import { Daemon } from './daemon.js';
import { Finder } from './interfaces/finder.js';
import { TapStore } from './interfaces/tap-store.js';
import { dropSpareThread } from './interfaces/worker-thread.js';
import { Joiner } from './joining/join.js';
import { METHODS } from './methods/index.js';
import type { DaemonParts } from './methods/method.js';
import { Debugs } from './observe/debugs.js';
import { OPTIONS, usage } from './options.js';
import { Service } from './service.js';
import { awaitTurn, type Successor, startSuccessor } from './successor.js';
import { WebPlace } from './web/web-place.js';

/** Exit codes: the CLI's, and sysexits.h for what only a daemon meets. */
const EXIT = { OK: 0, FAILED: 1, USAGE: 64, BAD_CONFIG: 65, UNAVAILABLE: 69 } as const;

interface Options {
  config: string;
  socket: string;
  'read-only-socket'?: string;
  state: string;
  check: boolean;
  log: string;
}

/** Why the daemon ends, and with which exit code. */
interface End {
  why: string;
  code: number;
}

/** The end of the daemon; the first reason for it counts. */
function newEnding(): { reached: Promise<End>; end: (why: string, code: number) => void } {
  let settle = (_: End): void => {};
  const reached = new Promise<End>((resolve) => {
    settle = resolve;
  });
  return { reached, end: (why, code) => settle({ why, code }) };
}

function fail(code: number, message: string): never {
  process.stderr.write(`octolinkd: ${message}\n`);
  process.exit(code);
}

function readArguments(): Options {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string', default: OPTIONS.config.preset },
        socket: { type: 'string', default: OPTIONS.socket.preset },
        'read-only-socket': { type: 'string' },
        state: { type: 'string', default: OPTIONS.state.preset },
        log: { type: 'string', default: OPTIONS.log.preset },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
        version: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage(version)}\n`);
      process.exit(0);
    }
    if (values.version) {
      process.stdout.write(`${versionLine('octolinkd', manifest, process.versions.node)}\n`);
      process.exit(0);
    }
    if (values.log !== 'silent' && !(values.log in pino.levels.values)) {
      fail(EXIT.USAGE, `no log level "${values.log}"; see octolinkd --help`);
    }
    return values;
  } catch (error) {
    return fail(EXIT.USAGE, `${(error as Error).message}\nsee octolinkd --help`);
  }
}

async function readConfiguration(startupFile: StartupFile): Promise<Config> {
  const { file } = startupFile;
  const text = await startupFile.load().catch((error: Error) => fail(EXIT.BAD_CONFIG, error.message));
  if (text === null)
    return fail(
      EXIT.BAD_CONFIG,
      `there is no configuration ${file}: create it (it may be empty), or use --config`,
    );
  const parsed = parseConfig(text);
  const place = (problem: Problem): string => `${file}:${problem.line}:${problem.column}: ${problem.message}`;
  for (const warning of parsed.warnings) process.stderr.write(`octolinkd: warning: ${place(warning)}\n`);
  const problems = [...parsed.syntax, ...parsed.contradictions];
  if (problems.length > 0) {
    return fail(
      EXIT.BAD_CONFIG,
      `the configuration is wrong, nothing was changed\n${problems.map(place).join('\n')}`,
    );
  }
  return parsed.config;
}

async function main(): Promise<void> {
  const options = readArguments();
  const startupFile = new StartupFile(options.config);
  const config = await readConfiguration(startupFile);
  if (options.check) {
    process.stdout.write(`${options.config}: the configuration is good\n`);
    return;
  }
  const native = loadNative();
  native.forbidCoreDumps();
  const stderrLog = new StderrLog(options.log, { journal: process.env['JOURNAL_STREAM'] });
  const log = new Logging(stderrLog.log);
  const environment = { ...process.env };
  forgetOwnVariables(process.env);
  const manager = new ServiceManager(native, log, environment, process.pid);
  await awaitTurn(environment).catch((error: Error) => fail(EXIT.FAILED, error.message));
  const taps = new TapStore(native, manager, inheritedDescriptors(environment, process.pid));
  const servers: ControlServer[] = [];
  let configured = (): void => {};
  const ready = new Promise<void>((resolve) => {
    configured = resolve;
  });
  const stateFolder = resolve(options.state);
  const ending = newEnding();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => ending.end(signal, EXIT.OK));
  // Node's default for SIGUSR1 is to open a debugger port.
  process.on('SIGUSR1', () => {});
  const hopeless = (reason: string) => ending.end(reason, EXIT.FAILED);
  const web = new WebPlace(stateFolder, () => parts);
  const daemon = new Daemon({ native, log, stateFolder, web, taps, hopeless });
  const { events, eventHandler, histories, faults, invitations, expiries, runtimes } = daemon;
  const configurator = new Configurator({ host: daemon, startupFile, stateFolder, events, log });
  const service = new Service(manager, () => runtimes.values());
  process.on('SIGHUP', () => void ready.then(() => reload()));
  const reload = async () => {
    service.reloading();
    await Promise.all(servers.map((server) => server.recover()));
    await configurator.reloadBySignal();
    service.ready();
  };
  let successor: Successor | null = null;
  let isReplacing = false;
  process.on('SIGUSR2', () => void ready.then(() => handOver()));
  const handOver = async () => {
    if (isReplacing) return;
    isReplacing = true;
    try {
      const descriptors = [...runtimes.values()].flatMap(({ tap }) => tap.fds);
      successor = await startSuccessor(descriptors, process.env);
      manager.tell([`MAINPID=${successor.pid}`]);
      ending.end('its successor takes over', EXIT.OK);
    } catch (err) {
      isReplacing = false;
      log.error({ err }, 'no successor: this daemon goes on');
    }
  };
  const parts: DaemonParts = {
    log,
    logging: log,
    eventHandler,
    native,
    hostname: () => daemon.hostname(),
    runningConfig: () => daemon.runningConfig(),
    configurator,
    find: new Finder(runtimes),
    faults,
    events,
    histories,
    invitations,
    expiries,
    joiner: new Joiner({
      native,
      stateFolder,
      runningConfig: () => daemon.runningConfig(),
      taps: () => runtimes.keys(),
    }),
    debugs: new Debugs(events, log),
    connections: () => servers.reduce((sum, { clients }) => sum + clients, 0),
  };
  const peerCredentials = (fd: number) => native.peerCredentials(fd);
  const shared = { version, methods: METHODS, parts, log, peerCredentials, ready };
  const stopServers = () => Promise.all(servers.map((server) => server.stop()));
  const { socket: path, 'read-only-socket': readOnlyPath } = options;
  let releaseState = (): void => {};
  try {
    servers.push(await ControlServer.start({ ...shared, path }));
    if (readOnlyPath !== undefined) {
      servers.push(await ControlServer.start({ ...shared, path: readOnlyPath, readOnly: true }));
    }
    releaseState = await claimState({ native, folder: stateFolder, log });
  } catch (error) {
    await stopServers();
    fail(EXIT.UNAVAILABLE, (error as Error).message);
  }
  try {
    await invitations.load();
    expiries.start();
    await configurator.start(config);
    taps.closeRest();
    dropSpareThread();
    service.ready();
    configured();
  } catch (error) {
    await stopServers();
    fail(EXIT.FAILED, (error as Error).message);
  }
  log.info({ version, config: options.config, socket: options.socket }, 'octolinkd runs');
  const { why, code } = await ending.reached;
  log.info({ why }, 'octolinkd ends');
  if (successor === null) service.stopping();
  await configurator.stop();
  await stopServers();
  await daemon.stop();
  releaseState();
  await (successor as Successor | null)?.go();
  log.close();
  await stderrLog.close();
  // As Node does when it ends by itself, which takes as long as all the rest: peers are without us meanwhile.
  (nodeModule as { flushCompileCache?: () => void }).flushCompileCache?.();
  native.exitNow(code);
}

await main();
process.exit();
