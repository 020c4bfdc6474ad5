/** The fields of the Service that requests are sent to. */
import { METADATA } from './metadata.ts';
import { all, carriedOut, type FieldTree, noEffect, refused } from './policy.ts';

const ENTRANCE = noEffect('requests are sent to the Service as from within the cluster');
const ADDRESS = noEffect('the Service has an address of this machine');

const PORTS: FieldTree = {
  ...all(
    carriedOut('requests use the port that a route leads to, or the first for HTTP'),
    'name',
    'port',
    'targetPort',
  ),
  ...all(noEffect('requests are HTTP/1.1 over TCP'), 'appProtocol', 'protocol'),
  nodePort: ENTRANCE,
};

export const SERVICE: FieldTree = {
  ...all(carriedOut(), 'apiVersion', 'kind'),
  metadata: METADATA,
  status: noEffect('the API server writes it'),
  spec: {
    selector: { '*': carriedOut() },
    ports: PORTS,
    clusterIP: carriedOut('None: the Service is headless').unlessThat(
      'an address',
      (value) => value !== 'None',
      'the Service has an address of this machine',
    ),
    ...all(ADDRESS, 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'),
    type: ENTRANCE.except(
      'ExternalName',
      (value) => value === 'ExternalName',
      'the name leads to another host, not to the pods',
    ),
    ...all(
      ENTRANCE,
      'allocateLoadBalancerNodePorts',
      'externalIPs',
      'healthCheckNodePort',
      'loadBalancerClass',
      'loadBalancerIP',
      'loadBalancerSourceRanges',
    ),
    externalName: refused('the name leads to another host, not to the pods').unless(''),
    externalTrafficPolicy: carriedOut('Local: requests stay on the node, and avoid nodes without a ready pod'),
    internalTrafficPolicy: refused('clients reach only the pods of their own node').unless('Cluster', ''),
    publishNotReadyAddresses: carriedOut(),
    sessionAffinity: refused('all requests of a client go to one pod').unless('None', ''),
    sessionAffinityConfig: noEffect('it belongs to sessionAffinity'),
    trafficDistribution: refused('clients prefer the pods of their own zone or node'),
  },
};
