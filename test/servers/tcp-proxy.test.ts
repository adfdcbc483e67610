import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { TcpProxy, type Direction } from './tcp-proxy.js';

let server: Server;
let proxy: TcpProxy;
let sockets: Socket[];
let atServer: string;
const chunks: [Direction, string][] = [];

beforeEach(async () => {
  sockets = [];
  chunks.length = 0;
  atServer = '';
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      atServer += chunk.toString();
      socket.write(`<${chunk.toString()}>`);
    });
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  proxy = await TcpProxy.start({ port, onChunk: (direction, chunk) => chunks.push([direction, chunk.toString()]) });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A client that collects what it receives. */
async function connect(): Promise<{ socket: Socket; received: () => string; ended: Promise<void> }> {
  const socket = createConnection(proxy.port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => {});
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const before = proxy.accepted;
  await once(socket, 'connect');
  await expect.poll(() => proxy.accepted).toBe(before + 1);
  sockets.push(socket);
  return { socket, received: () => text, ended };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

test('passes bytes both ways, shows them, and closes when either side does', async () => {
  const client = await connect();
  client.socket.write('ping');
  await expect.poll(client.received).toBe('<ping>');
  expect(chunks).toEqual([
    ['up', 'ping'],
    ['down', '<ping>'],
  ]);
  expect(proxy.connections).toBe(1);
  client.socket.end();
  await client.ended;
  await expect.poll(() => proxy.connections).toBe(0);
  expect(proxy.accepted).toBe(1);
});

test('what was sent before a side closed still arrives', async () => {
  proxy.delay(30, 'down');
  const client = await connect();
  client.socket.write('last words');
  await expect.poll(() => atServer).toBe('last words');
  sockets[0]!.end();
  await client.ended;
  expect(client.received()).toBe('<last words>');
});

test('delays in order', async () => {
  proxy.delay(40);
  const client = await connect();
  const sent = performance.now();
  client.socket.write('a');
  await turn();
  client.socket.write('b');
  await expect.poll(client.received).toBe('<a><b>');
  expect(performance.now() - sent).toBeGreaterThan(100);
});

test('a black hole holds back both directions until it passes', async () => {
  const client = await connect();
  proxy.blackhole();
  client.socket.write('a');
  await turn();
  expect(atServer).toBe('');
  await proxy.pass();
  await expect.poll(client.received).toBe('<a>');
});

test('a black hole of one direction loses the reply and not the write', async () => {
  const client = await connect();
  proxy.blackhole('down');
  client.socket.write('a');
  await expect.poll(() => atServer).toBe('a');
  expect(client.received()).toBe('');
  proxy.cut();
  await client.ended;
  await proxy.pass();
  expect(client.received()).toBe('');
});

test('a cut ends what is open and welcomes what comes', async () => {
  const first = await connect();
  proxy.cut();
  await first.ended;
  expect(proxy.connections).toBe(0);
  const second = await connect();
  second.socket.write('b');
  await expect.poll(second.received).toBe('<b>');
});

test('leads new connections elsewhere, and leaves the others where they are', async () => {
  const stays = await connect();
  const elsewhere = createServer((socket) => socket.end('elsewhere'));
  elsewhere.listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  proxy.lead((elsewhere.address() as AddressInfo).port);
  const moves = await connect();
  await moves.ended;
  expect(moves.received()).toBe('elsewhere');
  stays.socket.write('d');
  await expect.poll(stays.received).toBe('<d>');
  elsewhere.close();
});

test('refuses until it passes again, on the same port', async () => {
  const first = await connect();
  const { port } = proxy;
  await proxy.refuse();
  await first.ended;
  await expect(connect()).rejects.toThrow(/ECONNREFUSED/);
  await proxy.pass();
  expect(proxy.port).toBe(port);
  const second = await connect();
  second.socket.write('c');
  await expect.poll(second.received).toBe('<c>');
});

test('a server that is away ends the connection', async () => {
  server.close();
  for (const socket of sockets) socket.destroy();
  const client = await connect();
  await client.ended;
  expect(proxy.connections).toBe(0);
});
