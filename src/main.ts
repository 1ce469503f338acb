/** Puts the parts together: configuration, logs, metrics, the operator, the signals that end it. */
import { randomUUID } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { fieldManager, leaseName } from './api/names.ts';
import { readConfig, type Config } from './config.ts';
import { asError } from './runtime/errors.ts';
import { PruneOperator } from './shell/operator.ts';
import { createLogger, type Logger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import type { StopTracing } from './telemetry/otlp.ts';

try {
  await run(readConfig());
  // A trace exporter that goes on trying would keep a process alive that has nothing left to do.
  process.exit(0);
} catch (error) {
  process.stderr.write(`stun-operator: ${asError(error).message}\n`);
  // At once: whoever has lost the lease must not go on for as long as a timer or a socket keeps the process alive.
  process.exit(1);
}

async function run(config: Config): Promise<void> {
  const log = createLogger(config.logLevel);
  const stopTracing = await trace(config, log);
  const operator = new PruneOperator({
    kubeConfig: loadKubeConfig(),
    log,
    metrics: createMetrics(),
    name: fieldManager,
    http: { host: config.metricsHost ?? '', port: config.metricsPort },
    engine: config.engine,
    policy: config.policy,
    watchNamespaces: config.watchNamespaces,
    readNodes: config.readNodes,
    ...(config.leaderElection ? { leaderElection: { namespace: config.podNamespace, name: leaseName, identity: `${config.podName}_${randomUUID()}` } } : {}),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { operator.stop(); });
  await operator.start();
  await operator.finished();
  await stopTracing();
}

/** Loaded only where it is asked for: it takes memory and start time. */
async function trace({ tracing, podName }: Config, log: Logger): Promise<StopTracing> {
  if (tracing === undefined) return () => Promise.resolve();
  const { startTracing } = await import('./telemetry/otlp.ts');
  return startTracing({ ...tracing, serviceName: fieldManager, instanceId: podName, log });
}

/** KUBECONFIG, else ~/.kube/config, else the pod's ServiceAccount. */
function loadKubeConfig(): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  return kubeConfig;
}
