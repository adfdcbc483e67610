import type { FastifyReply, FastifyRequest } from 'fastify';
import { jwtVerify, SignJWT } from 'jose';

import { ApiError } from './errors.js';

/**
 * Who is asking: a bearer token (HS256) names a user by its subject. Without a token, a server that knows a demo user lets
 * that user answer, and says so in the header `x-cenote-user: demo`. A token that does not hold is refused everywhere.
 */

export interface Caller {
  readonly userId: number;
  /** True for the stand-in of development: nobody has shown who they are. */
  readonly demo: boolean;
}

export interface Identity {
  /** A hook for routes where something is somebody's. Sets what `callerOf` returns, or answers 401. */
  readonly required: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
}

export interface IdentityOptions {
  readonly secret: string;
  /** Answers for callers without a token; `undefined` where nobody does. */
  readonly demoUserId?: number | undefined;
}

const callers = new WeakMap<FastifyRequest, Caller>();
const algorithm = 'HS256';

export function createIdentity({ secret, demoUserId }: IdentityOptions): Identity {
  const key = keyOf(secret);
  return {
    async required(request, reply) {
      const token = bearerToken(request.headers.authorization);
      if (token !== undefined) {
        callers.set(request, { userId: await subjectOf(token, key), demo: false });
        return;
      }
      if (demoUserId === undefined) throw new ApiError('UNAUTHENTICATED', 'a bearer token is needed');
      void reply.header('x-cenote-user', 'demo');
      callers.set(request, { userId: demoUserId, demo: true });
    },
  };
}

/** The caller of a route that has the `required` hook. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error(`${request.url} asks who the caller is and lacks the identity hook`);
  return caller;
}

/** Private data is for its owner; the demo user of development may look at everybody's. */
export function requireSelf(request: FastifyRequest, userId: number): void {
  const caller = callerOf(request);
  if (!caller.demo && caller.userId !== userId) throw new ApiError('FORBIDDEN', `this belongs to user ${userId}`);
}

/** A token for `userId`. `life` in seconds. */
export function signToken(secret: string, userId: number, life = 3_600): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm })
    .setSubject(String(userId))
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1_000) + life)
    .sign(keyOf(secret));
}

function keyOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}

function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (token === undefined)
    throw new ApiError('UNAUTHENTICATED', "the Authorization header must be 'Bearer' and a token");
  return token;
}

async function subjectOf(token: string, key: Uint8Array): Promise<number> {
  const verified = await jwtVerify(token, key, { algorithms: [algorithm] }).catch(() => undefined);
  const subject = verified?.payload.sub ?? '';
  const userId = /^\d{1,10}$/.test(subject) ? Number(subject) : 0;
  if (userId < 1 || userId > 2_147_483_647)
    throw new ApiError('UNAUTHENTICATED', 'the token does not hold: wrong signature, expired, or without a user');
  return userId;
}
