import { createClient, createCluster } from '@redis/client';
import { afterEach, describe, expect, test } from 'vitest';

import type { UsageError } from '../core/errors.js';
import { connect, storeFromEnv, type ConnectOptions } from './connect.js';
import type { Store } from './store.js';

/** A port on which nobody listens: nothing here needs a server. */
const nowhere = '127.0.0.1:1';

let opened: Store[] = [];
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
});

function open(...args: Parameters<typeof connect>): Store {
  const store = connect(...args);
  opened.push(store);
  return store;
}

function fromEnv(env: Record<string, string | undefined>): Store {
  const store = storeFromEnv(env);
  opened.push(store);
  return store;
}

function mistake(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    return error as UsageError;
  }
  throw new Error('no error');
}

describe('connect', () => {
  test.each([[undefined], ['memory:'], [{}], [{ url: 'memory:', maxEntries: 5, maxBytes: 5_000, deadline: '1s' }]] as [
    ConnectOptions,
  ][])('to %o is this process’s memory', async (target) => {
    expect(await open(target).health()).toMatchObject({ kind: 'memory', status: 'ok' });
  });

  test.each([
    [`redis://${nowhere}`, `${nowhere}/0`],
    [`redis://${nowhere}/`, `${nowhere}/0`],
    [`redis://user:secret@${nowhere}/15`, `${nowhere}/15`],
    ['rediss://:secret@[::1]:1/2', '[::1]:1/2'],
    ['redis://no-such-host.invalid', 'no-such-host.invalid:6379/0'],
  ])('%s leads to %s', async (url, address) => {
    const store = open(url);
    expect([store.kind, store.epoch]).toEqual(['redis', undefined]);
    const health = await store.health();
    expect(health).toMatchObject({ status: 'down', address, breaker: 'closed' });
    expect(JSON.stringify(health)).not.toContain('secret');
  });

  test('options win over the URL', async () => {
    expect(
      await open({ url: `redis://${nowhere}/1`, database: 4, username: 'u', password: 'p', name: 'n' }).health(),
    ).toMatchObject({ address: `${nowhere}/4` });
  });

  test.each([
    ['', /url must be 'memory:'/],
    ['localhost:6379', /url must be/],
    ['http://localhost', /url must be/],
    ['memory://x', /url must be/],
    ['redis://', /url must be/],
    ['redis:///1', /url must be/],
    ['redis://h:0', /port from 1 to 65535/],
    ['redis://h:65536', /port from 1 to 65535/],
    ['redis://h:6379x', /port from 1 to 65535/],
    ['redis://h/db', /database number/],
    ['redis://h/-1', /database number/],
    ['redis://h/1/2', /database number/],
    ['redis://h/1?timeout=5', /must end after the database/],
    ['redis://h/1#x', /must end after the database/],
    ['redis://u:%zz@h', /written as %25/],
    ['redis+sentinel://h1:1,h2:2/0?name=m', /does not connect to Sentinel/],
    ['redis+cluster://h1:1,h2:2', /does not connect to Cluster/],
  ])('refuses %j, naming the rule', (url, rule) => {
    const error = mistake(() => connect(url));
    expect(error).toMatchObject({ code: 'USAGE', field: 'url' });
    expect(error.message).toMatch(rule);
  });

  test.each([
    'redis://u:s3cret@h:0',
    'redis://u:s3cret/x@h',
    'redis://:s3@cret@h/db',
    'http://u:s3cret@h',
    'u:s3cret@h',
    'redis+cluster://:s3cret@h',
    'redis://u:s3cret%zz@h',
    'redis://:s3cret\n@h/x',
  ])('never shows the password of %j', (url) => {
    const error = mistake(() => connect(url));
    expect(error.message).not.toMatch(/s3|cret/);
    expect(error.message).toContain('***@');
  });

  test.each([
    [{ urll: 'memory:' }, 'connect.urll', /url, client/],
    [{ url: `redis://${nowhere}`, pasword: 's3cret' }, 'connect.pasword', /got "pasword"/],
    [{ url: 5 }, 'url', /must be a text/],
    [{ url: `redis://${nowhere}`, deadline: 'soon' }, 'deadline', /duration/],
    [{ url: `redis://${nowhere}`, deadline: 0 }, 'deadline', /duration/],
    [{ url: `redis://${nowhere}`, deadline: '2m' }, 'deadline', /at most 1 minute/],
    [{ url: 'memory:', deadline: -1 }, 'deadline', /duration/],
    [{ url: `redis://${nowhere}`, breaker: { failure: 1 } }, 'breaker.failure', /failures, cooldown/],
    [{ url: `redis://${nowhere}`, breaker: { failures: 0 } }, 'breaker.failures', /at least 1/],
    [{ url: `redis://${nowhere}`, database: -1 }, 'database', /at least 0/],
    [{ url: `redis://${nowhere}`, database: '1' }, 'database', /whole number/],
    [{ url: `redis://${nowhere}`, password: 5 }, 'password', /got "\*\*\*"/],
    [{ url: `redis://${nowhere}`, tls: {} }, 'tls', /'rediss:' only/],
    [{ url: `redis://${nowhere}`, maxEntries: 5 }, 'maxEntries', /'memory:' only/],
    [{ url: 'memory:', password: 's3cret' }, 'password', /got "\*\*\*"/],
    [{ url: 'memory:', maxEntries: 0 }, 'maxEntries', /at least 1/],
    ['redis', 'url', /must be/],
    [5, 'target', /URL, options or a client/],
    [null, 'target', /URL, options or a client/],
  ])('refuses %o', (target, field, rule) => {
    const error = mistake(() => connect(target as ConnectOptions));
    expect(error).toMatchObject({ name: 'UsageError', field });
    expect(error.message).toMatch(rule);
  });

  test.each([
    ['of a cluster', () => createCluster({ rootNodes: [{ url: `redis://${nowhere}` }] }), /for one server/],
    ['that is no client', () => ({ duplicate() {} }), /createClient/],
    ['that reads from replicas', () => createClient({ readonly: true }), /replicas/],
    ['with a key prefix', () => createClient({ keyPrefix: 'x:' }), /keyPrefix/],
  ])('refuses a client %s', (_, client, rule) => {
    const error = mistake(() => connect(client() as never));
    expect(error).toMatchObject({ name: 'UsageError', field: 'client' });
    expect(error.message).toMatch(rule);
  });

  test('refuses a client beside a URL, and settings that belong to the client', () => {
    expect(mistake(() => connect({ client: createClient(), url: 'memory:' })).field).toBe('client');
    expect(mistake(() => connect({ client: createClient(), password: 's3cret' })).message).not.toContain('s3cret');
  });
});

describe('storeFromEnv', () => {
  test.each([
    [{}, undefined],
    [{ REDIS_URL: '', REDIS_HOST: '' }, undefined],
    [{ REDIS_URL: `redis://${nowhere}/3`, REDIS_HOST: 'ignored' }, `${nowhere}/3`],
    [{ REDIS_HOST: '127.0.0.1', REDIS_PORT: '1', REDIS_PASSWORD: 'p', REDIS_DB: '2' }, `${nowhere}/2`],
    [{ REDIS_PORT: '1' }, 'localhost:1/0'],
  ])('%o leads to %s', async (env, address) => {
    const health = await fromEnv(env).health();
    expect(health.address).toBe(address);
    expect(health.kind).toBe(address === undefined ? 'memory' : 'redis');
  });

  test.each([
    [{ REDIS_URL: 'http://u:s3cret@h' }, 'REDIS_URL'],
    [{ REDIS_URL: 'redis+sentinel://u:s3cret@h' }, 'REDIS_URL'],
    [{ REDIS_PORT: 'abc' }, 'REDIS_PORT'],
    [{ REDIS_PORT: '0' }, 'REDIS_PORT'],
    [{ REDIS_PORT: '65536' }, 'REDIS_PORT'],
    [{ REDIS_PORT: '6379.5' }, 'REDIS_PORT'],
    [{ REDIS_HOST: 'h', REDIS_DB: '-1' }, 'REDIS_DB'],
    [{ REDIS_HOST: 'h', REDIS_DB: 'x' }, 'REDIS_DB'],
    [{ REDIS_HOST: 'redis://u:s3cret@h' }, 'REDIS_HOST'],
  ])('refuses %o, naming the variable', (env, field) => {
    const error = mistake(() => storeFromEnv(env));
    expect(error).toMatchObject({ name: 'UsageError', field });
    expect(error.message).not.toContain('s3cret');
    expect(error.message).toContain(field);
  });
});
