import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { askByHttp } from './ask-completion.ts';

const choices = JSON.stringify({ choices: [{ text: '!' }] });
const signal = new AbortController().signal;

interface Asked {
  readonly path: string;
  readonly model?: string;
}

let server: Server;
let asked: Asked[];
let answer: (asked: Asked, response: ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { model } = (body === '' ? {} : JSON.parse(body)) as { model?: string };
  const now = { path: request.url ?? '', ...(model === undefined ? {} : { model }) };
  asked.push(now);
  answer(now, response);
}

function ask(models: readonly string[] = ['chat', '/mnt/models'], from = signal): Promise<void> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return askByHttp({ podUid: 'p', pod: 'moe-1', url, paths: ['/v1', '/openai/v1'], models }, from);
}

/** One that knows one place and one name, as servers do. */
function serves(path: string, model: string, reply = choices): void {
  answer = (now, response) => {
    if (now.path === `${path}/models`) response.end(JSON.stringify({ data: [{ id: model }] }));
    else if (now.path === `${path}/completions` && now.model === model) response.end(reply);
    else response.writeHead(404).end('{}');
  };
}

describe('a completion', () => {
  it.each([
    { of: 'vLLM', path: '/v1', model: 'chat', requests: 1 },
    { of: 'a server that is given a folder', path: '/v1', model: '/mnt/models', requests: 2 },
    { of: 'vLLM that tells another name', path: '/v1', model: 'told', requests: 4 },
    { of: 'KServe\'s huggingface server', path: '/openai/v1', model: 'chat', requests: 4 },
  ])('is had from $of', async ({ path, model, requests }) => {
    serves(path, model);
    await ask();
    expect(asked).toHaveLength(requests);
    expect(asked.at(-1)).toEqual({ path: `${path}/completions`, model });
  });

  it('is asked for by the smallest question', async () => {
    let body: unknown;
    answer = (_, response) => response.end(choices);
    server.prependListener('request', (request: IncomingMessage) => request.on('data', (chunk: Buffer) => { body = JSON.parse(chunk.toString()); }));
    await ask();
    expect(body).toEqual({ model: 'chat', prompt: 'Hello', max_tokens: 1, temperature: 0 });
  });

  it.each([
    { when: 'the engine is broken', status: 500, says: 'answers a completion with 500' },
    { when: 'a proxy has nobody behind it', status: 503, says: 'answers a completion with 503' },
    { when: 'there is no such API', status: 404, says: 'has no /v1/completions for its model (404)' },
    { when: 'a key is wanted', status: 401, says: 'answers 401: it wants an API key, or another proof of who asks' },
    { when: 'the mesh says no', status: 403, says: 'answers 403: it wants an API key, or another proof of who asks' },
    { when: 'there is no choice', status: 200, body: '{"choices": []}', says: 'answers a completion without a choice' },
    { when: 'it is no JSON', status: 200, body: 'ok', says: 'answers a completion without a choice' },
  ])('is not had when $when', async ({ status, body = choices, says }) => {
    answer = (_, response) => response.writeHead(status).end(body);
    await expect(ask()).rejects.toThrow(says);
  });

  it.each([{ elsewhere: 404 }, { elsewhere: 400 }])('is not had from a model that fails where its name is known, while other names get $elsewhere', async ({ elsewhere }) => {
    answer = ({ path, model }, response) => response.writeHead(path === '/v1/completions' && model === '/mnt/models' ? 500 : elsewhere).end();
    await expect(ask()).rejects.toThrow('answers a completion with 500');
  });

  it('is asked once where a key is wanted', async () => {
    answer = (_, response) => response.writeHead(401).end();
    await expect(ask()).rejects.toThrow('401');
    expect(asked).toHaveLength(1);
  });

  it('is not had by way of a redirect', async () => {
    answer = (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/v1/completions' }).end();
    await expect(ask()).rejects.toThrow(/^could not be asked: unexpected redirect/);
  });

  it('is not had from an answer without end', async () => {
    answer = (_, response) => response.end(`{"choices": ["${'a'.repeat(20_000)}"]}`);
    await expect(ask()).rejects.toThrow('longer than');
  });

  it('is not had from a pod that is gone', async () => {
    answer = (_, response) => response.destroy();
    await expect(ask()).rejects.toThrow(/^could not be asked: (UND_ERR_SOCKET|ECONNRESET)/);
  });

  it('is waited for no longer than the operator runs', async () => {
    const stopping = new AbortController();
    answer = () => { stopping.abort(); };
    await expect(ask(['chat'], stopping.signal)).rejects.toThrow('could not be asked');
  });

  it('repeats nothing of what the server says', async () => {
    answer = (_, response) => response.writeHead(500).end('a secret of the model');
    await expect(ask()).rejects.not.toThrow('secret');
  });
});
