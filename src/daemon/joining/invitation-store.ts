/** Invitations on disk: no secret, only the public key that is derived from it. */
import * as nodeFs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { VlanConfig } from '../../api/config.js';
import { parseVlanWords } from '../../config/vlan-command.js';
import { type FileIo, ifAbsent, replaceFile } from '../base/durable-file.js';

const memberSchema = z.object({
  name: z.string(),
  publicKey: z.string(),
  addresses: z.array(z.string()),
  joinedMs: z.number(),
});

const invitationSchema = z.object({
  interface: z.string(),
  name: z.string(),
  /** Public key derived from the secret of the token, base64. */
  key: z.string(),
  template: z.string().nullable(),
  /** What the port of who comes carries, in the words of the configuration; absent: what the template says. */
  vlan: z
    .string()
    .refine((words) => parseVlanWords(words) !== null)
    .optional(),
  uses: z.int(),
  /** `auto`, `none` or the one address. */
  address: z.string(),
  madeMs: z.number(),
  expiresMs: z.number(),
  members: z.array(memberSchema),
});

export type Invitation = z.infer<typeof invitationSchema>;

/** What the invitation says of VLANs; undefined: its template does. */
export function vlanOf({ vlan }: Pick<Invitation, 'vlan'>): VlanConfig | undefined {
  return vlan === undefined ? undefined : (parseVlanWords(vlan) ?? undefined);
}

/** All invitations of a daemon; every change is on disk before it counts. */
export class InvitationStore {
  private readonly file: string;
  private list: readonly Invitation[] = [];

  constructor(
    stateFolder: string,
    private readonly io: FileIo = nodeFs,
  ) {
    this.file = join(stateFolder, 'invitations.json');
  }

  all(): readonly Invitation[] {
    return this.list;
  }

  /** @throws Error when the file is there and cannot be used */
  async load(): Promise<void> {
    const text = await this.io.readFile(this.file, 'utf8').catch(ifAbsent);
    if (text !== null) this.list = z.array(invitationSchema).parse(JSON.parse(text));
  }

  /** Replaces all. @throws Error when they cannot be written; then nothing has changed. */
  async save(list: readonly Invitation[]): Promise<void> {
    await this.io.mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await replaceFile(this.io, this.file, `${JSON.stringify(list, null, 1)}\n`, { mode: 0o600, owner: null });
    this.list = list;
  }
}
