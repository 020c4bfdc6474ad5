/** Limits on the size of the manifests that are read. */

export const MIB = 1024 * 1024;

/** More than any real set of manifests. Keeps a wrong path (a disk image, /dev/zero) from filling the memory. */
export const MAX_BYTES = 64 * MIB;

/**
 * The limit for YAML that is parsed. Parsing takes a second per 1.5 MiB; the API server rejects objects above 3 MiB.
 */
export const MAX_PARSED_CHARACTERS = 10 * MIB;

/** In 64 MiB, so many documents would hardly have room for a kind each. */
export const MAX_DOCUMENTS = 200_000;
