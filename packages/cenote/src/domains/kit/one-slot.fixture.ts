import { hashSlot } from '../../core/slot.js';
import type { Operation } from '../../store/operation.js';
import type { CallOptions, Store } from '../../store/store.js';

/** The same store as if on a cluster: it partitions by slot, and an operation whose keys lie in different slots rejects. */
export function oneSlot(store: Store): Store {
  const run = async <Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    options?: CallOptions,
  ): Promise<Output> => {
    const { keys } = operation.encode(input);
    if (new Set(keys.map(hashSlot)).size > 1)
      throw new Error(`${operation.name}: its keys lie in different slots: ${keys.join(' ')}`);
    return store.run(operation, input, options);
  };
  const partition = <Key extends string>(keys: readonly Key[]): readonly (readonly Key[])[] => {
    const bySlot = new Map<number, Key[]>();
    for (const key of keys) bySlot.set(hashSlot(key), [...(bySlot.get(hashSlot(key)) ?? []), key]);
    return [...bySlot.values()];
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'run') return run;
      if (name === 'partition') return partition;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
