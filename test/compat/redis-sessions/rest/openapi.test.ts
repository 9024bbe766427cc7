import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import test from 'ava';
import { fastify } from 'fastify';
import { Container } from 'inversify';
import { openApiDocument, restModule } from '../../../../src/compat/redis-sessions/rest/index.js';
import { sessionModule } from '../../../../src/index.js';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

/** Returns the served routes as `METHOD /path`, with paths as the document writes them. */
async function servedRoutes(): Promise<readonly string[]> {
  const container = new Container();
  container.load(sessionModule({}), restModule());
  const app = fastify({ exposeHeadRoutes: false });
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    routes.push(`${method} ${url.replace(/:([a-z]+)/g, '{$1}')}`);
  });
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  return routes.sort();
}

const documentedRoutes = Object.entries(openApiDocument.paths)
  .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
  .sort();

test('the OpenAPI document has exactly the served routes', async (t) => {
  t.deepEqual(await servedRoutes(), documentedRoutes);
});

test('the OpenAPI document is served unchanged', async (t) => {
  const kit = await RestKit.start(t);
  const response = await kit.get('/openapi.json');
  t.regex(response.headers.get('content-type') ?? '', /^application\/json/);
  t.deepEqual(bodyOf(response), JSON.parse(JSON.stringify(openApiDocument)));
});

test('every path parameter is described, every reference resolves, every operation has an id', (t) => {
  const names = new Set<string>();
  for (const [path, item] of Object.entries(openApiDocument.paths)) {
    for (const operation of Object.values(item)) {
      names.add(operation.operationId);
      const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => name);
      const described: readonly { readonly name: string; readonly in: string }[] =
        'parameters' in operation ? operation.parameters : [];
      t.deepEqual(
        described.filter((each) => each.in === 'path').map(({ name }) => name),
        inPath,
        path,
      );
    }
  }
  t.is(names.size, documentedRoutes.length);
  const text = JSON.stringify(openApiDocument);
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)) {
    t.true(name in openApiDocument.components.schemas, name);
  }
});

test('the schema of a session has every property of an answer', async (t) => {
  const kit = await RestKit.start(t);
  const token = await kit.create('/shop/create/alice?ip=192.0.2.7', { a: 1 });
  const { Session } = openApiDocument.components.schemas;
  const session = JSON.parse((await kit.get(`/shop/get/${token}`)).body);
  for (const name of Session.required) t.true(name in session, name);
  for (const name of Object.keys(session)) t.true(name in Session.properties, name);
});
