/**
 * ServiceAccounts by GET, remembered for some seconds: a restart with thousands of finished PruneJobs must not become thousands of requests.
 */
import { labels } from '../api/names.ts';
import type { RunnerServiceAccount } from '../prunejob/observed.ts';
import type { Policy } from '../prunejob/policy.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Client, KubeObject } from '../runtime/types.ts';
import { serviceAccountType } from './resources.ts';

interface ServiceAccount extends KubeObject {
  readonly secrets?: readonly { readonly name?: string }[];
  readonly imagePullSecrets?: readonly { readonly name?: string }[];
}

interface Answer {
  readonly found: Promise<RunnerServiceAccount>;
  readonly askedAt: number;
}

const rememberMs = 10_000;

export class ServiceAccounts {
  readonly #client: Pick<Client, 'get'>;
  readonly #clock: Clock;
  readonly #requireLabel: boolean;
  readonly #answers = new Map<string, Answer>();

  constructor(client: Pick<Client, 'get'>, clock: Clock, { requireRunnerLabel }: Pick<Policy, 'requireRunnerLabel'>) {
    this.#client = client;
    this.#clock = clock;
    this.#requireLabel = requireRunnerLabel;
  }

  find(namespace: string, name: string): Promise<RunnerServiceAccount> {
    this.#forgetOld();
    const key = `${namespace}/${name}`;
    const answer = this.#answers.get(key) ?? { found: this.#ask(namespace, name), askedAt: this.#clock.elapsedMs() };
    this.#answers.set(key, answer);
    return answer.found;
  }

  /** Only what can be used is remembered: a failure is asked again by the retry, what is missing by the next look. */
  async #ask(namespace: string, name: string): Promise<RunnerServiceAccount> {
    try {
      const account = await this.#client.get<ServiceAccount>({ type: serviceAccountType, namespace, name });
      if (account !== undefined && this.#isRunner(account)) return { name, secretNames: givenSecrets(account) };
      this.#answers.delete(`${namespace}/${name}`);
      return account === undefined ? 'Missing' : 'NotARunner';
    } catch (error) {
      this.#answers.delete(`${namespace}/${name}`);
      throw error;
    }
  }

  #isRunner({ metadata }: ServiceAccount): boolean {
    return !this.#requireLabel || metadata.labels?.[labels.runner] === 'true';
  }

  #forgetOld(): void {
    const oldest = this.#clock.elapsedMs() - rememberMs;
    for (const [key, answer] of this.#answers) {
      if (answer.askedAt < oldest) this.#answers.delete(key);
    }
  }
}

/**
 * Those that its owner listed. Older clusters list the account's own API token there as well, and OpenShift its registry's credentials:
 * as environment variables, they would be in the hands of an image that the PruneJob chooses.
 */
function givenSecrets({ metadata: { name }, secrets = [], imagePullSecrets = [] }: ServiceAccount): string[] {
  const pulls = imagePullSecrets.map((secret) => secret.name);
  return secrets.flatMap((secret) => secret.name ?? []).filter((secret) => !pulls.includes(secret) && !isGenerated(name, secret));
}

/** As `generateName` makes them: cut to 58 characters, then five at random. Their type would tell for sure, but the operator may read no Secret. */
function isGenerated(account: string, secret: string): boolean {
  return ['token', 'dockercfg'].some((kind) => {
    const prefix = `${account}-${kind}-`.slice(0, 58);
    return secret.startsWith(prefix) && /^[a-z0-9]{5}$/.test(secret.slice(prefix.length));
  });
}
