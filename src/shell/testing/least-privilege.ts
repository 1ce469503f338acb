/** A kubeconfig with the rights of the shipped manifests and no others: a right that is missing there fails the test. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ApiServer } from '../../../e2e/lib/apiserver.ts';

export async function leastPrivilege(server: ApiServer): Promise<string> {
  await server.kubectl('create', 'namespace', 'stun-operator');
  await server.kubectl('apply', '--server-side', '--force-conflicts', '-k', fileURLToPath(new URL('../../../manifests/base', import.meta.url)));
  const token = (await server.kubectl('create', 'token', 'stun-operator', '--namespace=stun-operator')).trim();
  const admin = JSON.parse(await readFile(server.kubeconfig, 'utf8')) as object;
  const kubeconfig = `${server.kubeconfig}-operator`;
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'admin', user: { token } }] }), { mode: 0o600 });
  return kubeconfig;
}
