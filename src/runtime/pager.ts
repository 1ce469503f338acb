/**
 * Lists everything, page by page, so that neither side ever holds a huge answer.
 */
import { isExpired } from './errors.ts';
import type { KubeObject, ListOptions, ListPage, ResourceType, WatchingClient } from './types.ts';

type Lister = Pick<WatchingClient, 'list'>;

const PAGE_SIZE = 500;

export async function listAll<T extends KubeObject>(client: Lister, type: ResourceType, options: ListOptions): Promise<ListPage<T>> {
  const items: T[] = [];
  try {
    let page = await client.list<T>(type, { ...options, limit: PAGE_SIZE });
    for (items.push(...page.items); page.continueToken !== undefined; items.push(...page.items)) {
      page = await client.list<T>(type, { ...options, limit: PAGE_SIZE, continueToken: page.continueToken });
    }
    return { items, resourceVersion: page.resourceVersion };
  } catch (error) {
    // A page token lives for five minutes at most; whoever is slower than that gets everything in one answer.
    if (items.length > 0 && isExpired(error)) return client.list<T>(type, options);
    throw error;
  }
}
