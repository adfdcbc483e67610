import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

import type { App } from './fastify.js';

/** OpenAPI of all routes registered after this, and a page to try them at `/docs`. */
export async function documentRoutes(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'cenote reference server',
        version: '0.1.0',
        description:
          'Back ends in front of PostgreSQL with a cache between. `x-cache` tells how a read was answered: hit, stale or miss.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { target: 'draft-2020-12' } }),
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
}

/** Marks a route as one where something is somebody's. */
export const withToken = [{ token: [] }];
