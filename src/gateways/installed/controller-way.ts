/**
 * The way through the user's own gateway: a controller that runs on the cluster and serves other apps too. An Ingress or
 * an HTTPRoute in the namespace of each trial tells it of the app.
 */
import { InputError } from '../../errors.ts';

export interface NamespacedName {
  namespace: string;
  name: string;
}

export interface ControllerWay {
  /** In results and file names: "ingress-nginx" for the IngressClass nginx, "gateway-public" for the Gateway public. */
  name: string;
  /** What leads to it. */
  parent: { kind: 'IngressClass'; name: string } | ({ kind: 'Gateway' } & NamespacedName);
  /** Its Service, to which the load goes; by default, the address in the status of the Ingress or Gateway. */
  service?: NamespacedName | undefined;
  /** The Deployment or DaemonSet whose pods write its log. */
  logs?: NamespacedName | undefined;
}

/** A gateway that leads to a workload in use, of which nothing is known but its log. */
export interface LoggedWay {
  /** In results and file names: that of the workload that writes the log. */
  name: string;
  logs: NamespacedName;
}

/** DNS labels and subdomains, as names of objects are. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** The longest name of a way in results. */
const MAX_WAY_CHARACTERS = 60;

export interface ControllerFlags {
  ingressClass?: string | undefined;
  gateway?: string | undefined;
  gatewayService?: string | undefined;
  gatewayLogs?: string | undefined;
}

/**
 * @returns undefined if the flags name no controller
 * @throws InputError for a name that no object can have, and for flags that need another
 */
export function controllerWay(flags: ControllerFlags): ControllerWay | undefined {
  const { ingressClass, gateway, gatewayService, gatewayLogs } = flags;
  if (ingressClass === undefined && gateway === undefined) {
    const [stray] = Object.entries({ 'gateway-service': gatewayService, 'gateway-logs': gatewayLogs }).find(
      ([, given]) => given !== undefined,
    ) ?? [undefined];
    if (stray === undefined) return undefined;
    throw new InputError(`--${stray} is for a gateway of your own: name it with --ingress-class or --gateway`);
  }
  const more = {
    service: gatewayService === undefined ? undefined : namespacedName('gateway-service', gatewayService),
    logs: gatewayLogs === undefined ? undefined : namespacedName('gateway-logs', gatewayLogs),
  };
  if (ingressClass !== undefined) {
    if (!NAME.test(ingressClass))
      throw new InputError(`--ingress-class ${ingressClass}: no IngressClass has such a name`);
    return { name: wayName(`ingress-${ingressClass}`), parent: { kind: 'IngressClass', name: ingressClass }, ...more };
  }
  const named = namespacedName('gateway', gateway ?? '');
  return { name: wayName(`gateway-${named.name}`), parent: { kind: 'Gateway', ...named }, ...more };
}

/**
 * The gateway whose log `run` reads (--gateway-logs).
 * @throws InputError if it is not NAMESPACE/NAME
 */
export function loggedWay(text: string): LoggedWay {
  const logs = namespacedName('gateway-logs', text);
  return { name: wayName(logs.name), logs };
}

function wayName(text: string): string {
  return text.slice(0, MAX_WAY_CHARACTERS);
}

function namespacedName(flag: string, text: string): NamespacedName {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length > 0 || !NAME.test(namespace) || !NAME.test(name)) {
    throw new InputError(`--${flag} ${text}: write it as NAMESPACE/NAME`);
  }
  return { namespace, name };
}
