import Fastify, { type FastifyInstance, type FastifySerializerCompiler, type FastifyServerOptions } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ZodType } from 'zod';

import { answerError, answerNoRoute, ErrorBody } from './errors.js';

/** Bytes. The largest body of any route is a few hundred. */
const bodyLimit = 64 * 1024;

/** Milliseconds. Longer than the database's own limits, so that those speak first. */
const handlerTimeout = 15_000;

export type App = ReturnType<typeof createFastify>;

/** Fastify as every module finds it: zod at both ends, one shape of errors, requests still served while closing. */
export function createFastify(logger: FastifyServerOptions['logger']) {
  const app = Fastify({
    // `exactOptionalPropertyTypes` has no word for an absent logger but false.
    logger: logger ?? false,
    bodyLimit,
    handlerTimeout,
    // A request that has reached us is answered, even if it came after the order to stop.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNoRoute);
  endConnectionsWhileClosing(app);
  return app;
}

/**
 * Sends only what the schema names. By `parse`, since no response schema transforms anything: zod compiles it, while the
 * `encode` of the type provider costs six times as much (29 µs a page of 20).
 */
const serializerCompiler: FastifySerializerCompiler<ZodType> =
  ({ schema }) =>
  (data) =>
    JSON.stringify(schema.parse(data));

/** Otherwise a client that keeps its connection would keep the process too, until it is cut. */
function endConnectionsWhileClosing(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** The answers of a route that are no success, for its documentation and types. */
export const failures = { '4xx': ErrorBody, '5xx': ErrorBody } as const;
