import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readDockerfile } from '../../src/check/dockerfile.ts';
import { InputError } from '../../src/errors.ts';
import { RUNTIMES } from '../../src/manifests/overlays.ts';
import { projectFile } from '../../src/project-file.ts';
import { checked } from './checked.ts';

describe('what the image starts', () => {
  const table: [what: string, lines: string[], entrypoint: string[] | undefined, cmd: string[] | undefined][] = [
    ['nothing', ['FROM a'], undefined, undefined],
    ['exec forms', ['FROM a', 'ENTRYPOINT ["b"]', 'CMD ["c", "d e"]'], ['b'], ['c', 'd e']],
    ['lower case', ['from a', 'cmd ["b"]'], undefined, ['b']],
    ['a shell form', ['FROM a', 'CMD b  c'], undefined, ['/bin/sh', '-c', 'b  c']],
    ['another shell', ['FROM a', 'SHELL ["/bin/bash", "-ec"]', 'CMD b'], undefined, ['/bin/bash', '-ec', 'b']],
    ['a malformed list', ['FROM a', "CMD ['b']"], undefined, ['/bin/sh', '-c', "['b']"]],
    ['the last of each', ['FROM a', 'CMD ["b"]', 'CMD ["c"]'], undefined, ['c']],
    ['the last stage', ['FROM a AS b', 'CMD ["c"]', 'FROM d'], undefined, undefined],
    ['a stage built on another', ['FROM a AS Build', 'ENTRYPOINT ["b"]', 'CMD ["c"]', 'FROM build'], ['b'], ['c']],
    [
      'an ENTRYPOINT, which resets the CMD of its base stage',
      ['FROM a AS b', 'CMD ["c"]', 'FROM b', 'ENTRYPOINT ["d"]'],
      ['d'],
      undefined,
    ],
    ['an ENTRYPOINT after its CMD', ['FROM a', 'CMD ["c"]', 'ENTRYPOINT ["d"]'], ['d'], ['c']],
    ['continued lines with comments', ['FROM a', 'CMD ["b", \\', '  # c', '', '  "d"]'], undefined, ['b', 'd']],
    ['a backtick that ends a command', ['FROM a', 'CMD echo `b`'], undefined, ['/bin/sh', '-c', 'echo `b`']],
    ['a heredoc before it', ['FROM a', 'RUN <<E', 'CMD b', 'E', 'CMD ["c"]'], undefined, ['c']],
    ['another escape', ['# escape=`', 'FROM a', 'CMD ["b", `', '  "c"]'], undefined, ['b', 'c']],
  ];
  for (const [what, lines, entrypoint, cmd] of table) {
    for (const end of ['\n', '\r\n']) {
      test(`${what}${end === '\n' ? '' : ', with Windows line ends'}`, () => {
        const dockerfile = readDockerfile(lines.join(end), 'Dockerfile');
        assert.deepEqual([dockerfile.entrypoint?.argv, dockerfile.cmd?.argv], [entrypoint, cmd]);
      });
    }
  }

  test('the base image, through stages', () => {
    const base = (...lines: string[]) => readDockerfile(lines.join('\n'), 'Dockerfile').baseImage;
    assert.equal(base('FROM --platform=linux/amd64 node:24 AS a', 'FROM a'), 'node:24');
    assert.equal(base('FROM node:24 AS a', 'FROM gcr.io/distroless/nodejs24'), 'gcr.io/distroless/nodejs24');
  });

  test('the line of the instruction', () => {
    const { findings } = checked({ dockerfile: 'FROM node:24\n\n  CMD npm start\n' });
    assert.deepEqual(
      findings.map(({ source, position }) => [source, position]),
      [['Dockerfile', { line: 3, column: 3 }]],
    );
  });

  test('a file that is not a Dockerfile is an input error', () => {
    for (const text of ['', 'hello', 'RUN a\nCMD b\n']) {
      assert.throws(() => readDockerfile(text, 'Dockerfile'), {
        constructor: InputError,
        message: 'Dockerfile: not a Dockerfile: it has no FROM',
      });
    }
  });
});

for (const runtime of RUNTIMES) {
  test(`the Dockerfile of ${runtime} is clean`, () => {
    const dockerfile = readFileSync(projectFile(`runtimes/${runtime}/Dockerfile`), 'utf8');
    assert.deepEqual(checked({ dockerfile }).findings, []);
  });
}
