import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { loadKubeConfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, cluster: string, current = cluster): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  const config = {
    clusters: [{ name: cluster, cluster: { server: `https://${cluster}` } }],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    users: [{ name: cluster, user: {} }],
    'current-context': current,
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

const one = file('one', 'one');
const two = file('two', 'two');
const unset = file('unset', 'unset', '');
const home = { HOME: folder };
file('.kube/config', 'home');
writeFileSync(join(folder, 'broken'), '{');
const plain = file('plain', 'plain');
writeFileSync(plain, readFileSync(plain, 'utf8').replace('https://', 'http://'));

describe('the cluster is found', () => {
  it.each([
    { where: 'in --kubeconfig before all else', asked: { kubeconfig: one }, env: { ...home, KUBECONFIG: two }, server: 'https://one' },
    { where: 'in KUBECONFIG before the home', asked: {}, env: { ...home, KUBECONFIG: two }, server: 'https://two' },
    { where: 'in the first of several, one of which is not there', asked: {}, env: { KUBECONFIG: ['/none', one, two].join(delimiter) }, server: 'https://one' },
    { where: 'in another context of the second', asked: { context: 'two' }, env: { KUBECONFIG: [one, two].join(delimiter) }, server: 'https://two' },
    { where: 'in the home', asked: {}, env: home, server: 'https://home' },
  ])('$where', ({ asked, env, server }) => {
    expect(loadKubeConfig(asked, env).getCurrentCluster()?.server).toBe(server);
  });
});

describe('no cluster', () => {
  it.each([
    { why: 'no file', asked: {}, env: { HOME: '/none' }, says: 'There is no kubeconfig at /none/.kube/config, so no cluster is known. Write --kubeconfig FILE, or set KUBECONFIG.' },
    { why: 'no such file', asked: { kubeconfig: '/none' }, env: home, says: 'There is no kubeconfig at /none' },
    { why: 'no context', asked: { kubeconfig: unset }, env: home, says: 'The kubeconfig has no current context with a cluster. Write --context NAME' },
    { why: 'a context misspelt', asked: { kubeconfig: one, context: 'onw' }, env: home, says: 'The kubeconfig has no context onw. Did you mean one?' },
    { why: 'another context', asked: { kubeconfig: one, context: 'production' }, env: home, says: 'kubectl config get-contexts lists' },
    { why: 'a broken file', asked: { kubeconfig: join(folder, 'broken') }, env: home, says: `The kubeconfig ${folder}/broken cannot be read (` },
    { why: 'plain HTTP', asked: { kubeconfig: plain }, env: home, says: 'The kubeconfig reaches http://plain by plain HTTP, which hides no credentials.' },
    { why: 'two of one name', asked: {}, env: { KUBECONFIG: [one, file('same', 'one')].join(delimiter) }, says: 'The files of KUBECONFIG do not go together (Duplicate cluster: one).' },
  ])('$why', ({ asked, env, says }) => {
    expect(() => loadKubeConfig(asked, env)).toThrow(says);
  });
});
