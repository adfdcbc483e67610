import { hashSlot } from '../../core/slot.js';
import type { Operation } from '../../store/operation.js';
import type { CallOptions, Store } from '../../store/store.js';

/** The same store, on which an operation whose keys lie in different slots rejects: on a cluster it would fail. */
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
  return new Proxy(store, {
    get(target, name) {
      if (name === 'run') return run;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
