import { describe, expect, it } from 'vitest';
import { collectionPath, objectPath } from './paths.ts';
import { CONFIGMAP, JOB, NODE } from './testing/objects.ts';

describe('collectionPath', () => {
  it.each([
    { path: collectionPath(CONFIGMAP, 'ml'), expected: '/api/v1/namespaces/ml/configmaps' },
    { path: collectionPath(CONFIGMAP, undefined), expected: '/api/v1/configmaps' },
    { path: collectionPath(JOB, 'ml', { limit: 5, continue: undefined }), expected: '/apis/batch/v1/namespaces/ml/jobs?limit=5' },
    { path: collectionPath(JOB, 'ml', { labelSelector: 'a=b,c' }), expected: '/apis/batch/v1/namespaces/ml/jobs?labelSelector=a%3Db%2Cc' },
    { path: collectionPath(NODE, 'ml'), expected: '/api/v1/nodes' },
  ])('$expected', ({ path, expected }) => {
    expect(path).toBe(expected);
  });
});

describe('objectPath', () => {
  it.each([
    { path: objectPath({ type: JOB, namespace: 'ml', name: 'a' }), expected: '/apis/batch/v1/namespaces/ml/jobs/a' },
    { path: objectPath({ type: NODE, name: 'n' }), expected: '/api/v1/nodes/n' },
    { path: objectPath({ type: JOB, namespace: 'ml', name: 'a' }, { force: true }, 'status'), expected: '/apis/batch/v1/namespaces/ml/jobs/a/status?force=true' },
  ])('$expected', ({ path, expected }) => {
    expect(path).toBe(expected);
  });

  it('refuses a namespaced object without a namespace, which would be a request for the whole cluster', () => {
    expect(() => objectPath({ type: JOB, name: 'a' })).toThrow('Job "a" needs a namespace');
  });
});
