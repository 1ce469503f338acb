import { expect, it } from 'vitest';

import { opener } from './browser.ts';

it.each<[NodeJS.Platform, Record<string, string>, string[] | undefined]>([
  ['darwin', {}, ['open']],
  ['win32', {}, ['cmd', '/c', 'start', '']],
  ['linux', { DISPLAY: ':0' }, ['xdg-open']],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
  ['linux', { DISPLAY: '' }, undefined],
])('on %s with %o a page is opened by %o', (platform, env, program) => {
  expect(opener(platform, env)).toEqual(program);
});
