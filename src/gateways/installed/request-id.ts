/**
 * The request's id in its path. No common log format is sure to hold the header x-request-id, but every one holds the
 * request line or the path with its query.
 */
export const ID_PARAMETER = 'rollout-test-request';

const ID = new RegExp(`[?&]${ID_PARAMETER}=([A-Za-z0-9._-]+)`);

/** @param id of letters, digits, ".", "_" and "-" only */
export function withRequestId(path: string, id: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${ID_PARAMETER}=${id}`;
}

/** @param text a path, or a request line */
export function requestIdIn(text: string): string | undefined {
  return ID.exec(text)?.[1];
}
