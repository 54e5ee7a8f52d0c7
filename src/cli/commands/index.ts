/** The commands of exec mode, once each: grammar, help, privilege and what they do. A file holds one family. */
import { buildTree, type Node } from '../../grammar/tree.js';
import { aboutCommands } from './about.js';
import { arpSuppressionCommands } from './arp-suppression.js';
import { authorityCommands } from './authority.js';
import { authorizedKeyCommands } from './authorized-keys.js';
import { blockCommands } from './blocks.js';
import { captureCommands } from './capture.js';
import { clearCommands } from './clear.js';
import type { ExecCommand } from './command.js';
import { commitCommands } from './commit.js';
import { completionCommands } from './completion.js';
import { configurationCommands } from './configuration.js';
import { configurationShows } from './configuration-shows.js';
import { counterDeltaCommands } from './counters-delta.js';
import { debugCommands } from './debug.js';
import { doctorCommands } from './doctor.js';
import { drainCommands } from './drain.js';
import { eventCommands } from './events.js';
import { expiryCommands } from './expiry.js';
import { explainCommands } from './explain.js';
import { keyCommands } from './genkey.js';
import { guardCommands } from './guards.js';
import { helpCommands } from './help.js';
import { importCommands } from './import.js';
import { inviteCommands } from './invite.js';
import { joinCommands } from './join.js';
import { listingCommands } from './listings.js';
import { loggingCommands } from './logging.js';
import { macCommands } from './mac-table.js';
import { memberCommands } from './members.js';
import { mtuCommands } from './mtu.js';
import { multicastCommands } from './multicast.js';
import { pingCommands } from './ping.js';
import { sessionCommands } from './privilege.js';
import { registryCommands } from './registry.js';
import { setupCommands } from './setup.js';
import { showCommands } from './show.js';
import { supportCommands } from './support.js';
import { terminalCommands } from './terminal.js';
import { testCommands } from './test.js';
import { topCommands } from './top.js';
import { traceCommands } from './trace.js';
import { uplinkCommands } from './uplinks.js';
import { vlanCommands } from './vlans.js';
import { waitCommands } from './wait.js';
import { watchCommands } from './watch.js';

const EXEC_COMMANDS: readonly ExecCommand[] = [
  ...showCommands,
  ...listingCommands,
  ...macCommands,
  ...counterDeltaCommands,
  ...mtuCommands,
  ...guardCommands,
  ...multicastCommands,
  ...arpSuppressionCommands,
  ...uplinkCommands,
  ...vlanCommands,
  ...memberCommands,
  ...registryCommands,
  ...authorizedKeyCommands,
  ...authorityCommands,
  ...setupCommands,
  ...inviteCommands,
  ...expiryCommands,
  ...joinCommands,
  ...waitCommands,
  ...pingCommands,
  ...traceCommands,
  ...testCommands,
  ...explainCommands,
  ...drainCommands,
  ...clearCommands,
  ...configurationCommands,
  ...commitCommands,
  ...configurationShows,
  ...importCommands,
  ...sessionCommands,
  ...terminalCommands,
  ...helpCommands,
  ...keyCommands,
  ...completionCommands,
  ...watchCommands,
  ...topCommands,
  ...eventCommands,
  ...loggingCommands,
  ...debugCommands,
  ...captureCommands,
  ...aboutCommands,
  ...supportCommands,
  ...doctorCommands,
  ...blockCommands,
];

/** Those that a user may see; without `enable`, commands that change something do not exist. */
export function execCommands(enabled: boolean): readonly ExecCommand[] {
  return enabled ? EXEC_COMMANDS : EXEC_COMMANDS.filter(({ privilege }) => privilege === 'read');
}

export const execTree = treeOf(() => true);

/** Those that can be given in configuration modes, too. */
export const everywhereTree = treeOf(({ everywhere }) => everywhere === true);

/** A tree of some of the commands, made when it is first asked for. */
function treeOf(wanted: (command: ExecCommand) => boolean): (enabled: boolean) => Node<ExecCommand> {
  const trees = new Map<boolean, Node<ExecCommand>>();
  return (enabled) => {
    let tree = trees.get(enabled);
    if (tree === undefined) {
      tree = buildTree(execCommands(enabled).filter(wanted));
      trees.set(enabled, tree);
    }
    return tree;
  };
}
