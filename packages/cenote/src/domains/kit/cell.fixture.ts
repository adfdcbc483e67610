/** The least that can be built on the kit: one text for each id. What its scripts do is what those of every domain do. */
import { defineOperation, replyWord, text } from '../../store/operation.js';
import type { CallOptions } from '../../store/store.js';
import { resolveDomainCall, type DomainCallOptions } from './call.js';
import { Ground, type DomainOptions } from './ground.js';
import { spendLease, type Lease } from './lease.js';
import { readThrough, type DomainLoadContext } from './through.js';

/** What stands there, if it is of this epoch. */
const look = defineOperation<{ key: string; epoch: string }, string | undefined>({
  name: 'cell:look',
  lua: `local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then return string.sub(held, #ARGV[1] + 2) end
return false`,
  invalidates: false,
  encode: ({ key, epoch }) => ({ keys: [key], args: [epoch] }),
  local(data, { keys: [key = ''], args: [epoch] }) {
    const held = data.get(key)?.toString();
    const start = `${text(epoch)} `;
    return held?.startsWith(start) ? held.slice(start.length) : null;
  },
  decode: (reply) => (reply === null ? undefined : text(reply)),
});

const fill = defineOperation<{ key: string; lease: Lease; value: string }, 'stored' | 'voided'>({
  name: 'cell:fill',
  lua: `if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'voided' end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[3])
return 'stored'`,
  invalidates: false,
  encode: ({ key, lease, value }) => ({ keys: [key, lease.name], args: [lease.epoch, lease.token, value] }),
  local(data, { keys: [key = '', lease = ''], args: [epoch, token, value] }) {
    if (!spendLease(data, lease, token)) return 'voided';
    data.set(key, `${text(epoch)} ${text(value)}`);
    return 'stored';
  },
  decode: (reply) => replyWord(reply, ['stored', 'voided'], 'cell:fill'),
});

const set = defineOperation<{ key: string; lease: string; epoch: string; value: string }, boolean>({
  name: 'cell:set',
  lua: `redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2])
return 1`,
  invalidates: false,
  encode: ({ key, lease, epoch, value }) => ({ keys: [key, lease], args: [epoch, value] }),
  local(data, { keys: [key = '', lease = ''], args: [epoch, value] }) {
    data.delete(lease);
    data.set(key, `${text(epoch)} ${text(value)}`);
    return 1;
  },
  decode: (reply) => reply === 1,
});

export class Cells {
  readonly ground: Ground;

  constructor(options: DomainOptions) {
    this.ground = new Ground(options, [], 'cells');
  }

  async get(id: string, options?: DomainCallOptions): Promise<string | undefined> {
    const key = this.#key(id);
    return this.ground.look(key, resolveDomainCall(options), (call) => this.#look(key, call));
  }

  /** True when acknowledged. */
  async set(id: string, value: string, options?: DomainCallOptions): Promise<boolean> {
    const { ground } = this;
    const key = this.#key(id);
    const lease = ground.lease(key);
    return ground.write(resolveDomainCall(options), {
      key,
      send: async (call) => ground.store.run(set, { key, lease, epoch: await ground.epoch(call), value }, call),
      replay: ground.drop(key, lease),
      instead: false,
      replaces: true,
    });
  }

  async load(
    id: string,
    load: (context: DomainLoadContext) => Promise<string | undefined> | string | undefined,
    options?: DomainCallOptions & { readonly shape?: string },
  ): Promise<string | undefined> {
    const { shape = '', ...rest } = options ?? {};
    const key = this.#key(id);
    return readThrough<string | undefined>(
      this.ground,
      {
        key,
        shape,
        load,
        look: (call) => this.#look(key, call),
        fill: async (value = '', lease, call) => {
          const word = await this.ground.store.run(fill, { key, lease, value }, call);
          return word === 'voided' ? word : value.length;
        },
      },
      resolveDomainCall(rest),
    );
  }

  async #look(key: string, call: CallOptions): Promise<string | undefined> {
    const { ground } = this;
    return ground.store.run(look, { key, epoch: await ground.epoch(call) }, call);
  }

  #key(id: string): string {
    return this.ground.key('cell', this.ground.id(id, 'id'));
  }
}
