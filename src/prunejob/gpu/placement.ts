/**
 * Whether the scheduler would let a pod onto a node, as far as taints, selectors and required affinity say: GPUs elsewhere are no room for it.
 *
 * Room for other resources, spreading and what pods demand of one another are left to the scheduler.
 */
import type { Expression, Placement, Taint, Toleration } from '../kube.ts';
import type { GPUNode } from '../observed.ts';

type Labels = Readonly<Record<string, string>>;

export function takes({ name, labels = {}, taints = [] }: GPUNode, { nodeSelector = {}, tolerations = [], affinity }: Placement): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    taints.filter(keepsOut).every((taint) => tolerations.some((toleration) => tolerates(toleration, taint))) &&
    Object.entries(nodeSelector).every(([key, value]) => labels[key] === value) &&
    (terms?.some((term) => fits(term, labels, { 'metadata.name': name })) ?? true)
  );
}

/** PreferNoSchedule only asks. */
function keepsOut({ effect }: Taint): boolean {
  return effect === 'NoSchedule' || effect === 'NoExecute';
}

/** Without a key any taint is meant, without an effect any effect. */
function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === '' || key === taint.key;
  return operator === 'Equal' && key === taint.key && value === (taint.value ?? '');
}

/** A term that says nothing takes no node. */
function fits({ matchExpressions = [], matchFields = [] }: { readonly matchExpressions?: readonly Expression[]; readonly matchFields?: readonly Expression[] }, labels: Labels, fields: Labels): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((expression) => holds(expression, labels)) && matchFields.every((expression) => holds(expression, fields));
}

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const label = labels[key];
  switch (operator) {
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    default:
      return label !== undefined && compares(operator, label, values[0]);
  }
}

/** Of whole numbers alone; an operator that is not known here takes no node. */
function compares(operator: string, label: string, bound = ''): boolean {
  if (![label, bound].every((text) => /^-?[0-9]+$/.test(text))) return false;
  return (operator === 'Gt' && Number(label) > Number(bound)) || (operator === 'Lt' && Number(label) < Number(bound));
}
