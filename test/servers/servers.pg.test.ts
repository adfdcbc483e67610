import pg from 'pg';
import { expect, test } from 'vitest';

import { startPostgres, testDatabase } from './postgres.js';

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test('each file has a database of its own, which is gone when dropped', async () => {
  const [one, two] = [await testDatabase(), await testDatabase()];
  await query(one.url, 'create table t (n int)');
  expect(await query(two.url, `select to_regclass('t') as found`)).toEqual([{ found: null }]);
  await Promise.all([one.drop(), two.drop()]);
  await expect(query(one.url, 'select 1')).rejects.toThrow(/does not exist/);
});

test('a server of the test’s own keeps committed data through kill and restart', async () => {
  const server = await startPostgres();
  await query(server.url, 'create table t as select 1 as n');
  await server.kill();
  await expect(query(server.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  await server.restart();
  expect(await query(server.url, 'select n from t')).toEqual([{ n: 1 }]);
  await server.stop();
});
