/** `npm run render`: updates kustomize/rendered. */
import { ProgramError } from '../src/errors.ts';
import { renderOverlays } from '../src/manifests/render.ts';

try {
  const names = await renderOverlays();
  console.log(`rendered ${names.length} overlays into kustomize/rendered`);
} catch (error) {
  if (!(error instanceof ProgramError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
