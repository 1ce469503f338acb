/** The kubectl command that copies a file from a PersistentVolumeClaim: a pod that prints it, and goes. It meets Pod Security "restricted". */

/** As the engine's pods, who wrote the file. */
const user = 65532;
const pod = 'stun-report';

export function copyFromClaim(uri: string, namespace: string): string {
  const [, claim = '', path = ''] = /^pvc:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const overrides = {
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: pod,
        volumeMounts: [{ name: 'models', mountPath: '/models', readOnly: true }],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      }],
      volumes: [{ name: 'models', persistentVolumeClaim: { claimName: claim } }],
    },
  };
  const file = path.split('/').at(-1) ?? '';
  return `kubectl run ${pod} -n ${namespace} --rm --attach --quiet --restart=Never --image=busybox --override-type=strategic --overrides=${quoted(JSON.stringify(overrides))} --command -- cat ${quoted(`/models/${path}`)} > ${quoted(file)}`;
}

/** For a shell, whatever the author of the PruneJob put into the URI. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
