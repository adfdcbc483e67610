import type * as RedisModule from '@redis/client';

/** The part of a node-redis client that this store uses. Its own types follow its generics, which mean nothing here. */
export interface RedisClient {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  close(): Promise<void>;
  destroy(): void;
  on(event: string, listener: (...values: never[]) => void): unknown;
  sendCommand(args: readonly (string | Buffer)[], options?: object): Promise<unknown>;
}

/** A client made by `createClient` of node-redis 5 or later. It is a template only: copied with other settings, never used, changed or closed. */
export interface ReadyClient {
  duplicate(overrides?: object): unknown;
  withTypeMapping(mapping: object): unknown;
  readonly socketEpoch: number;
  readonly options: unknown;
}

/** Where and as whom to connect: what node-redis calls its options. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly name?: string | undefined;
  /** Present for TLS, with what is added to Node's defaults. */
  readonly tls?: object | undefined;
}

/** How clients are made, one for each attempt to connect, and what a person may be told of where they go. */
export interface ClientSource {
  readonly address: string;
  /** A client that is not connected yet. When `signal` aborts its socket is gone at once, even one that is being connected. With `tracks` it asks for client tracking and emits `invalidate`. */
  open(signal: AbortSignal, tracks: boolean): Promise<RedisClient>;
}

/** The marks of RESP types, as node-redis maps them. */
const simpleString = 43;
const blobString = 36;

const silence = { connectTimeout: 2_000, socketTimeout: 5_000 };

/**
 * - No `timeout`: it arms an `AbortSignal` for each command and makes it four times slower; `Deadlines` replaces it.
 * - No reconnecting: `Link` opens a new client for each attempt, so that nothing of an old session is ever left in it,
 *   and so that closing the store leaves no timer.
 * - Text that the server sends is bytes here: entries are opaque.
 */
const settings = {
  RESP: 3,
  disableOfflineQueue: true,
  commandsQueueMaxLength: 100_000,
  maintNotifications: 'disabled',
  clientSideCache: undefined,
  pingInterval: 0,
  commandOptions: { timeout: undefined, typeMapping: { [blobString]: Buffer, [simpleString]: Buffer } },
} as const;

/** Options of one command whose reply is wanted as text. */
export const asText = Object.freeze({ typeMapping: Object.freeze({}) });

/** Clients for a server known by its address. node-redis is loaded when the first is made, so that in-process users never pay for it. */
export function clientsFor(server: ServerAddress): ClientSource {
  const { host, port, database, username, password, name, tls } = server;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
    async open(signal, tracks) {
      const { createClient }: typeof RedisModule = await import('@redis/client');
      const socket = { ...tls, ...silence, host, port, tls: tls !== undefined, reconnectStrategy: false, signal };
      const options = { ...settings, emitInvalidate: tracks, database, username, password, name, socket };
      return createClient(options as object) as unknown as RedisClient;
    },
  };
}

/** Clients like a given one: its server, credentials and name, our settings. */
export function clientsLike(template: ReadyClient): ClientSource {
  const { socket = {}, database = 0 } = (template.options ?? {}) as {
    socket?: { host?: string; port?: number; path?: string };
    database?: number;
  };
  const place = socket.path ?? `${socket.host ?? 'localhost'}:${socket.port ?? 6379}`;
  return {
    address: `${place}/${database}`,
    async open(signal, tracks) {
      return template.duplicate({
        ...settings,
        emitInvalidate: tracks,
        socket: { ...socket, ...silence, reconnectStrategy: false, signal },
      }) as RedisClient;
    },
  };
}
