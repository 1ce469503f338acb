/** Which of a ServiceAccount's Secrets become the engine's environment. */
import { describe, expect, it } from 'vitest';

import { systemClock } from '../runtime/clock.ts';
import { serviceAccountType } from './resources.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { FakeClient } from './testing/fake-client.ts';

const longName = 'a'.repeat(60);

describe.each(['pruner', longName])('of ServiceAccount %s', (name) => {
  it.each([
    { what: 'what its owner listed', secret: 's3', given: true },
    { what: 'one that only sounds like a token', secret: `${name.slice(0, 20)}-token-for-the-bucket`, given: true },
    { what: 'the token of another ServiceAccount, which its owner listed', secret: 'team-token-x7k2m', given: true },
    { what: 'the token that Kubernetes once made for it', secret: `${`${name}-token-`.slice(0, 58)}x7k2m`, given: false },
    { what: 'the credentials of the registry that OpenShift makes for it', secret: `${`${name}-dockercfg-`.slice(0, 58)}x7k2m`, given: false },
    { what: 'one by which images are pulled', secret: 'registry', given: false },
  ])('$what is given to the engine: $given', async ({ secret, given }) => {
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'ml' }, secrets: [{ name: 'first' }, { name: secret }], imagePullSecrets: [{ name: 'registry' }, {}] };
    const client = new FakeClient().put(serviceAccountType, account);
    const found = await new ServiceAccounts(client, systemClock, { requireRunnerLabel: false }).find('ml', name);
    expect(found).toEqual({ name, secretNames: given ? ['first', secret] : ['first'] });
  });
});
