import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { analyse } from '../../src/analysis/result.ts';
import { RUNTIMES, VARIANTS } from '../../src/manifests/overlays.ts';
import { reportContents } from '../../src/report/contents.ts';
import { htmlReport } from '../../src/report/html/page.ts';
import { DELETED, failed, pod, succeeded } from '../analysis/story.ts';
import { trialResult } from '../results/trial-result.ts';
import { refused, reported, runOf, runOfResults, told } from './reported.ts';

const HOSTILE = `<script>alert("1")</script>&'"><img src=x onerror=alert(1)>`;

const OWN_SERVER = { runtime: 'own', runtimeVersion: '', server: 'node server.js' };

describe('the page', () => {
  test('has a cell for each variant and runtime, and each leads to its trial', () => {
    const html = htmlReport(
      reported([
        told({ runtime: 'node' }),
        told({ runtime: 'deno', variant: 'without-pre-stop' }, { load: { failures: refused(7, 10) } }),
      ]),
    );
    for (const id of ['valid-node', 'without-pre-stop-deno']) {
      assert.ok(html.includes(`href="#${id}"`), id);
      assert.equal(html.split(`id="${id}"`).length, 2, `${id} occurs once`);
    }
    assert.match(html, /<a class="figure" href="#without-pre-stop-deno">7</);
    assert.match(html, /valid: 0 of \d+ exposed requests broke/);
  });

  test('has unique ids, and every internal link has a target', () => {
    const traces = RUNTIMES.flatMap((runtime) => VARIANTS.map((variant) => told({ runtime, variant })));
    const html = htmlReport(reported(traces));
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1] ?? '');
    assert.equal(new Set(ids).size, ids.length);
    const targets = [...html.matchAll(/(?:href="#|aria-labelledby=")([^"]*)"/g)].map((match) => match[1] ?? '');
    assert.ok(targets.length > 2 * traces.length);
    for (const target of targets) assert.ok(ids.includes(target), target);
  });

  test('needs no network, no script and no other file', () => {
    const html = htmlReport(reported([told({}, { load: { failures: refused(7, 10) } })]));
    assert.doesNotMatch(html, /<script|<link(?! rel="icon" href="data:)|<img|<iframe|url\(|@import|https?:|\bon\w+=/i);
    assert.match(html, /Content-Security-Policy" content="default-src &#39;none&#39;/);
  });

  test('escapes everything that comes from a trace or a result', () => {
    const strange = failed(`fresh connect ${HOSTILE}`, 1000, 1001, {
      detail: HOSTILE,
      pod: HOSTILE,
      scenario: HOSTILE,
    });
    const bad = told(
      { runtime: HOSTILE, runtimeVersion: HOSTILE, variant: HOSTILE, cluster: HOSTILE },
      {
        pods: [pod('old-1', { ...DELETED.drained, node: HOSTILE }), pod(`new${HOSTILE}`)],
        routerViews: [
          { router: HOSTILE, atMs: 0, pods: ['old-1'] },
          { router: HOSTILE, atMs: 2000, pods: [] },
        ],
        load: { failures: [strange], generator: HOSTILE },
      },
    );
    const contents = reported([bad], [HOSTILE]);
    const result = { ...analyse(bad), valid: false, invalidReasons: [HOSTILE] };
    const html = htmlReport({ ...contents, trials: [{ result, trace: bad }] });
    assert.ok(html.includes('&lt;script&gt;'));
    assert.doesNotMatch(html, /<script|<img|alert\("1/);
  });

  test('shows the result of a search for a fix, and how to make the change', () => {
    const run = runOf(
      [told({ ...OWN_SERVER, variant: 'own' }), told({ ...OWN_SERVER, variant: 'own+pre-stop' })],
      { kind: 'find-fix' },
      {
        fix: {
          state: 'found',
          changes: [{ fix: 'pre-stop', what: `a preStop sleep of 3 s ${HOSTILE}` }],
          component: `kind: Component ${HOSTILE}`,
          untried: [`another ${HOSTILE}`],
          rest: [],
          tried: [
            { set: [], failed: [7], invalid: 0 },
            { set: ['pre-stop'], failed: [0, 0], invalid: 1 },
            { set: ['replicas'], failed: [], invalid: 0, refused: HOSTILE },
          ],
        },
      },
    );
    const html = htmlReport(reportContents(run));
    assert.match(html, /<th scope="row">rollout with pre-stop<\/th>/);
    assert.doesNotMatch(html, />own\b|own-own|own on own/);
    assert.match(
      html,
      /FOUND: with this change, 2 rollouts of node server\.js broke no requests; nothing smaller was enough\./,
    );
    assert.match(html, /<li>a preStop sleep of 3 s &lt;script/);
    assert.match(html, /<pre tabindex="0">kind: Component &lt;script/);
    assert.match(html, /<th scope="row">unchanged<\/th><td>7<\/td>/);
    assert.match(html, /<th scope="row">pre-stop<\/th><td>0, 0, invalid<\/td>/);
    assert.doesNotMatch(html, /<script|<img/);
  });

  test('says why a trial is invalid, and what else is wrong', () => {
    const invalid = told({}, { load: { droppedRequests: 60 } });
    const html = htmlReport(reported([invalid], ['something']));
    assert.match(html, /<strong>Invalid:<\/strong> 60 of 100 requests could not be started\./);
    assert.match(html, /<p class="badge">invalid<\/p>/);
    assert.match(html, /<h3>Problems<\/h3><ul><li>invalid: valid-node: 60 of 100 .*<\/li><li>invalid: something<\/li>/);
  });

  test('says what each change alone removes, and which settings are required', () => {
    const html = htmlReport(reported([told({}, { load: { failures: refused(7, 10) } })]));
    assert.match(html, /What each change alone removes:[\s\S]*<li>100 % of the failures \(7\): a preStop sleep<\/li>/);
    assert.match(html, /<summary>Measurements and required settings<\/summary><ul><li>Routing lag: /);
    const clean = htmlReport(reported([told({})]));
    assert.doesNotMatch(clean, /What each change alone removes/);
  });

  test('gives no advice for an invalid measurement, and says why it is invalid', () => {
    const invalid = told({ runtime: 'bun' }, { load: { failures: refused(7, 10), droppedRequests: 60 } });
    const html = htmlReport(reported([told({}, { load: { failures: refused(7, 10) } }), invalid]));
    assert.doesNotMatch(
      html,
      /What each change alone removes|Measurements and required|how to fix|Keep serving after/i,
    );
    assert.match(html, /<li>invalid: valid-bun: 60 of /);
  });

  test("shows the rollouts of a user's own service by name", () => {
    const traces = [
      told({ ...OWN_SERVER, variant: 'control' }, { rolloutMs: undefined }),
      told({ ...OWN_SERVER, variant: 'own' }, { load: { failures: refused(7, 10) } }),
    ];
    const html = htmlReport(reportContents(runOf(traces, { kind: 'own-service' })));
    assert.match(
      html,
      /<p class="headline bad">node server\.js: a rolling update of 1 pod broke 7 of \d+ exposed requests\./,
    );
    assert.match(html, /<title>Requests broken by rollouts of node server\.js<\/title>/);
    assert.match(html, /<h3 id="rollout">node server\.js /);
    assert.match(html, /<li>rollout-1 broke 7 requests<\/li>/);
    assert.match(html, /<a class="figure" href="#rollout">7</);
    assert.match(html, /<dd>traces\/rollout-1\.json<\/dd>/);
    assert.doesNotMatch(html, />own\b|own-own|own on own/);
  });

  test('needs no trace, for example for a k6 summary', () => {
    const html = htmlReport(reportContents(runOfResults([trialResult({ causes: { unexplained: 3 } })])));
    assert.match(html, /3 broken/);
    assert.match(html, /no trace of this trial was kept/);
    assert.doesNotMatch(html, /<svg class="timeline"/);
  });

  test('has a table of the rollouts in a cell, and says that not all have a picture', () => {
    const traces = [0, 1, 2, 3].map((repeat) => told({ repeat }, { load: { failures: refused(repeat, 10) } }));
    const html = htmlReport(reported(traces));
    assert.equal(html.split('<svg class="timeline"').length, 4);
    assert.match(html, /There are pictures of the 3 rollouts that broke most\./);
    assert.match(html, /<th scope="row">4<\/th><td class="num">3<\/td>/);
  });

  test('has a table of when each broken request started, relative to the start of the rollout', () => {
    const html = htmlReport(reported([told({}, { load: { failures: refused(3, 4) } })]));
    assert.match(html, /<td class="starts">0\.00, 0\.25, 0\.50<\/td>/);
  });

  test('stays under 500 kB for a full matrix with 150 broken requests in each trial', () => {
    const successes = Array.from({ length: 250 }, (_, bucket) => succeeded(bucket, 30 + (bucket % 13), 'new-4'));
    const pods = [1, 2, 3].flatMap((n) => [
      pod(`old-${n}`, DELETED.drained),
      pod(`new-${n + 3}`, { createdMs: 900, readyMs: 2000 }),
    ]);
    const traces = RUNTIMES.flatMap((runtime) =>
      [...VARIANTS, 'control'].map((variant) =>
        told({ runtime, variant }, { pods, loadStopMs: 25_000, load: { successes, failures: refused(150, 30) } }),
      ),
    );
    const html = htmlReport(reported(traces));
    assert.ok(html.length < 500_000, `${html.length} bytes`);
  });
});
