import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { artifactUri } from '../../src/report/artifact.ts';

describe('a path as a URI reference', () => {
  const table: [path: string, uri: string][] = [
    ['./k8s/shop.yaml', 'k8s/shop.yaml'],
    ['../a b.yaml', '../a%20b.yaml'],
    ['::error::x.yaml', '%3A%3Aerror%3A%3Ax.yaml'],
    ['http://x/y', 'http%3A//x/y'],
    ['//host/path', '/host/path'],
    ['a?b#c%', 'a%3Fb%23c%25'],
    ['half\ud800', 'half%EF%BF%BD'],
  ];
  for (const [path, uri] of table) test(JSON.stringify(path), () => assert.equal(artifactUri(path), uri));
});
