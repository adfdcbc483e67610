import { withRedis, type Bench } from './bench.js';
import type { MemoryName, MemoryResult, MemoryWork } from './near/memory.js';
import { startRunner } from './runner.js';

/** What the memory tier takes. */
export const nearMemory: Bench = {
  name: 'near-memory',
  about:
    'Bytes of an entry in the memory tier, 100,000 of 88 bytes, and the heap over many operations on expiring keys',
  run: ({ smoke, operations }) =>
    withRedis(async ({ url }) => {
      const measure = async (name: MemoryName, work: MemoryWork): Promise<MemoryResult> => {
        const runner = await startRunner<MemoryName, MemoryWork, MemoryResult>(name, url, 'near/memory.ts', [
          '--expose-gc',
        ]);
        try {
          return await runner.run(work);
        } finally {
          await runner.stop();
        }
      };
      const entries = smoke ? 5_000 : 100_000;
      const map = await measure('Map', { entries });
      const cenote = await measure('cenote', { entries });
      if (cenote.hits !== entries) throw new Error(`${entries - cenote.hits} of ${entries} entries were not in memory`);
      const { heap, hits } = await measure('cenote', { operations });
      const share = `${((hits / operations) * 100).toFixed(0)} % of them near hits`;
      return [
        {
          title: `Memory of ${entries.toLocaleString('en-US')} entries, beside their keys`,
          columns: ['', 'bytes each'],
          rows: [
            ['Map', map.bytes],
            ['cenote', cenote.bytes],
          ],
        },
        {
          title: `Heap over ${operations.toLocaleString('en-US')} operations on keys that expire, ${share}`,
          columns: ['', ...heap.map((_, index) => `${index + 1}/10`)],
          rows: [['MB', ...heap.map((bytes) => (bytes / 2 ** 20).toFixed(1))]],
        },
      ];
    }),
};
