/** The names of the overlays in kustomize/overlays: each runtime in each variant. */

export const RUNTIMES = ['node', 'bun', 'deno'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** The components that each fix one cause of broken requests. */
export const FIXES = ['replicas', 'graceful-shutdown', 'grace-period', 'pre-stop'] as const;
export type Fix = (typeof FIXES)[number];

export type Variant = 'broken' | 'valid' | `without-${Fix}`;

/** No fix, all fixes, and all fixes but one. */
export const VARIANTS: readonly Variant[] = ['broken', 'valid', ...FIXES.map((fix) => `without-${fix}` as const)];

export function overlayName(runtime: Runtime, variant: Variant): string {
  return `${variant}-${runtime}`;
}

/** All overlays, grouped by runtime. */
export function overlayNames(): string[] {
  return RUNTIMES.flatMap((runtime) => VARIANTS.map((variant) => overlayName(runtime, variant)));
}

/** The fixes that a variant applies. */
export function fixesOf(variant: Variant): Fix[] {
  if (variant === 'broken') return [];
  return FIXES.filter((fix) => variant !== `without-${fix}`);
}
