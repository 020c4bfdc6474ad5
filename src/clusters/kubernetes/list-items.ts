/** What a list of the API server holds, whatever came in its place. Pure. */

/**
 * An empty list may have null for its items. The client library takes anything with status 200 for a list, also a page in
 * HTML.
 * @throws Error for what is no list
 */
export function itemsOf<T>(list: { items: T[] | null }): T[] {
  if (list?.items === null) return [];
  if (!Array.isArray(list?.items)) throw new Error('it sent something that is no list');
  return list.items;
}
