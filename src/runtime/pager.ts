/**
 * Lists everything, page by page, so that neither side ever holds a huge answer.
 */
import { isExpired } from './errors.ts';
import type { KubeObject, ListOptions, ListPage, ResourceType, WatchingClient } from './types.ts';

type Lister = Pick<WatchingClient, 'list'>;

/** Not the 500 that Go clients ask for: a page and what is parsed of it then die young, and the heap does not grow by them. */
const PAGE_SIZE = 100;

/** `trim` makes of each object what is kept of it, page by page: thousands of whole ones together are most of what a process ever holds. */
export async function listAll<T extends KubeObject>(client: Lister, type: ResourceType, options: ListOptions, trim: (object: T) => T = asItIs): Promise<ListPage<T>> {
  const items: T[] = [];
  const turn = async (more: ListOptions): Promise<ListPage<T>> => {
    const page = await client.list<T>(type, { ...options, ...more });
    for (const object of page.items) items.push(trim(object));
    return { ...page, items };
  };
  try {
    let page = await turn({ limit: PAGE_SIZE });
    while (page.continueToken !== undefined) page = await turn({ limit: PAGE_SIZE, continueToken: page.continueToken });
    return page;
  } catch (error) {
    // A page token lives for five minutes at most; whoever is slower than that gets everything in one answer.
    if (items.length === 0 || !isExpired(error)) throw error;
    items.length = 0;
    return turn({});
  }
}

function asItIs<T>(object: T): T {
  return object;
}
