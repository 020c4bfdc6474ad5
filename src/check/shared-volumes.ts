/** Which ReadWriteOnce volumes a second pod can use all the same. Pure. */
import type { ClaimObject, VolumeObject } from './objects.ts';

/**
 * Names of storage classes whose volumes are folders or disks of one node: local-path (k3s, kind), microk8s-hostpath,
 * openebs-hostpath, local-storage, topolvm. The scheduler puts every pod of such a volume on that node.
 */
const OF_ONE_NODE = /(^|[-_.])(local|localpath|hostpath|host-path|topolvm)([-_.]|$)/i;
/** Names of those that are network file systems, whose drivers attach nothing (CSIDriver.spec.attachRequired is false). */
const NETWORK = /(^|[-_.])(nfs|efs|smb|cifs|glusterfs|azurefile|juicefs)([-_.]|$)/i;
const NETWORK_SOURCES = ['nfs', 'glusterfs', 'azureFile', 'cephfs'];

/**
 * Why nothing keeps a second pod from a claim, in words; undefined if something does or nothing shows.
 * @param volume the PersistentVolume that is meant for the claim, if the input has it
 */
export function letsSecondPodIn({ spec }: ClaimObject, volume: VolumeObject | undefined): string | undefined {
  const { storageClassName = '' } = spec;
  if (volume) {
    const name = `PersistentVolume "${volume.metadata.name}"`;
    if ('hostPath' in volume.spec || 'local' in volume.spec) return `${name} is a folder of a node`;
    if (NETWORK_SOURCES.some((type) => type in volume.spec)) return `${name} is a network file system`;
  }
  if (NETWORK.test(storageClassName)) return `storage class "${storageClassName}" is a network file system`;
  if (OF_ONE_NODE.test(storageClassName))
    return `storage class "${storageClassName}" keeps it and its pods on one node`;
  return undefined;
}
