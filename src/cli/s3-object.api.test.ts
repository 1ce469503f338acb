/** Reading an object with the user's own credentials, from a real S3 server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { freePorts, startProgram, stopAll, type Daemon } from '../../e2e/lib/daemon.ts';
import { binaries } from '../../scripts/tools.ts';
import { eventually, when } from '../runtime/testing/eventually.ts';
import { readObject, urlOf } from './s3-object.ts';

const keys = { AWS_ACCESS_KEY_ID: 'somebody', AWS_SECRET_ACCESS_KEY: 'a-secret-of-theirs' };
const region = 'eu-central-1';
const uri = 's3://models.v1/pruned/tiny moe/é+1/stun-report.html';

let folder: string;
let server: Daemon;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-object-'));
  const [port] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port ?? 0}`;
  env = { ...keys, AWS_REGION: region, AWS_ENDPOINT_URL: endpoint };
  await mkdir(join(folder, 'data/models.v1'), { recursive: true });
  server = await startProgram(folder, 'minio', {
    command: [join(binaries, 'minio'), 'server', '--quiet', '--address', `127.0.0.1:${port ?? 0}`, '--console-address', '127.0.0.1:0', join(folder, 'data')],
    env: { MINIO_ROOT_USER: keys.AWS_ACCESS_KEY_ID, MINIO_ROOT_PASSWORD: keys.AWS_SECRET_ACCESS_KEY, MINIO_SITE_REGION: region, MINIO_UPDATE: 'off' },
  });
  const owner = new AwsClient({ accessKeyId: keys.AWS_ACCESS_KEY_ID, secretAccessKey: keys.AWS_SECRET_ACCESS_KEY, service: 's3', region, retries: 0 });
  const put = () => owner.fetch(urlOf(uri, endpoint), { method: 'PUT', body: '<h1>Tiny MoE: 8 → 4</h1>' });
  await eventually('the server takes an object', () => put().then(({ ok }) => when(ok), () => undefined), 60_000);
});

afterAll(async () => {
  await stopAll([server]);
  await rm(folder, { recursive: true });
});

describe('with keys in the environment', () => {
  it('reads it, whatever its name', async () => {
    expect(await readObject(uri, env)).toBe('<h1>Tiny MoE: 8 → 4</h1>');
  });

  it.each([
    { why: 'wrong keys', change: { AWS_SECRET_ACCESS_KEY: 'another' }, of: uri, says: /answers 403 SignatureDoesNotMatch\. Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may read this bucket\.$/ },
    { why: 'no such object', change: {}, of: `${uri}x`, says: /answers 404 NoSuchKey\. It may have been deleted since the run published it\.$/ },
    { why: 'another region', change: { AWS_REGION: 'eu-north-1' }, of: uri, says: /answers 400 AuthorizationHeaderMalformed\. Set AWS_ENDPOINT_URL to where this bucket is reached from here, or leave it out for Amazon S3 with AWS_REGION\.$/ },
    { why: 'no server', change: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, of: uri, says: /^http:\/\/127\.0\.0\.1:1\/models\.v1\/.* cannot be reached \(.*\)\. Set AWS_ENDPOINT_URL/ },
  ])('says what is wrong: $why', async ({ change, of, says }) => {
    await expect(readObject(of, { ...env, ...change })).rejects.toThrow(says);
  });
});

describe('without keys', () => {
  /** Stands for the AWS CLI, which knows profiles and single sign-on. */
  async function awsThat(script: string): Promise<Record<string, string>> {
    const bin = await mkdtemp(join(folder, 'bin-'));
    await writeFile(join(bin, 'aws'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return { PATH: bin, AWS_PROFILE: 'mine' };
  }

  it('asks the AWS CLI, with the profile and the endpoint', async () => {
    expect(await readObject('s3://m/r.html', await awsThat('echo "$AWS_PROFILE: $*"'))).toBe('mine: s3 cp s3://m/r.html -\n');
    expect(await readObject('s3://m/r.html', { ...(await awsThat('echo "$*"')), S3_ENDPOINT: 'http://s3' })).toBe('s3 cp s3://m/r.html - --endpoint-url http://s3\n');
  });

  it('passes on what the AWS CLI says', async () => {
    await expect(readObject('s3://m/r.html', await awsThat('echo Token has expired >&2; exit 255'))).rejects.toThrow('aws s3 cp s3://m/r.html - failed: Token has expired. Name a profile that may read it with AWS_PROFILE, log in again');
  });

  it('says what to set where there is no AWS CLI either', async () => {
    await expect(readObject('s3://m/r.html', { PATH: folder })).rejects.toThrow(/^Nothing here may read s3:\/\/m\/r\.html: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and the AWS CLI is not installed\./);
  });
});
