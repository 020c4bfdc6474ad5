/**
 * Makes folders of this machine appear at other paths, for one container only: bind mounts in its own mount namespace.
 * Nothing is created on the machine itself. Where a path does not exist, the nearest folder above it is covered by a
 * copy in memory, in which every entry is a bind mount of the real one.
 */

export interface Mount {
  /** A folder or a file of this machine. */
  source: string;
  /** The absolute path at which the container sees it. */
  target: string;
  readOnly: boolean;
}

/**
 * $1 is a folder for the copies, $2 the folder to start in ('' for the present one); then three words for each mount
 * (source, target, ro or rw), a "--", and the command. A new root takes effect with chroot, because / itself cannot be
 * covered.
 */
const SCRIPT = `
set -e
copies=$1 folder=\${2:-$PWD}; shift 2
mkdir -p "$copies"
mount -t tmpfs -o mode=755 tmpfs "$copies"
root=
cover() {
  copy=$(mktemp -d "$copies/XXXXXX")
  chmod 755 "$copy"
  for entry in "$1"/* "$1"/.[!.]*; do
    name=\${entry##*/}
    if [ -L "$entry" ]; then cp -P "$entry" "$copy/$name"
    elif [ -d "$entry" ]; then mkdir "$copy/$name"; mount --rbind "$entry" "$copy/$name"
    elif [ -e "$entry" ]; then : > "$copy/$name"; mount --bind "$entry" "$copy/$name"
    fi
  done
}
place() {
  above=\${1%/*}
  while [ ! -d "$root$above/" ]; do above=\${above%/*}; done
  cover "$root$above"
  if [ -z "$above" ]; then root=$copy; else mount --rbind "$copy" "$root$above"; fi
  if [ -d "$2" ]; then mkdir -p "$root$1"; else mkdir -p "$root\${1%/*}"; : > "$root$1"; fi
}
while [ "$1" != -- ]; do
  source=$1 target=\${2%/} access=$3; shift 3
  [ -e "$root$target" ] || place "$target" "$source"
  mount --rbind "$source" "$root$target"
  [ "$access" = rw ] || mount -o remount,bind,ro "$root$target"
done
shift
if [ -z "$root" ]; then cd "$folder"; exec "$@"; fi
exec chroot "$root" sh -c 'cd "$1"; shift; exec "$@"' sh "$folder" "$@"
`;

/** Whether a process with these words still prepares the mounts. */
export function isMounting([program, , script]: readonly string[]): boolean {
  return program === 'chroot' || script === SCRIPT;
}

export interface Mounts {
  list: readonly Mount[];
  /** The path of a folder that need not exist yet; the caller removes it. It stays empty outside of the container. */
  copies: string;
  /** The folder in which the command starts; by default that of this program. */
  workingDir?: string | undefined;
}

/** A prefix for a command that runs it with these mounts. It must run as root of a mount namespace of its own. */
export function withMounts({ list, copies, workingDir = '' }: Mounts): string[] {
  const words = list.flatMap(({ source, target, readOnly }) => [source, target, readOnly ? 'ro' : 'rw']);
  return ['sh', '-c', SCRIPT, 'sh', copies, workingDir, ...words, '--'];
}
