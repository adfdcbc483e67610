import { defineOperation, replyList, replyWord, text } from '../../store/operation.js';
import { captureOne, hold, lifeArgument } from './capture.js';
import { acquire as lua } from './lua.gen.js';
import { bytesAt, entryId } from './stored.js';

export interface AcquireInput {
  readonly value: string;
  readonly lease: string;
  readonly token: string;
  /** Milliseconds of life of the lease. */
  readonly life: number;
  /** `absent` wants no entry there; `refresh` tolerates one; `force` also takes over a running lease. */
  readonly mode: 'absent' | 'refresh' | 'force';
  /** The entry that the reader rejected, granted over as if it were absent. */
  readonly rejected?: string | undefined;
  readonly tags: readonly string[];
  readonly versions: readonly string[];
  readonly tagLife: number;
  readonly epoch: string;
}

export type Acquired =
  | { readonly word: 'granted'; readonly versions: readonly string[] }
  /** `taken`: another load holds the lease · `held`: an invalidation settles · `present`: a value has appeared. */
  | { readonly word: 'taken' | 'held' | 'present' };

/** Asks for the right to fill a key. See `acquire.lua`. One round trip. */
export const acquire = defineOperation<AcquireInput, Acquired>({
  name: 'acquire',
  lua,
  invalidates: false,
  encode: (input) => ({
    keys: [input.value, input.lease, ...input.tags],
    args: [
      input.token,
      String(input.life),
      input.mode,
      // A damaged id may hold any byte.
      input.rejected ? Buffer.from(input.rejected, 'latin1') : '',
      lifeArgument(input.tagLife),
      input.epoch,
      ...input.versions,
    ],
  }),
  local(
    data,
    { keys: [value = '', lease = '', ...tags], args: [token, life, mode, rejected, tagLife, epoch, ...versions] },
  ) {
    const held = data.get(lease)?.toString();
    if (held === hold) return ['held'];
    if (text(mode) === 'absent') {
      const id = entryId(bytesAt(data, value));
      if (id !== undefined && id !== latin1(rejected)) return ['present'];
    }
    const cooling = held?.startsWith('cool:');
    if (held !== undefined && text(mode) !== 'force' && !(cooling && text(mode) === 'absent')) return ['taken'];
    const reply = ['granted'];
    for (const [i, tag] of tags.entries()) {
      const version = captureOne(data, tag, tagLife, epoch, versions[i]);
      if (version === undefined) return ['held'];
      reply.push(version);
    }
    data.set(lease, token ?? '', Number(text(life)));
    return reply;
  },
  decode(reply) {
    const [word, ...versions] = replyList(reply, 'acquire');
    const known = replyWord(word, ['granted', 'taken', 'held', 'present'], 'acquire');
    return known === 'granted' ? { word: known, versions: versions.map(text) } : { word: known };
  },
});

/** An id as its bytes, one character each. */
function latin1(id: string | Uint8Array | undefined): string {
  return typeof id === 'string' ? id : Buffer.from(id ?? []).toString('latin1');
}
