import { LoadTimeoutError } from 'cenote';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors, type ZodFastifySchemaValidationError } from 'fastify-type-provider-zod';
import { z } from 'zod';

import { isDatabaseAway, missingUser } from './db/faults.js';

/** What clients may rely on. The rest of an answer's wording may change. */
export const errorCodes = {
  INVALID: { status: 400, meaning: 'A parameter or the body does not fit; `field` names what.' },
  UNAUTHENTICATED: { status: 401, meaning: 'A valid bearer token is needed.' },
  FORBIDDEN: { status: 403, meaning: 'What was asked for belongs to somebody else.' },
  NOT_FOUND: { status: 404, meaning: 'There is no such thing, or no such route.' },
  SOLD_OUT: { status: 409, meaning: 'Too few places are left. Final, unless somebody cancels.' },
  CONTENDED: {
    status: 409,
    meaning: 'Too many bookings of one slot at the same moment. The same request may succeed after `Retry-After`.',
  },
  FULL: { status: 409, meaning: 'The event has as many guests as it can hold.' },
  OVER: { status: 409, meaning: 'It has begun or is over.' },
  TOO_LARGE: { status: 413, meaning: 'The body is larger than this server reads.' },
  UNSUPPORTED: { status: 415, meaning: 'The body must be JSON.' },
  INTERNAL: { status: 500, meaning: 'A fault of this server; it is in its log.' },
  UNAVAILABLE: { status: 503, meaning: 'The database does not answer. Try again after `Retry-After`.' },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

const codes = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

/** The one shape of every answer that is not a success. */
export const ErrorBody = z
  .object({ error: z.object({ code: z.enum(codes), message: z.string(), field: z.string().optional() }) })
  .meta({ id: 'Error' });

interface ErrorDetail {
  readonly field?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** Thrown anywhere below a route, it becomes the answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.code = code;
    this.field = detail.field;
    this.retryAfter = detail.retryAfter;
  }
}

/** The value, or a 404 that says what was not found. */
export function found<Value>(value: Value | null | undefined, what: string, id: number): Value {
  if (value !== null && value !== undefined) return value;
  throw new ApiError('NOT_FOUND', `there is no ${what} ${id}`);
}

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = asApiError(error);
  if (answer.code === 'INTERNAL') request.log.error(error);
  else if (answer.code === 'UNAVAILABLE') request.log.warn(error);
  if (answer.retryAfter !== undefined) void reply.header('retry-after', answer.retryAfter);
  if (answer.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer');
  return reply
    .code(errorCodes[answer.code].status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(bodyOf(answer));
}

export function answerNoRoute(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return answerError(
    new ApiError('NOT_FOUND', `there is no ${request.method} ${request.url.split('?', 1)[0]}`),
    request,
    reply,
  );
}

function bodyOf({ code, message, field }: ApiError): z.infer<typeof ErrorBody> {
  return { error: { code, message, ...(field !== undefined && { field }) } };
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return ofValidation(error);
  if (isDatabaseAway(error) || isTooLate(error)) {
    return new ApiError('UNAVAILABLE', 'the database does not answer', { retryAfter: 2 });
  }
  if (missingUser(error)) return new ApiError('UNAUTHENTICATED', "the token's user does not exist");
  return ofFastify(error as FastifyError) ?? new ApiError('INTERNAL', 'something went wrong on this side');
}

/** The limits above the database's own: of a load, and of a request. */
function isTooLate(error: unknown): boolean {
  return (
    error instanceof LoadTimeoutError || (error as Partial<FastifyError> | null)?.code === 'FST_ERR_HANDLER_TIMEOUT'
  );
}

type ValidationError = FastifyError & { validation: ZodFastifySchemaValidationError[] };

function ofValidation(error: ValidationError): ApiError {
  const [issue] = error.validation;
  const part = error.validationContext === 'querystring' ? 'query' : (error.validationContext ?? 'request');
  const field = fieldOf(issue) ?? part;
  // A path that no id can have is one that leads nowhere.
  if (part === 'params') return new ApiError('NOT_FOUND', `there is nothing here: ${field} is not an id`, { field });
  return new ApiError('INVALID', `${field}: ${issue?.message ?? error.message}`, { field });
}

function fieldOf(issue: ZodFastifySchemaValidationError | undefined): string | undefined {
  const path = issue?.instancePath.slice(1).replaceAll('/', '.');
  if (path) return path;
  const unknown = issue?.params['keys'];
  return Array.isArray(unknown) ? String(unknown[0]) : undefined;
}

/** Fastify's own refusals: a body that is no JSON, too large, of another type, a URL that cannot be decoded. */
function ofFastify(error: FastifyError): ApiError | undefined {
  const { code, statusCode = 500, message } = error as Partial<FastifyError> & Error;
  if (statusCode === 413) return new ApiError('TOO_LARGE', message, { field: 'body' });
  if (statusCode === 415) return new ApiError('UNSUPPORTED', message, { field: 'body' });
  if (statusCode >= 400 && statusCode < 500)
    return new ApiError('INVALID', message, { field: code === 'FST_ERR_BAD_URL' ? 'url' : 'body' });
  return undefined;
}
