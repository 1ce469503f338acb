/**
 * Whether the scheduler would let a pod onto a node, as far as taints, selectors and required affinity say: GPUs elsewhere are no room for it.
 *
 * Room for other resources, spreading and what pods demand of one another are left to the scheduler.
 */
import type { Expression, Placement, Taint, Toleration } from '../kube.ts';
import type { GPUNode } from '../observed.ts';

type Labels = Readonly<Record<string, string>>;

export function takes(node: GPUNode, placement: Placement): boolean {
  return tolerated(node, placement) && selected(node, placement) && wanted(node, placement);
}

function tolerated({ taints = [] }: GPUNode, { tolerations = [] }: Placement): boolean {
  return taints.filter(keepsOut).every((taint) => tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** PreferNoSchedule only asks. */
function keepsOut({ effect }: Taint): boolean {
  return effect === 'NoSchedule' || effect === 'NoExecute';
}

/** Without an effect any effect is meant. */
function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '' } = toleration;
  return (effect === '' || effect === taint.effect) && matches(toleration, taint);
}

/** Without a key any taint is meant. */
function matches({ key = '', operator = 'Equal', value = '' }: Toleration, taint: Taint): boolean {
  if (operator === 'Exists') return key === '' || key === taint.key;
  return operator === 'Equal' && key === taint.key && value === (taint.value ?? '');
}

function selected({ labels = {} }: GPUNode, { nodeSelector = {} }: Placement): boolean {
  return Object.entries(nodeSelector).every(([key, value]) => labels[key] === value);
}

function wanted({ name, labels = {} }: GPUNode, { affinity }: Placement): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => fits(term, labels, { 'metadata.name': name }));
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
