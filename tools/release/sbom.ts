/** The bill of materials of the program: the packages that are bundled into it, in the form of CycloneDX 1.6. */

export interface Identity {
  name: string;
  version: string;
}

interface Component extends Identity {
  type: 'application' | 'library';
  'bom-ref': string;
  purl: string;
  licenses: { expression: string }[];
}

/** `@hono/node-server 2.1.9: MIT` */
const BUNDLED = /^(?<name>\S+) (?<version>\S+): (?<license>.+)$/;

/**
 * @param serialNumber a UUID of its own, which GitHub's attestations ask for
 * @param licenses the text of THIRD-PARTY-LICENSES: a sentence, a line for each package that is bundled, and their licences
 * @throws Error when it has another form
 */
export function sbomOf(serialNumber: string, program: Identity, licenses: string) {
  const [, list = ''] = licenses.split('\n\n');
  const components = list.split('\n').filter(Boolean).map(libraryOf);
  if (components.length === 0) throw new Error('THIRD-PARTY-LICENSES names no package');
  const component = componentOf('application', program, 'MIT');
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${serialNumber}`,
    version: 1,
    metadata: { component },
    components,
    dependencies: [{ ref: component['bom-ref'], dependsOn: components.map((library) => library['bom-ref']) }],
  };
}

function libraryOf(line: string): Component {
  const { name, version, license } = BUNDLED.exec(line)?.groups ?? {};
  if (!name || !version || !license) throw new Error(`THIRD-PARTY-LICENSES: "${line}" is not "NAME VERSION: LICENCE"`);
  return componentOf('library', { name, version }, license);
}

function componentOf(type: Component['type'], { name, version }: Identity, license: string): Component {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { type, 'bom-ref': purl, name, version, purl, licenses: [{ expression: license }] };
}
