/** A platform team's Git repository, laid out as the documentation says, and what Argo CD makes of it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';

import { get, kubectl, type Condition, type Resource } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { waitFor } from '../../lib/wait.ts';
import { argocdNamespace } from './argocd.ts';
import { filesUnder, follow } from './page.ts';

const layout = 'Lay out the repository';
const author = ['-c', 'user.name=platform', '-c', 'user.email=platform@example.com'];

/** By path: the text, the object to write there, or undefined to remove the file. */
export type Files = Readonly<Record<string, string | object | undefined>>;

export type ApplicationName = 'models' | 'prunejobs';
export type Health = 'Healthy' | 'Progressing' | 'Suspended' | 'Degraded' | 'Missing' | 'Unknown';

export type Application = Resource<
  object,
  { sync?: { status: string; revision?: string }; health?: { status: Health }; conditions?: Condition[]; operationState?: { phase: string; message?: string }; resources?: { kind: string; name: string }[] }
>;

export class Platform implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** An empty repository on this disk, and a checkout of it. */
  static async begin(): Promise<Platform> {
    const platform = new Platform(await mkdtemp(join(tmpdir(), 'platform-')));
    await platform.#git(['init', '--quiet', '--bare', '--initial-branch=main', platform.#bare], platform.#folder);
    await platform.#git(['clone', '--quiet', platform.#bare, platform.checkout], platform.#folder);
    return platform;
  }

  get checkout(): string {
    return join(this.#folder, 'checkout');
  }

  get #bare(): string {
    return join(this.#folder, 'platform.git');
  }

  /** The documentation's layout: two Applications, and a folder that Git would not keep without a file. */
  get layout(): Record<string, string> {
    return { ...filesUnder(layout, `file://${this.#bare}`), 'prunejobs/.gitkeep': '' };
  }

  /** What the checkout holds, with these files changed. */
  async commit(files: Files = {}): Promise<void> {
    for (const [path, content] of Object.entries(files)) await this.#write(path, content);
    await this.#git(['add', '--all']);
    await this.#git([...author, 'commit', '--quiet', '--message', 'Change the platform']);
    await this.#git(['push', '--quiet', 'origin', 'HEAD:main']);
  }

  /** Makes the Applications, the way the documentation says. */
  async deliver(): Promise<void> {
    await follow(layout, this.checkout);
  }

  /** Argo CD looks at Git at once instead of in its next three minutes, and has taken in the last commit. */
  async settles(name: ApplicationName, health: Health): Promise<Application> {
    const head = (await this.#git(['rev-parse', 'HEAD'])).trim();
    await kubectl(['annotate', 'application', name, '-n', argocdNamespace, '--overwrite', 'argocd.argoproj.io/refresh=normal']);
    let last: Application | undefined;
    const reached = async (): Promise<Application | false> => {
      last = await read(name);
      const { sync, health: now } = last.status ?? {};
      const isLookedAt = last.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined;
      return isLookedAt && sync?.status === 'Synced' && sync.revision === head && now?.status === health && last;
    };
    return waitFor(`Application ${name} to be Synced and ${health}`, patience, reached, () => `Its status is ${JSON.stringify(last?.status)}`);
  }

  /** What they delivered stays in the cluster. */
  async [Symbol.asyncDispose](): Promise<void> {
    await kubectl(['delete', 'application', '--all', '-n', argocdNamespace, '--wait']);
    await rm(this.#folder, { recursive: true });
  }

  async #write(path: string, content: string | object | undefined): Promise<void> {
    const file = join(this.checkout, path);
    await mkdir(dirname(file), { recursive: true });
    if (content === undefined) await rm(file);
    else await writeFile(file, typeof content === 'string' ? content : dump(content));
  }

  async #git(args: readonly string[], cwd = this.checkout): Promise<string> {
    const { stdout } = await promisify(execFile)('git', args, { cwd });
    return stdout;
  }
}

async function read(name: ApplicationName): Promise<Application> {
  const application = await get<Application>('application', name, argocdNamespace);
  if (application === undefined) throw new Error(`Application ${name} does not exist.`);
  return application;
}
