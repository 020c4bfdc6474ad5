import type { Paths } from './routes.ts';

/** The routes of this project's own app. */
export const OWN_PATHS: Paths = {
  slow: '/delay/MS',
  upload: '/upload',
  stream: '/stream?chunks=25&intervalMs=100',
  events: '/events',
  ws: '/ws',
  ready: '/readyz',
};
