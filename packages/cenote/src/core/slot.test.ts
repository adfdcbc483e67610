import { expect, test } from 'vitest';
import { hashSlot, hashTagOf } from './slot.js';

test('slots are those of Redis Cluster', () => {
  // CLUSTER KEYSLOT of a Redis 7.0 server.
  expect(hashSlot('123456789')).toBe(12739);
  expect(hashSlot('foo')).toBe(12182);
  expect(hashSlot('')).toBe(0);
  expect(hashSlot('{user1000}.following')).toBe(hashSlot('user1000'));
  expect(hashSlot('ñandú:7')).toBe(hashSlot('{ñandú:7}'));
});

test('the hash tag is what stands between the first brace and the next closing one, if anything', () => {
  expect(hashTagOf('room:{5}:log')).toBe('5');
  expect(hashTagOf('foo{{bar}}zap')).toBe('{bar');
  expect(hashTagOf('foo{bar}{zap}')).toBe('bar');
  expect(hashTagOf('foo{}{bar}')).toBeUndefined();
  expect(hashTagOf('foo{bar')).toBeUndefined();
  expect(hashTagOf('}foo{')).toBeUndefined();
});
