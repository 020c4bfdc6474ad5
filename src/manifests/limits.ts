/** How much of a manifest is read. */

export const MIB = 1024 * 1024;

/** More than any set of manifests. It keeps a wrong path (a disk image, /dev/zero) from filling the memory. */
export const MAX_BYTES = 64 * MIB;
