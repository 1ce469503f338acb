/** Opens a page in the browser of whoever sits at this machine. */
import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined where nobody could see a window: no desktop, and no BROWSER either. */
export function opener(platform: NodeJS.Platform, env: Environment): readonly [program: string, ...args: string[]] | undefined {
  if (platform === 'darwin') return ['open'];
  // `start` takes its first quoted argument for the title of a window.
  if (platform === 'win32') return ['cmd', '/c', 'start', ''];
  const visible = [env.DISPLAY, env.WAYLAND_DISPLAY, env.BROWSER, env.WSL_DISTRO_NAME].some((value) => value !== undefined && value !== '');
  return visible ? ['xdg-open'] : undefined;
}

/** False where there is no browser. */
export function openInBrowser(path: string, platform: NodeJS.Platform, env: Environment): Promise<boolean> {
  const found = opener(platform, env);
  if (found === undefined) return Promise.resolve(false);
  const [program, ...args] = found;
  return new Promise((resolve) => {
    const child = spawn(program, [...args, path], { detached: true, stdio: 'ignore' });
    child.once('error', () => { resolve(false); });
    child.once('spawn', () => {
      // The browser outlives this command.
      child.unref();
      resolve(true);
    });
  });
}
