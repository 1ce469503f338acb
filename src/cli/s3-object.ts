/**
 * Reads one object of S3 with the user's own credentials; the cluster's are none of the CLI's business.
 *
 * Keys in the environment sign the request here. Whatever else there is (profiles, single sign-on, roles) the AWS CLI knows, so it is asked.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AwsClient } from 'aws4fetch';

import { asError } from '../runtime/errors.ts';
import { Failed, type Terminal } from './command.ts';

type Environment = Terminal['env'];

const largest = 64 * 2 ** 20;

export function readObject(uri: string, env: Environment): Promise<string> {
  return env.AWS_ACCESS_KEY_ID === undefined || env.AWS_SECRET_ACCESS_KEY === undefined ? byAwsCli(uri, env) : bySignedRequest(uri, env);
}

async function bySignedRequest(uri: string, env: Environment): Promise<string> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = env;
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region, retries: 2, ...(sessionToken === undefined ? {} : { sessionToken }) });
  const url = urlOf(uri, endpointOf(env) ?? `https://s3.${region}.amazonaws.com`);
  const response = await client.fetch(url).catch((thrown: unknown) => {
    const { message, cause } = asError(thrown);
    throw new Failed(`${url} cannot be reached (${cause instanceof Error ? cause.message : message}). ${endpointRemedy}`);
  });
  if (response.ok) return response.text();
  throw new Failed(`${uri} cannot be read: ${new URL(url).host} answers ${response.status} ${codeOf(await response.text())}. ${remedy(response.status)}`);
}

/** Path style: every S3 speaks it, and a bucket with dots in its name breaks no certificate. */
export function urlOf(uri: string, endpoint: string): string {
  const path = uri.replace(/^s3:\/\//, '').split('/').map(encodeURIComponent).join('/');
  return `${endpoint.replace(/\/+$/, '')}/${path}`;
}

function endpointOf(env: Environment): string | undefined {
  return env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? env.S3_ENDPOINT;
}

const endpointRemedy = 'Set AWS_ENDPOINT_URL to where this bucket is reached from here, or leave it out for Amazon S3 with AWS_REGION.';

function remedy(status: number): string {
  if (status === 404) return 'It may have been deleted since the run published it.';
  if (status === 403) return 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and that they may read this bucket.';
  return endpointRemedy;
}

/** S3 answers with XML. */
function codeOf(body: string): string {
  return /<Code>([^<]*)<\/Code>/.exec(body)?.[1] ?? '';
}

async function byAwsCli(uri: string, env: Environment): Promise<string> {
  const endpoint = endpointOf(env);
  const args = ['s3', 'cp', uri, '-', ...(endpoint === undefined ? [] : ['--endpoint-url', endpoint])];
  try {
    return (await promisify(execFile)('aws', args, { env: { ...env }, maxBuffer: largest })).stdout;
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
    if (code === 'ENOENT') throw new Failed(noWay(uri));
    throw new Failed(`aws ${args.join(' ')} failed: ${stderr?.trim() ?? asError(error).message}. Name a profile that may read it with AWS_PROFILE, log in again (aws sso login), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`);
  }
}

function noWay(uri: string): string {
  return `Nothing here may read ${uri}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, and the AWS CLI is not installed. Set them (and AWS_ENDPOINT_URL where the bucket is not Amazon's), or copy the file with the program that you use for this bucket.`;
}
