/**
 * The only reader of the command line, the environment and the configuration file.
 *
 * Everything else takes values, so that a test never has to touch `process`. Every refusal is a sentence: a typing mistake in a
 * Helm value must be found at start, not by a setting that silently does nothing.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { loadAll } from 'js-yaml';
import { parseTracing, type TracingConfig } from './config-tracing.ts';
import { asBoolean, asList, asListOf, asObject, asOneOf, asOptional, asText, ConfigError, refuseUnknown, type Fields } from './config-values.ts';
import { defaultPolicy, privileges, type Policy } from './prunejob/policy.ts';

const logLevels = ['error', 'warn', 'info', 'debug'] as const;
const pullPolicies = ['Always', 'IfNotPresent', 'Never'] as const;

export type LogLevel = (typeof logLevels)[number];

/** What every engine pod is made from, before the PruneJob's own `runner` has its say. */
export interface EngineConfig {
  readonly image: string;
  readonly imagePullPolicy?: (typeof pullPolicies)[number];
  readonly serviceAccountName: string;
  readonly podTemplate?: Fields;
}

export interface Config {
  readonly engine: EngineConfig;
  readonly policy: Policy;
  /** Empty means every namespace. */
  readonly watchNamespaces: readonly string[];
  /** False where only rights in namespaces were given: the plan then trusts what the PruneJob says of the GPUs. */
  readonly readNodes: boolean;
  readonly logLevel: LogLevel;
  /** Every address inside a pod, where the kubelet and Prometheus ask; loopback on somebody's own machine. */
  readonly metricsHost: string | undefined;
  readonly metricsPort: number;
  readonly leaderElection: boolean;
  /** Undefined: nothing is traced. */
  readonly tracing: TracingConfig | undefined;
  /** Where the Lease lives, and who holds it. */
  readonly podNamespace: string;
  readonly podName: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const defaultEngine: EngineConfig = { image: 'stun-engine:0.1.0', serviceAccountName: 'default' };

export function readConfig(): Config {
  return parseConfig(process.argv.slice(2), process.env, (path) => readFileSync(path, 'utf8'));
}

export function parseConfig(argv: readonly string[], env: Environment, readFile: (path: string) => string): Config {
  const flags = parseFlags(argv);
  const file = flags.config === undefined ? {} : parseFile(flags.config, readFile);
  refuseUnknown(file, ['engine', 'policy', 'watchNamespaces', 'readNodes', 'logLevel'], 'the configuration file');
  return Object.freeze({
    engine: Object.freeze(parseEngine(asOptional(file.engine, 'engine', asObject))),
    policy: Object.freeze(parsePolicy(asOptional(file.policy, 'policy', asObject))),
    watchNamespaces: Object.freeze(asOptional(file.watchNamespaces, 'watchNamespaces', asList) ?? []),
    readNodes: asOptional(file.readNodes, 'readNodes', asBoolean) ?? true,
    logLevel: asOptional(file.logLevel, 'logLevel', asOneOf(logLevels)) ?? 'info',
    metricsHost: env.KUBERNETES_SERVICE_HOST === undefined ? '127.0.0.1' : undefined,
    metricsPort: parsePort(env.METRICS_PORT),
    leaderElection: !flags.noLeaderElection,
    tracing: parseTracing(env),
    podNamespace: env.POD_NAMESPACE ?? 'default',
    podName: env.POD_NAME ?? hostname(),
  });
}

interface Flags {
  readonly config: string | undefined;
  readonly noLeaderElection: boolean;
}

function parseFlags(argv: readonly string[]): Flags {
  try {
    const { values } = parseArgs({ args: [...argv], options: { config: { type: 'string' }, 'no-leader-election': { type: 'boolean' } } });
    return { config: values.config, noLeaderElection: values['no-leader-election'] ?? false };
  } catch (error) {
    throw new ConfigError(`The command line ${JSON.stringify(argv.join(' '))} is not understood; give only --config FILE and --no-leader-election.`, { cause: error });
  }
}

function parseFile(path: string, readFile: (path: string) => string): Fields {
  try {
    // loadAll, because load refuses an empty file, which is what a chart without overrides renders.
    return asObject(loadAll(readFile(path))[0] ?? {}, `the file ${path}`);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`The configuration file ${path} cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}. Correct it or its path.`, { cause: error });
  }
}

function parseEngine(fields: Fields | undefined): EngineConfig {
  if (fields === undefined) return defaultEngine;
  refuseUnknown(fields, ['image', 'imagePullPolicy', 'serviceAccountName', 'podTemplate'], 'engine');
  const imagePullPolicy = asOptional(fields.imagePullPolicy, 'engine.imagePullPolicy', asOneOf(pullPolicies));
  const podTemplate = asOptional(fields.podTemplate, 'engine.podTemplate', asObject);
  return {
    image: asOptional(fields.image, 'engine.image', asText) ?? defaultEngine.image,
    serviceAccountName: asOptional(fields.serviceAccountName, 'engine.serviceAccountName', asText) ?? defaultEngine.serviceAccountName,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...(podTemplate === undefined ? {} : { podTemplate }),
  };
}

function parsePolicy(fields: Fields = {}): Policy {
  refuseUnknown(fields, Object.keys(defaultPolicy), 'policy');
  return {
    requireRunnerLabel: asOptional(fields.requireRunnerLabel, 'policy.requireRunnerLabel', asBoolean) ?? defaultPolicy.requireRunnerLabel,
    requireServiceLabel: asOptional(fields.requireServiceLabel, 'policy.requireServiceLabel', asBoolean) ?? defaultPolicy.requireServiceLabel,
    podTemplateMay: asOptional(fields.podTemplateMay, 'policy.podTemplateMay', asListOf(privileges)) ?? defaultPolicy.podTemplateMay,
  };
}

/** 0 asks the system for a free port, which tests use. */
function parsePort(value: string | undefined): number {
  if (value === undefined || value === '') return 8080;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new ConfigError(`METRICS_PORT is ${JSON.stringify(value)}, which is not a port; set it to a number from 0 to 65535.`);
}
