import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** `up` is from the client to the server, `down` the way back. */
export type Direction = 'up' | 'down';

export interface ProxyOptions {
  readonly port: number;
  readonly host?: string;
  /** Sees every chunk before it is passed on; what it does to the proxy already holds for that chunk. */
  readonly onChunk?: (direction: Direction, chunk: Buffer) => void;
}

/**
 * The network between a client and a server, under a test's control. Nothing is ever altered or reordered: as on a real
 * network bytes are late, held back, or lost together with their connection.
 */
export class TcpProxy {
  readonly #options: ProxyOptions;
  readonly #connections = new Set<Connection>();
  readonly #held = new Set<Direction>();
  readonly #delays: Record<Direction, number> = { up: 0, down: 0 };
  #server: Server | undefined;
  #target: number;
  #port = 0;
  #accepted = 0;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#target = options.port;
  }

  /** Starts a proxy on a free port of 127.0.0.1 in front of a server. */
  static async start(options: ProxyOptions): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Makes every chunk from now on arrive this much later. */
  delay(milliseconds: number, ...directions: Direction[]): void {
    for (const direction of both(directions)) this.#delays[direction] = milliseconds;
  }

  /** Lets nothing through and tells nobody, as a silent partition does. `pass()` delivers what was held back. */
  blackhole(...directions: Direction[]): void {
    for (const direction of both(directions)) this.#held.add(direction);
  }

  /** Has new connections end at another server on the same host; those that are open stay where they are. */
  lead(port: number): void {
    this.#target = port;
  }

  /** Resets every connection; what was on its way is lost. New ones are welcome. */
  cut(): void {
    for (const connection of this.#connections) connection.cut();
  }

  /** Resets every connection and refuses new ones until `pass()`. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  /** A good network again: no delay, nothing held back, connections accepted on the same port. */
  async pass(): Promise<void> {
    this.#held.clear();
    this.delay(0);
    for (const connection of this.#connections) connection.flush();
    if (this.#server === undefined) await this.#listen();
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.refuse();
  }

  async #listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (client) => this.#accept(client));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    const { host = '127.0.0.1', onChunk } = this.#options;
    this.#accepted++;
    const network: Network = {
      held: (direction) => this.#held.has(direction),
      delay: (direction) => this.#delays[direction],
      seen: (direction, chunk) => onChunk?.(direction, chunk),
    };
    const connection = new Connection(
      client,
      createConnection({ port: this.#target, host, noDelay: true }),
      network,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }
}

/** What a connection asks of the proxy, at each chunk anew. */
interface Network {
  held(direction: Direction): boolean;
  delay(direction: Direction): number;
  seen(direction: Direction, chunk: Buffer): void;
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #lanes: readonly Lane[];
  readonly #closed: () => void;

  constructor(client: Socket, server: Socket, network: Network, closed: () => void) {
    this.#client = client;
    this.#server = server;
    this.#closed = closed;
    this.#lanes = [new Lane('up', client, server, network), new Lane('down', server, client, network)];
    for (const socket of [client, server]) socket.on('error', () => this.cut());
    client.on('close', () => this.#finish(client));
    server.on('close', () => this.#finish(server));
  }

  flush(): void {
    for (const lane of this.#lanes) lane.pump();
  }

  cut(): void {
    for (const lane of this.#lanes) lane.drop();
    for (const socket of [this.#client, this.#server]) {
      // A socket that is ending cannot be reset: Node would keep it half closed, and spin for ever when the process ends.
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#closed();
  }

  /** One side is gone: the other learns of it once it has everything that was sent. */
  #finish(gone: Socket): void {
    for (const lane of this.#lanes) if (lane.source === gone) lane.end();
    if (this.#client.destroyed && this.#server.destroyed) this.#closed();
  }
}

/** One direction of one connection: a queue of chunks with the time at which each may arrive. */
class Lane {
  readonly source: Socket;
  readonly #direction: Direction;
  readonly #target: Socket;
  readonly #network: Network;
  #queue: { chunk: Buffer | 'end'; at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isDropped = false;

  constructor(direction: Direction, source: Socket, target: Socket, network: Network) {
    this.source = source;
    this.#direction = direction;
    this.#target = target;
    this.#network = network;
    source.on('data', (chunk) => {
      network.seen(direction, chunk);
      this.#push(chunk);
    });
  }

  end(): void {
    this.#push('end');
  }

  /** Nothing passes any more. */
  drop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#isDropped = true;
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#network.held(this.#direction)) {
      const next = this.#queue[0];
      if (next === undefined) return;
      const wait = this.#network.delay(this.#direction) === 0 ? 0 : next.at - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#queue.shift();
      if (next.chunk === 'end') this.#target.destroySoon();
      else if (!this.#target.destroyed) this.#target.write(next.chunk);
    }
  }

  #push(chunk: Buffer | 'end'): void {
    if (this.#isDropped || this.#target.destroyed) return;
    this.#queue.push({ chunk, at: performance.now() + this.#network.delay(this.#direction) });
    this.pump();
  }
}

function both(directions: readonly Direction[]): readonly Direction[] {
  return directions.length === 0 ? ['up', 'down'] : directions;
}
