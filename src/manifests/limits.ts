/** How much of a manifest is read. */

export const MIB = 1024 * 1024;

/** More than any set of manifests. It keeps a wrong path (a disk image, /dev/zero) from filling the memory. */
export const MAX_BYTES = 64 * MIB;

/** Of YAML that is parsed, which takes a second for every 1.5 MiB; the API server takes no object above 3 MiB. */
export const MAX_PARSED_CHARACTERS = 10 * MIB;

/** Each in 64 MiB would have hardly room for its kind. */
export const MAX_DOCUMENTS = 200_000;
