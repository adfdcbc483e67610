import { once } from 'node:events';
import { createConnection, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';

import { createClient } from '@redis/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startRedis, type RedisServer } from '../../../../../test/servers/redis.js';
import { connect } from '../connect.js';

/** For 127.0.0.1 and localhost, until 2126; nothing but this test trusts it. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUfHXBvek9uHaBE+dgyTSJH7Y5+ZYwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTExNDUzNVoYDzIxMjYxMDI4
MTE0NTM1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT4p8UgUX/BmGcFU+ai2MjOaSkcB8PxE6+NRtyPMm3ZC1dV767PNo+d
ChMY4ugQoL+XnECt5TfPur44Bc6S8fAro28wbTAdBgNVHQ4EFgQU+a2/X2plOH/X
F0XALuZqFGs9xqswHwYDVR0jBBgwFoAU+a2/X2plOH/XF0XALuZqFGs9xqswDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgFFfvb5MCVyV4qTv4N2RzIzBVRRJPSoxMY1l6BEvn8QsCIHSD
VNdOD6WGfHbtIVrJk/2yOaluINt/Obg83m/CGSR2
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzIiAknUws+ulgDIx
3zKsrhKZqd6VG5FbQxp9cNKHtnuhRANCAAT4p8UgUX/BmGcFU+ai2MjOaSkcB8Px
E6+NRtyPMm3ZC1dV767PNo+dChMY4ugQoL+XnECt5TfPur44Bc6S8fAr
-----END PRIVATE KEY-----
`;

/** TLS in front of any Redis, since not every build of the server has it. */
let redis: RedisServer;
let front: Server;
let url: string;
beforeAll(async () => {
  redis = await startRedis();
  const { hostname, port } = new URL(redis.url);
  front = createServer({ cert, key }, (client) => {
    const server = createConnection({ host: hostname, port: Number(port || 6379) });
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy());
    server.on('error', () => client.destroy());
  });
  front.on('tlsClientError', () => {});
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  url = `rediss://127.0.0.1:${(front.address() as AddressInfo).port}`;
});
afterAll(async () => {
  front.close();
  await redis.stop();
});

test('rediss: speaks TLS, with what the options add', async () => {
  const store = connect({ url, tls: { ca: cert }, deadline: '1s' });
  expect((await store.health()).status).toBe('ok');
  await store.close();
});

test('rediss: does not trust a certificate that nobody vouches for', async () => {
  const store = connect(url);
  expect(await store.health()).toMatchObject({ status: 'down', warnings: [expect.stringContaining('self-signed')] });
  await store.close();
});

test('a ready client keeps its TLS', async () => {
  const store = connect(createClient({ url, socket: { tls: true, ca: cert } }));
  expect((await store.health()).status).toBe('ok');
  await store.close();
});
