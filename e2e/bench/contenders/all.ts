/** Every row of the tables, in their order. */
import { ceiling } from './ceiling.ts';
import type { Contender } from './contender.ts';
import { dotI, kopf } from './frameworks.ts';
import { jobset, jobsetWithoutWebhooks } from './jobset.ts';
import { stunOperator } from './stun-operator.ts';

export const contenders: readonly Contender[] = [ceiling, stunOperator, jobsetWithoutWebhooks, jobset, kopf, dotI];
