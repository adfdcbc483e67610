import { createClient } from '@redis/client';

/** What a server says of itself. Microseconds and bytes count from its start, the rest is as it is now. */
export interface Reading {
  readonly cpu: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly memory: number;
  /** Keys that the server remembers to tell of, and pairs of such a key and a process. */
  readonly trackedKeys: number;
  readonly trackedItems: number;
}

export interface ServerWatch {
  /** Costs the server one INFO, which the next reading counts: some 100 µs and 7 KB. */
  read(): Promise<Reading>;
  stop(): void;
}

export async function watchServer(url: string): Promise<ServerWatch> {
  const client = createClient({ url });
  await client.connect();
  return {
    async read() {
      const info = String(await client.sendCommand(['INFO', 'cpu', 'stats', 'memory']));
      const field = (name: string): number => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]);
      return {
        cpu: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
        bytesOut: field('total_net_output_bytes'),
        bytesIn: field('total_net_input_bytes'),
        memory: field('used_memory'),
        trackedKeys: field('tracking_total_keys'),
        trackedItems: field('tracking_total_items'),
      };
    },
    stop: () => client.destroy(),
  };
}
