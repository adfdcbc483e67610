import { type } from './schema.js';
import type { StandardSchema } from './schema.js';
import type { DeclareKeyspace, Keyspace, LoadingKeyspace } from './keyspace.js';
import type { ParamsOf } from './template.js';

/** Compile errors that the library promises: each line under an expectation must fail, every other must compile. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(proof: Same<A, B>): void;

interface User {
  id: number;
  name: string;
  born: Date;
}

declare const json: DeclareKeyspace<'json'>;
declare const msgpack: DeclareKeyspace<'msgpack'>;
declare const user: User;
declare const userSchema: StandardSchema<{ id: number; name: string }, { id: number; name: string; label: string }>;
declare const signal: AbortSignal;

// Parameters come from the template.
same<ParamsOf<'user:{userId}'>, { readonly userId: string | number | bigint | boolean }>(true);
same<keyof ParamsOf<'a:{x}:{{room}}:{y}'>, 'x' | 'room' | 'y'>(true);
same<keyof ParamsOf<'{{room}}'>, 'room'>(true);
same<keyof ParamsOf<'config'>, never>(true);
same<keyof ParamsOf<string>, string>(true);

// With a loader.
const profile = json('user:profile:{userId}', {
  ttl: '30m',
  load: async ({ userId }, { signal: loading }) => {
    same<typeof userId, string | number | bigint | boolean>(true);
    same<typeof loading, AbortSignal>(true);
    return await Promise.resolve(user);
  },
  tags: ({ userId }) => [`user:${userId}`],
  groups: ['userId'],
  revision: 1,
  version: (u) => u.id,
  onFailover: 'cold',
});
same<Awaited<ReturnType<typeof profile.get>>, { id: number; name: string; born: string }>(true);
same<Awaited<ReturnType<typeof profile.peek>>, { id: number; name: string; born: string } | undefined>(true);

void profile.get({ userId: 7 });
void profile.get({ userId: '7' }, { signal, deadline: '1s', near: false });
void profile.getMany([{ userId: 7 }, { userId: 8n }]);
void profile.set({ userId: 7 }, user);
void profile.set({ userId: 7 }, user, { version: 3 });
void profile.wrap({ userId: 7 }, () => user);
void profile.wrap({ userId: 7 }, () => user, { fill: false });
void profile.del({ userId: 7 }, { strict: true });
void profile.refresh({ userId: 7 });
void profile.invalidate({ userId: 7 });
void profile.invalidate({ userId: 7 }, { settle: '2s' });
same<ReturnType<typeof profile.key>, string>(true);

// @ts-expect-error missing parameter
void profile.get({});
// @ts-expect-error no parameters at all
void profile.get();
// @ts-expect-error unknown parameter
void profile.get({ userId: 7, tenant: 1 });
// @ts-expect-error misspelt parameter
void profile.get({ userID: 7 });
// @ts-expect-error a parameter that is no text, number, bigint or boolean
void profile.get({ userId: { id: 7 } });
// @ts-expect-error a parameter that may be undefined
void profile.get({ userId: undefined });
// @ts-expect-error null
void profile.key({ userId: null });
// @ts-expect-error missing in a list
void profile.getMany([{ userId: 7 }, {}]);
// @ts-expect-error unknown option of a call
void profile.get({ userId: 7 }, { ttl: '1s' });
// @ts-expect-error wrong value
void profile.set({ userId: 7 }, { id: '7', name: 'Ada', born: new Date() });
// @ts-expect-error half a value
void profile.set({ userId: 7 }, { id: 7 });
// @ts-expect-error no value
void profile.set({ userId: 7 });
// @ts-expect-error a loader of something else
void profile.wrap({ userId: 7 }, () => 'Ada');
// @ts-expect-error the whole keyspace is not a declared group
void profile.invalidate();
// @ts-expect-error the whole keyspace is not a declared group
void profile.invalidate('all');
// @ts-expect-error no such group
void profile.invalidate({ tenant: 1 });
// @ts-expect-error no placeholder of this name
json('user:{userId}', { load: () => user, groups: ['tenant'] });
// @ts-expect-error no placeholder of this name in the loader
json('user:{userId}', { load: ({ tenant }) => tenant });
// @ts-expect-error tags are texts
json('user:{userId}', { load: () => user, tags: ({ userId }) => [userId] });
// @ts-expect-error not a duration
json('user:{userId}', { load: () => user, ttl: '30' });
// @ts-expect-error unknown option
json('user:{userId}', { load: () => user, tll: '30s' });
// @ts-expect-error loadMany gives a list
json('user:{userId}', { loadMany: () => user });

// Without a loader: nothing to get, all else remains.
const draft = json('draft:{id}', { value: type<User>() });
same<Awaited<ReturnType<typeof draft.peek>>, { id: number; name: string; born: string } | undefined>(true);
void draft.set({ id: 1 }, user);
void draft.wrap({ id: 1 }, () => user);
void draft.del({ id: 1 });
// @ts-expect-error there is no loader
void draft.get({ id: 1 });
// @ts-expect-error there is no loader
void draft.getMany([{ id: 1 }]);
// @ts-expect-error there is no loader
void draft.refresh({ id: 1 });
// @ts-expect-error no groups are declared
void draft.invalidate();
// @ts-expect-error no groups are declared
void draft.invalidate({ id: 1 });
// @ts-expect-error wrong value
void draft.set({ id: 1 }, 5);
// @ts-expect-error nothing is not a value
void draft.set({ id: 1 }, undefined);

const found = draft.wrap({ id: 1 }, () => (user.id > 1 ? user : null));
same<Awaited<typeof found>, { id: number; name: string; born: string } | null>(true);

// A template without placeholders takes no parameters.
const board = json('leaderboard', { load: () => [1, 2, 3], groups: 'all' });
same<Awaited<ReturnType<typeof board.get>>, number[]>(true);
same<typeof board.key, () => string>(true);
void board.get();
void board.get({ near: false });
void board.set([1]);
void board.wrap(() => [1]);
void board.del();
void board.refresh();
void board.invalidate();
void board.invalidate('all', { strict: true });
// @ts-expect-error it takes no parameters
void board.get({ userId: 7 });
// @ts-expect-error it takes no parameters
void board.invalidate({ userId: 7 });

// Groups.
const slots = json('slots:{expId}:{day}', {
  loadMany: (list) => list.map(({ expId }) => String(expId)),
  groups: ['expId', 'all'],
});
same<Awaited<ReturnType<typeof slots.getMany>>, string[]>(true);
void slots.invalidate({ expId: 3 });
void slots.invalidate();
void slots.invalidate('all');
// @ts-expect-error `day` is no declared group
void slots.invalidate({ day: 'mon' });
// @ts-expect-error one parameter at a time
void slots.invalidate({ expId: 3, day: 'mon' });
// @ts-expect-error groups have no version
void slots.invalidate({ expId: 3 }, { version: 7 });
// @ts-expect-error an unknown word
void slots.invalidate('everything');

// A schema gives the type, and needs no mapping: it has seen the decoded value.
const checked = json('user:{id}', { schema: userSchema, load: () => ({ id: 1, name: 'Ada' }) });
same<Awaited<ReturnType<typeof checked.get>>, { id: number; name: string; label: string }>(true);
void checked.set({ id: 1 }, { id: 1, name: 'Ada' });
// @ts-expect-error not what the schema accepts
void checked.set({ id: 1 }, { id: 1 });
// @ts-expect-error not what the schema accepts
json('user:{id}', { schema: userSchema, load: () => ({ id: 'one' }) });

const maybe = json('user:{id}', {
  schema: userSchema,
  load: ({ id }) => (id === 1 ? { id: 1, name: 'Ada' } : undefined),
});
same<Awaited<ReturnType<typeof maybe.get>>, { id: number; name: string; label: string } | undefined>(true);

const stored = json('user:{id}', { schema: userSchema, groups: ['id'] });
same<
  typeof stored,
  Keyspace<'user:{id}', { id: number; name: string }, { id: number; name: string; label: string }, 'id'>
>(true);
// @ts-expect-error there is no loader
void stored.get({ id: 1 });

// The codec decides what comes back.
const kept = msgpack('user:{id}', { load: () => user });
same<typeof kept, LoadingKeyspace<'user:{id}', User, User>>(true);

// What is not found.
const nullable = json('user:{id}', { load: () => null as User | null, version: (u) => u.id });
same<Awaited<ReturnType<typeof nullable.get>>, { id: number; name: string; born: string } | null>(true);

// Types can be given by hand; a template that is no literal takes any parameters.
const byHand = json<'user:{id}', User>('user:{id}', { load: () => user });
void byHand.get({ id: 1 });
const anyTemplate = json('user:{id}' as string, { load: () => user });
void anyTemplate.get({ whatever: 1 });
const untyped = json('raw:{id}');
void untyped.set({ id: 1 }, { a: 1 });
same<Awaited<ReturnType<typeof untyped.peek>>, unknown>(true);
