import type { App } from './fastify.js';

/** A page of links for whoever opens the server in a browser. */
export function homeRoute(app: App): void {
  app.get('/', { schema: { hide: true } }, (request, reply) =>
    reply.type('text/html; charset=utf-8').send(page(`${request.protocol}://${request.host}`)),
  );
}

function page(origin: string): string {
  const base = escapeHtml(origin);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>cenote · reference server</title>
<style>
  body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem }
  h1 { font-size: 1.5rem; margin-bottom: 0 }
  pre { padding: .75rem 1rem; border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: .5rem; overflow-x: auto }
  a { color: light-dark(#0b6478, #6fd3e8) }
</style>
<h1>cenote</h1>
<p>Back ends in front of PostgreSQL, with a cache between that never serves what was loaded before an invalidation.</p>
<ul>
  <li><a href="/docs">API documentation</a>: every route, to try out</li>
  <li><a href="/health">Health</a>: what runs on what, and how it is</li>
  <li><a href="/api/events">Events</a>, <a href="/api/experiences">experiences</a>, <a href="/api/gamification/leaderboard">leaderboard</a></li>
</ul>
<p>The second answer comes from the cache; <code>x-cache</code> says so:</p>
<pre>curl -si ${base}/api/gamification/badges | grep -i x-cache</pre>
<p>A check-in earns XP, and makes the next reads new:</p>
<pre>curl -s -X POST ${base}/api/gamification/check-in</pre>
<pre>curl -si '${base}/api/gamification/leaderboard?page=1&amp;limit=5'</pre>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
