import { until } from './faults.fixture.js';
import { startRedis, type RedisServer } from './servers/redis.js';
import { TcpProxy } from './servers/tcp-proxy.js';

/** A Redis and its replica, with a network between them, and one in front that leads clients to whoever is in use. */
export class Pair {
  readonly main: RedisServer;
  readonly replica: RedisServer;
  /** The way of clients. */
  readonly network: TcpProxy;
  /** The way of replication. */
  readonly #wire: TcpProxy;

  private constructor(main: RedisServer, replica: RedisServer, network: TcpProxy, wire: TcpProxy) {
    this.main = main;
    this.replica = replica;
    this.network = network;
    this.#wire = wire;
  }

  static async start(): Promise<Pair> {
    const [main, replica] = await Promise.all([
      startRedis({ args: ['--repl-diskless-sync-delay', '0'] }),
      startRedis(),
    ]);
    const [network, wire] = await Promise.all([
      TcpProxy.start({ port: main.port }),
      TcpProxy.start({ port: main.port }),
    ]);
    await replica.command('REPLICAOF', '127.0.0.1', String(wire.port));
    const pair = new Pair(main, replica, network, wire);
    await pair.inStep();
    return pair;
  }

  /** Where clients connect. */
  get url(): string {
    return `redis://127.0.0.1:${this.network.port}`;
  }

  /** Resolves when the replica has all that the main server has. */
  async inStep(): Promise<void> {
    await until('the replica is in step', async () => {
      const [ours, its] = await Promise.all([offset(this.main), offset(this.replica)]);
      return ours !== undefined && ours === its;
    });
  }

  /** From now on the replica hears of nothing; neither server is told. */
  isolate(): void {
    this.#wire.blackhole();
  }

  /** Makes the replica a server of its own, without what it has not heard of. Clients stay where they are. */
  async promote(): Promise<void> {
    await this.#wire.refuse();
    await this.replica.command('REPLICAOF', 'NO', 'ONE');
  }

  /** Leads clients to the replica, and ends their connections. */
  switchOver(): void {
    this.network.lead(this.replica.port);
    this.network.cut();
  }

  async stop(): Promise<void> {
    await Promise.all([this.network.close(), this.#wire.close()]);
    await Promise.all([this.main.stop(), this.replica.stop()]);
  }
}

/** How much of the stream of changes a server has; `undefined` while a replica has no link to it. */
async function offset(server: RedisServer): Promise<string | undefined> {
  const info = String(await server.command('INFO', 'replication'));
  if (info.includes('master_link_status:down') || info.includes('master_sync_in_progress:1')) return undefined;
  return /role:slave/.test(info) ?
      /slave_repl_offset:(\d+)/.exec(info)?.[1]
    : /master_repl_offset:(\d+)/.exec(info)?.[1];
}
