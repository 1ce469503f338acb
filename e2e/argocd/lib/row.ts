/** A row of the table: a story that a platform team, Argo CD and the operator play together, each of them real. */
import { History } from '../../lib/history.ts';
import { emptyNamespace } from '../../lib/namespace.ts';
import { patience } from '../../lib/patience.ts';
import { argocdNamespace, type ArgoCD } from './argocd.ts';
import { namespace } from './place.ts';
import { Platform, type Application, type ApplicationName, type Health } from './platform.ts';

export interface Row {
  readonly title: string;
  readonly play: (scene: Scene) => Promise<void>;
}

export async function play(row: Row, argocd: ArgoCD): Promise<void> {
  await using around = new AsyncDisposableStack();
  around.defer(() => emptyNamespace(namespace));
  const platform = around.use(await Platform.begin());
  const delivered = around.use(await History.begin(namespace));
  const applications = around.use(await History.begin(argocdNamespace));
  await row.play(new Scene({ argocd, platform, delivered, applications }));
}

interface Parts {
  readonly argocd: ArgoCD;
  readonly platform: Platform;
  /** Of the namespace that Git delivers to. */
  readonly delivered: History;
  readonly applications: History;
}

export class Scene {
  readonly argocd: ArgoCD;
  readonly platform: Platform;
  readonly history: History;
  readonly #applications: History;

  constructor({ argocd, platform, delivered, applications }: Parts) {
    this.argocd = argocd;
    this.platform = platform;
    this.history = delivered;
    this.#applications = applications;
  }

  /** Every health that the Application showed since it was made, in order and none twice: none is too short to be seen. */
  healths(name: ApplicationName): Health[] {
    const versions = this.#applications.versionsOf<Application>('argoproj.io/applications', name);
    const healths = versions.flatMap(({ status }) => status?.health?.status ?? []).filter((health) => health !== 'Missing');
    return healths.filter((health, at) => health !== healths[at - 1]);
  }

  async becomes(name: ApplicationName, health: Health): Promise<void> {
    await this.#applications.until(`Application ${name} to be ${health}`, patience, () => this.healths(name).at(-1) === health);
  }
}
