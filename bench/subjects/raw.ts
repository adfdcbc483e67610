import { createClient } from '@redis/client';

import { life, type OpenSubject } from './subject.js';

/** The floor: what node-redis and JSON cost by themselves, with the client's timer per command off. */
export const open: OpenSubject = async (url, load) => {
  const client = createClient({ url, commandOptions: { timeout: undefined } as object });
  client.on('error', (error: Error) => {
    throw error;
  });
  await client.connect();
  async function get(key: string): Promise<unknown> {
    const text = await client.get(key);
    return text === null ? undefined : JSON.parse(text);
  }
  return {
    get,
    async wrap(key) {
      const found = await get(key);
      if (found !== undefined) return found;
      const value = await load(key);
      await client.set(key, JSON.stringify(value), { expiration: { type: 'PX', value: life } });
      return value;
    },
    close: () => client.close(),
  };
};
