import { readFile } from 'node:fs/promises';
import { Controller, Get, type HttpResponse, isHttpResponseSymbol } from '@inversifyjs/http-core';

const folder = new URL('../../demo/page/', import.meta.url);

/** Allows only the page's own files and requests to its own server, so that injected markup can run and load nothing. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** Serves the files of the demo's page. */
@Controller({ scope: 'Singleton' })
export class PageController {
  @Get()
  index(): Promise<HttpResponse> {
    return page('index.html', 'text/html; charset=utf-8');
  }

  @Get('/style.css')
  style(): Promise<HttpResponse> {
    return page('style.css', 'text/css; charset=utf-8');
  }

  @Get('/app.js')
  script(): Promise<HttpResponse> {
    return page('app.js', 'text/javascript; charset=utf-8');
  }

  @Get('/mailbox-client.js')
  client(): Promise<HttpResponse> {
    return page('mailbox-client.js', 'text/javascript; charset=utf-8');
  }
}

async function page(name: string, contentType: string): Promise<HttpResponse> {
  const body = await readFile(new URL(name, folder), 'utf8');
  const headers = {
    'content-type': contentType,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  };
  return { [isHttpResponseSymbol]: true, statusCode: 200, body, headers };
}
