/**
 * `pvc://claim/path` as the engine sees it: the operator mounts the claim and passes a plain path.
 *
 * Sources are mounted read-only and the output elsewhere, so that one claim can be both without a run being able to harm its source.
 */
import { volumeName, type Stage } from '../../api/names.ts';
import type { PruneJobSpec } from '../../api/v1alpha1/prunejob.ts';

const scheme = 'pvc://';
const sources = '/mnt/source/';
const outputs = '/mnt/output/';

export function sourcePath(uri: string): string {
  return uri.startsWith(scheme) ? sources + uri.slice(scheme.length) : uri;
}

export function outputPath(uri: string): string {
  return uri.startsWith(scheme) ? outputs + uri.slice(scheme.length) : uri;
}

/** The way back: what the engine reports is a path in its pod, what a service can load is the claim. */
export function publishedUri(reported: string): string {
  const path = reported.replace(/^file:\/\//, '');
  return path.startsWith(outputs) ? scheme + path.slice(outputs.length) : reported;
}

interface Volume {
  readonly name: string;
  readonly persistentVolumeClaim: { readonly claimName: string; readonly readOnly: boolean };
}

interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

export function claimVolumes(spec: PruneJobSpec, stage: Stage): { readonly volumes: Volume[]; readonly mounts: VolumeMount[] } {
  const read = claims(stage === 'evaluate' ? endpointUris(spec) : engineUris(spec));
  const written = claims(stage === 'evaluate' ? [] : [spec.output.uri]);
  const volumes = [...new Set([...read, ...written])].map((claimName) => ({
    name: volumeName(claimName),
    persistentVolumeClaim: { claimName, readOnly: !written.has(claimName) },
  }));
  const readMounts = [...read].map((claim) => ({ name: volumeName(claim), mountPath: sources + claim, readOnly: true }));
  return { volumes, mounts: [...readMounts, ...[...written].map((claim) => ({ name: volumeName(claim), mountPath: outputs + claim }))] };
}

function engineUris({ model, calibration, quality: { perplexity, tasks = [] } = {} }: PruneJobSpec): (string | undefined)[] {
  return [model.uri, calibration?.uri, perplexity?.uri, ...tasks.map(({ uri }) => uri)];
}

/** Nothing else: the canary may hold the claim of the model, on another node. */
function endpointUris({ quality }: PruneJobSpec): string[] {
  return (quality?.endpoint?.tasks ?? []).map(({ uri }) => uri);
}

function claims(uris: readonly (string | undefined)[]): Set<string> {
  const matches = uris.map((uri) => /^pvc:\/\/([^/]+)/.exec(uri ?? '')?.[1]);
  return new Set(matches.filter((claim) => claim !== undefined));
}
