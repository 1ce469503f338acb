/**
 * What the administrator allows a PruneJob beyond the defaults.
 *
 * Who may create a PruneJob need not be allowed to create a pod, so without these bounds the operator would lend them its own rights.
 */

/** What a pod template may ask for only where the administrator allows it. */
export const privileges = [
  'APIToken',
  'ExtraContainers',
  'HostNamespaces',
  'HostPath',
  'HostPorts',
  'OtherVolumes',
  'Privileged',
  'Secrets',
  'ServiceAccount',
  'Sysctls',
] as const;

export type Privilege = (typeof privileges)[number];

export interface Policy {
  /** Engine pods run only under ServiceAccounts that carry the label of a runner. */
  readonly requireRunnerLabel: boolean;
  /** Only services that carry the label are written to. */
  readonly requireServiceLabel: boolean;
  readonly podTemplateMay: readonly Privilege[];
}

export const defaultPolicy: Policy = { requireRunnerLabel: true, requireServiceLabel: false, podTemplateMay: [] };
