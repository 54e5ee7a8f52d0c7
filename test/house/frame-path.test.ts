/** What code on the path of a frame may not do: allocate, make closures, catch exceptions; and pass long lists of arguments. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FOLDERS = [
  'src/datapath/frames',
  'src/datapath/send',
  'src/datapath/offload',
  'src/switch',
  'src/switch/multicast',
  'src/switch/guards',
  'src/switch/suppression',
  'src/link/choice',
  'src/link/lane',
];
const MOST_PARAMETERS = 6;
/** Where the frame or datagram in hand is passed as a cursor. */
const CURSORS = /^src\/(datapath|switch)\//;

/**
 * What in these folders no frame waits for, or what runs once in a great many frames: functions, or whole files, and why
 * they may allocate.
 */
const COLD: Record<string, string> = {
  'src/datapath/frames/acceptance.ts: Acceptance.confirm': 'once a session',
  'src/datapath/frames/announcer.ts: Announcer.run': 'another server of an uplink group carries',
  'src/datapath/frames/talks.ts: Talks.tell': 'a pair of clients begins to talk',
  'src/datapath/frames/rebuild.ts: Rebuilder.remember': 'once a link',
  'src/datapath/frames/pieces.ts: Reassembly.region': 'once an interface',
  'src/datapath/frames/reorder.ts: Reorder.region': 'once an interface',
  'src/datapath/frames/reorder.ts: Reorder.makeRing': 'rings are used again',
  'src/datapath/send/resend-rings.ts: ResendRings.regions': 'once an interface',
  'src/datapath/send/parity.ts: makeGroup': 'groups are used again',
  'src/datapath/send/seal.ts: Sealer.tellCounterHigh': 'once a session',
  'src/datapath/send/resend-rings.ts: ResendRings.loss': 'a link died, or was taken away',
  'src/datapath/send/transmit.ts: Transmitter.takeOver': 'a link died',
  'src/switch/address-claims.ts: AddressClaims.found': 'two stations have one address, once a second at most',
  'src/switch/address-claims.ts: Claimants.of': 'the same',
  'src/switch/loop-guard.ts: LoopGuard.tell': 'a loop begins, is cut or is over',
  'src/switch/ports.ts: Ports.hold': 'a loop is cut',
  'src/switch/mac-table.ts: MacTable.resize': 'a command of the operator',
  'src/switch/mac-table.ts: MacTable.beginWalk': 'a command of the operator',
  'src/switch/mac-options.ts: checkedLimit': 'a command of the operator',
  'src/switch/mac-options.ts: checkedAgeing': 'a command of the operator',
  'src/switch/mac-rows.ts': 'a question of the operator',
  'src/switch/storm.ts: StormControl.set': 'a command of the operator',
  'src/switch/vlans.ts: Vlans.set': 'a command of the operator',
  'src/switch/vlans.ts: bitsOf': 'a command of the operator',
  'src/switch/guards/guards.ts: Guards.set': 'a command of the operator',
  'src/switch/guards/guards.ts: Guards.stretch': 'a question of the operator',
  'src/switch/suppression/neighbour-table.ts: NeighbourTable.clear': 'a command of the operator',
  'src/switch/suppression/neighbour-table.ts: NeighbourTable.entries': 'a question of the operator',
  'src/switch/suppression/suppression.ts: Suppression.stretch': 'a question of the operator',
  'src/switch/multicast/own-querier.ts': 'queries, at most some in a second',
  'src/switch/multicast/known-multicast.ts': 'a restart',
  'src/switch/multicast/state.ts': 'a question of the operator',
  'src/link/choice/explain.ts': 'a question of the operator',
  'src/link/lane/explain-flows.ts': 'a question of the operator',
  'src/link/lane/lanes.ts: Lanes.capacityOf': 'once a link',
  'src/link/lane/lanes.ts: Lanes.logOf': 'once a link',
  'src/link/lane/lanes.ts: Lanes.laneOf': 'once a peer',
  'src/link/lane/lane-set.ts':
    'reviews come with reports of the far end, and have an interval of their own; growth between them, too',
};

const ALLOCATIONS = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.ObjectLiteralExpression, 'an object'],
  [ts.SyntaxKind.ArrayLiteralExpression, 'an array'],
  [ts.SyntaxKind.SpreadElement, 'a spread'],
  [ts.SyntaxKind.SpreadAssignment, 'a spread'],
  [ts.SyntaxKind.ArrowFunction, 'a closure'],
  [ts.SyntaxKind.FunctionExpression, 'a closure'],
  [ts.SyntaxKind.ClassExpression, 'a class'],
  [ts.SyntaxKind.NewExpression, 'new'],
  [ts.SyntaxKind.TemplateExpression, 'a template string'],
  [ts.SyntaxKind.RegularExpressionLiteral, 'a regular expression'],
  [ts.SyntaxKind.TryStatement, 'try'],
]);

interface Found {
  file: string;
  /** `file: Class.method` or `file: function`. */
  name: string;
  allocates: string[];
  parameters: number;
}

/** What a body does that allocates, in the order of the text. */
function allocationsIn(body: ts.Node): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const what = ALLOCATIONS.get(node.kind);
    if (what !== undefined) found.push(what);
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

/** Functions and methods of a file, constructors aside: parts are made once. */
function functionsOf(file: string, text: string): Found[] {
  const found: Found[] = [];
  const note = (name: string, node: ts.FunctionLikeDeclaration): void => {
    if (node.body === undefined) return;
    const allocates = ts.isConstructorDeclaration(node) ? [] : allocationsIn(node.body);
    found.push({ file, name: `${file}: ${name}`, allocates, parameters: node.parameters.length });
  };
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements) {
    if (ts.isFunctionDeclaration(statement)) note(statement.name?.text ?? 'default', statement);
    if (!ts.isClassDeclaration(statement)) continue;
    for (const member of statement.members) {
      const owner = statement.name?.text ?? 'default';
      if (ts.isConstructorDeclaration(member)) note(`${owner}.constructor`, member);
      else if (ts.isMethodDeclaration(member) || ts.isAccessor(member)) {
        note(`${owner}.${member.name.getText()}`, member);
      }
    }
  }
  return found;
}

const functions = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => functionsOf(`${folder}/${name}`, readFileSync(join(ROOT, folder, name), 'utf8'))),
);

const allocating = functions.filter(({ allocates }) => allocates.length > 0);

describe('the path of a frame', () => {
  it('does not allocate, because each allocation is a garbage collection later, in the middle of a batch', () => {
    const found = allocating.filter(({ file, name }) => !(file in COLD) && !(name in COLD));
    expect(found.map(({ name, allocates }) => `${name} makes ${allocates.join(', ')}`)).toEqual([]);
  });

  it('names no cold function that is gone or allocates nothing', () => {
    const names = allocating.flatMap(({ file, name }) => [file, name]);
    expect(Object.keys(COLD).filter((name) => !names.includes(name))).toEqual([]);
  });

  it(`passes no more than ${MOST_PARAMETERS} parameters, because what belongs together is one cursor`, () => {
    const long = functions.filter(
      ({ file, parameters }) => CURSORS.test(file) && parameters > MOST_PARAMETERS,
    );
    expect(long.map(({ name, parameters }) => `${name} takes ${parameters}`)).toEqual([]);
  });
});

describe('the check itself', () => {
  it.each([
    ['class A { f() { return {}; } }', ['an object']],
    ['class A { f() { return [1, ...x]; } }', ['an array', 'a spread']],
    ['function f() { g(() => 1); }', ['a closure']],
    ['function f() { try { g(new Map()); } catch {} }', ['try', 'new']],
    ['class A { get f() { return `a$' + '{x}`; } }', ['a template string']],
    ['class A { x = {}; constructor() { this.y = []; } }', []],
    ['function f({ a, b }: C) { const [d] = a; return b + d; }', []],
    ['const TABLE = { a: [1] };', []],
  ])('sees in %j %j', (text, expected) => {
    expect(functionsOf('sample.ts', text).flatMap(({ allocates }) => allocates)).toEqual(expected);
  });
});
