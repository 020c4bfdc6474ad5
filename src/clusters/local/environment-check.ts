/** The ConfigMaps and Secrets that the environment of a pod's containers comes from: what is wrong, and what is absent. */
import { InputError } from '../../errors.ts';
import { type AbsentSource, absentSources, environmentProblems } from '../../kubernetes-rules/environment-variables.ts';
import type { Container } from '../../kubernetes-rules/objects.ts';
import { environmentSources } from '../../manifests/environment-sources.ts';
import type { Assumption, Manifests } from '../../manifests/manifests.ts';
import { printable } from '../../printable.ts';
import type { LocalImage } from './pod-spec.ts';

type Images = Readonly<Record<string, LocalImage>>;

/** @throws InputError if a container could not be created in Kubernetes because of its environment */
export function assertEnvironment(manifests: Manifests, images: Images): void {
  const { source, workload } = manifests;
  const sources = environmentSources(manifests);
  const problems = containersThatRun(manifests, images).flatMap((container) =>
    environmentProblems(container, sources).map(
      ({ field, reason }) => `container "${container.name}": ${field}: ${reason}`,
    ),
  );
  if (problems.length === 0) return;
  throw new InputError(
    printable(
      `${source}: ${workload.kind} "${workload.metadata.name}": ${problems.join('; ')} ` +
        '(its pods would not start: CreateContainerConfigError); add what is missing to the input',
    ),
  );
}

/**
 * The manifests with an assumption for each ConfigMap and Secret that the input does not have: many are created apart
 * from the rest, so it is assumed to be on the cluster.
 */
export function withAbsentSources(manifests: Manifests, images: Images): Manifests {
  const absent = absentSources(containersThatRun(manifests, images), environmentSources(manifests));
  return { ...manifests, assumed: [...manifests.assumed, ...absent.map(assumptionFor)] };
}

function assumptionFor({ kind, name, variables }: AbsentSource): Assumption {
  const [first, second, ...others] = variables;
  const named = others.length > 0 ? `${first}, ${second} and ${others.length} more` : variables.join(' and ');
  const those = variables.length === 0 ? 'its variables' : named;
  return {
    field: printable(`${kind} "${name}"`),
    value: 'on the cluster',
    why: printable(
      `the input does not have it; ${those} can come only from your own environment here, and without the ${kind} no pod would start`,
    ),
  };
}

/** A stand-in needs no environment. */
function containersThatRun({ workload }: Manifests, images: Images): Container[] {
  const { containers, initContainers = [] } = workload.spec.template.spec;
  return [...containers, ...initContainers].filter(({ name }) => !images[name]?.standIn);
}
