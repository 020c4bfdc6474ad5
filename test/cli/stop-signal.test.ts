/** Which signal stops the server of `run`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDockerfile } from '../../src/check/dockerfile.ts';
import { stopSignalIn } from '../../src/commands/stop-signal.ts';
import { InputError } from '../../src/errors.ts';
import { checked } from '../check/checked.ts';

describe('the STOPSIGNAL of a Dockerfile is', () => {
  const table: [what: string, lines: string[], signal: string | undefined][] = [
    ['its name', ['FROM nginx', 'STOPSIGNAL SIGQUIT'], 'SIGQUIT'],
    ['a name without SIG', ['FROM nginx', 'STOPSIGNAL quit'], 'SIGQUIT'],
    ['a number', ['FROM nginx', 'STOPSIGNAL 3'], 'SIGQUIT'],
    ['the last one', ['FROM nginx', 'STOPSIGNAL SIGINT', 'STOPSIGNAL SIGQUIT'], 'SIGQUIT'],
    ["the last stage's", ['FROM a', 'STOPSIGNAL SIGINT', 'FROM b', 'STOPSIGNAL SIGQUIT'], 'SIGQUIT'],
    ['that of the stage that it builds on', ['FROM a AS b', 'STOPSIGNAL SIGINT', 'FROM b'], 'SIGINT'],
    ['not that of another stage', ['FROM a AS b', 'STOPSIGNAL SIGINT', 'FROM scratch', 'COPY --from=b / /'], undefined],
  ];
  for (const [what, lines, signal] of table) {
    test(what, () => assert.deepEqual(stopSignalIn(readDockerfile(lines.join('\n'), 'Dockerfile')), { signal }));
  }

  test('unknown for a base image, and a note says so', () => {
    const { signal, note } = stopSignalIn(readDockerfile('FROM nginx:1.27', 'Dockerfile'));
    assert.equal(signal, undefined);
    assert.match(note ?? '', /^Dockerfile has no STOPSIGNAL, and the one of its base image nginx:1\.27 is unknown/);
  });

  const refused: [what: string, lines: string[], message: RegExp][] = [
    [
      'a variable',
      ['FROM a', 'ARG STOP=SIGQUIT', 'STOPSIGNAL $STOP'],
      /^Dockerfile:3: STOPSIGNAL \$STOP: variables are not resolved: name the signal with --stop-signal SIG$/,
    ],
    ['no signal', ['FROM a', 'STOPSIGNAL SIGSTRANGE'], /^Dockerfile:2: STOPSIGNAL SIGSTRANGE: must be the name/],
    ['not the number of a signal', ['FROM a', 'STOPSIGNAL 99'], /^Dockerfile:2: STOPSIGNAL 99: must be the name/],
    ['not in a Dockerfile', ['hello'], /^Dockerfile: not a Dockerfile: it has no FROM$/],
  ];
  for (const [what, lines, message] of refused) {
    test(`refused if it is ${what}`, () => {
      assert.throws(
        () => stopSignalIn(readDockerfile(lines.join('\n'), 'Dockerfile')),
        (error) => error instanceof InputError && message.test(error.message),
      );
    });
  }
});

test('check says what a stop signal in a manifest requires', () => {
  const { notes } = checked({
    deployment: {
      'spec.template.spec.os.name': 'linux',
      'spec.template.spec.containers[0].lifecycle.stopSignal': 'SIGQUIT',
    },
  });
  assert.match(
    notes.join('\n'),
    /lifecycle\.stopSignal SIGQUIT needs the feature gate ContainerStopSignals\. Without it/,
  );
});
