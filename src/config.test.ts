import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const parse = (yaml: string, env = {}) => parseConfig(['--config', 'config.yaml'], env, () => yaml);

describe('parseConfig', () => {
  it('works without a file, an environment or a flag', () => {
    expect(parseConfig([], {}, () => '')).toMatchObject({
      engine: { serviceAccountName: 'default' },
      policy: { requireRunnerLabel: true, requireServiceLabel: false, podTemplateMay: [] },
      watchNamespaces: [],
      readNodes: true,
      logLevel: 'info',
      metricsHost: '127.0.0.1',
      metricsPort: 8080,
      leaderElection: true,
      podNamespace: 'default',
    });
  });

  it('takes what the file, the environment and the flags say', () => {
    const yaml = `
engine: {image: stun-engine:9, imagePullPolicy: Never, serviceAccountName: pruner, podTemplate: {spec: {priorityClassName: low}}}
policy: {requireRunnerLabel: false, requireServiceLabel: true, podTemplateMay: [HostPath]}
watchNamespaces: [ml, lab]
readNodes: false
logLevel: debug
`;
    const env = { METRICS_PORT: '0', POD_NAMESPACE: 'stun', POD_NAME: 'op-1', KUBERNETES_SERVICE_HOST: '10.96.0.1', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318' };
    const config = parseConfig(['--config=x', '--no-leader-election'], env, () => yaml);
    expect(config).toEqual({
      engine: { image: 'stun-engine:9', imagePullPolicy: 'Never', serviceAccountName: 'pruner', podTemplate: { spec: { priorityClassName: 'low' } } },
      policy: { requireRunnerLabel: false, requireServiceLabel: true, podTemplateMay: ['HostPath'] },
      watchNamespaces: ['ml', 'lab'],
      readNodes: false,
      logLevel: 'debug',
      metricsHost: undefined,
      metricsPort: 0,
      leaderElection: false,
      tracing: { ratio: 1 },
      podNamespace: 'stun',
      podName: 'op-1',
    });
  });

  it('cannot be changed afterwards', () => {
    expect(Object.isFrozen(parse('engine: {image: a}'))).toBe(true);
    expect(Object.isFrozen(parse('engine: {image: a}').engine)).toBe(true);
  });

  it.each([
    { what: 'an unknown key', yaml: 'engines: {}', sentence: 'The key "engines" of the configuration file is not known; remove it or use one of engine, policy, watchNamespaces, readNodes, logLevel.' },
    { what: 'an unknown engine key', yaml: 'engine: {tag: 1}', sentence: 'The key "tag" of engine is not known' },
    { what: 'an empty image', yaml: 'engine: {image: ""}', sentence: 'engine.image is ""; make it a text that is not empty.' },
    { what: 'a policy that Kubernetes lacks', yaml: 'engine: {imagePullPolicy: Sometimes}', sentence: 'make it one of Always, IfNotPresent, Never.' },
    { what: 'a namespace that is a number', yaml: 'watchNamespaces: [1]', sentence: 'watchNamespaces[0] is 1; make it a text' },
    { what: 'one namespace for a list', yaml: 'watchNamespaces: ml', sentence: 'watchNamespaces is "ml"; make it a list of texts.' },
    { what: 'an unknown policy', yaml: 'policy: {requireLabel: true}', sentence: 'use one of requireRunnerLabel, requireServiceLabel, podTemplateMay.' },
    { what: 'a privilege that there is not', yaml: 'policy: {podTemplateMay: [HostPath, Root]}', sentence: 'policy.podTemplateMay[1] is "Root"; make it one of APIToken, ' },
    { what: 'a word for a switch', yaml: 'policy: {requireRunnerLabel: "no"}', sentence: 'policy.requireRunnerLabel is "no"; make it true or false.' },
    { what: 'a list for the file', yaml: '[1]', sentence: 'the file config.yaml is [1]; make it a mapping' },
    { what: 'broken YAML', yaml: 'a: [', sentence: 'The configuration file config.yaml cannot be read as YAML' },
  ])('refuses $what with a sentence', ({ yaml, sentence }) => {
    expect(() => parse(yaml)).toThrow(sentence);
  });

  it.each(['abc', '-1', '65536', '80.5'])('refuses METRICS_PORT=%s', (port) => {
    expect(() => parse('', { METRICS_PORT: port })).toThrow(`METRICS_PORT is "${port}", which is not a port`);
  });

  it.each([['--confg=x'], ['extra']])('refuses the command line %s', (flag) => {
    expect(() => parseConfig([flag], {}, () => '')).toThrow('give only --config FILE and --no-leader-election');
  });
});
