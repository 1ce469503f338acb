/**
 * Where the pods of a service can be asked for a completion, as their own containers say.
 *
 * A server's argument for its port comes first, because a probe or a declared port may belong to a proxy beside it. What the container does
 * not say is guessed, the likely guesses first: vLLM serves below /v1, KServe's huggingface server below /openai/v1.
 */
import { isTrue, type Container, type Pod } from '../kube.ts';
import type { Endpoint } from './adapter.ts';
import { gpuLimitOf } from './resources.ts';
import { modelArgument, wordsOf } from './vllm-command.ts';

/** Where KServe puts a model, and what servers that are given a folder call it. */
const mountPath = '/mnt/models';
const defaultPort = { vllm: 8000, kserve: 8080 } as const;
const prefixVariable = 'KSERVE_OPENAI_ROUTE_PREFIX';

/** Of the pods that are ready: the others are known not to answer. */
export function endpointsOf(pods: readonly Pod[]): Endpoint[] {
  return pods.filter(({ status }) => isTrue(status?.conditions, 'Ready')).flatMap(endpointOf);
}

function endpointOf({ metadata: { uid, name }, spec, status }: Pod): Endpoint[] {
  const server = spec?.containers?.find((container) => gpuLimitOf(container) > 0);
  if (server === undefined || uid === undefined || status?.podIP === undefined) return [];
  return [{ podUid: uid, pod: name, url: `${schemeOf(server)}://${hostOf(status.podIP)}:${portOf(server)}`, paths: pathsOf(server), models: modelsOf(server) }];
}

export function hostOf(podIP: string): string {
  return podIP.includes(':') ? `[${podIP}]` : podIP;
}

function schemeOf(server: Container): 'http' | 'https' {
  const probe = server.readinessProbe ?? server.startupProbe;
  return probe?.httpGet?.scheme === 'HTTPS' || valueOf(server, '--ssl[-_]certfile') !== undefined ? 'https' : 'http';
}

function portOf(server: Container): number {
  const stated = Number(valueOf(server, '--(?:http[-_])?port'));
  if (Number.isInteger(stated)) return stated;
  return probedPort(server) ?? server.ports?.[0]?.containerPort ?? (modelArgument(server) === undefined ? defaultPort.kserve : defaultPort.vllm);
}

function probedPort(server: Container): number | undefined {
  const { httpGet, tcpSocket } = server.readinessProbe ?? server.startupProbe ?? {};
  return numberOf(server, httpGet?.port ?? tcpSocket?.port);
}

/** A probe may name its port. */
function numberOf({ ports = [] }: Container, port: number | string | undefined): number | undefined {
  return typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.containerPort;
}

function pathsOf({ env = [] }: Container): string[] {
  const prefix = env.find(({ name }) => name === prefixVariable)?.value;
  const own = prefix === undefined || prefix === '' ? [] : [`/${prefix.replace(/^\/|\/$/g, '')}/v1`];
  return [...new Set([...own, '/v1', '/openai/v1'])];
}

function modelsOf(server: Container): string[] {
  const stated = ['--served[-_]model[-_]name', '--model[-_]name', '--model', '--model[-_]dir'].map((flag) => valueOf(server, flag));
  return [...new Set([...stated, modelArgument(server), mountPath].filter((name) => name !== undefined))];
}

/** Also inside one line of a shell, and quoted there. */
function valueOf(server: Container, flag: string): string | undefined {
  const pattern = new RegExp(`(?:^|\\s)${flag}(?:=|\\s+)["']?([^\\s"'-][^\\s"']*)`, 'g');
  return [...wordsOf(server).join(' ').matchAll(pattern)].at(-1)?.[1];
}
