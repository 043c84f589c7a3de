import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { digestOf, type Digest } from '../../oci/digest.ts';
import { MEDIA_TYPES } from '../../oci/media-types.ts';
import { MOST_REFERRERS } from '../../oci/repository.ts';
import { serve } from '../server/testing/faulty-registry.ts';
import { repositoryIn } from './testing/client.ts';
import { refusal } from './testing/refusal.ts';

const SUBJECT = digestOf('an image');

interface Page {
  readonly entries: readonly string[];
  readonly link?: string;
}

/** Serves lists whose pages are named by the parameter `page`; the first one is named "". */
async function listing(t: TestContext, page: (name: string, count: number) => Page) {
  let count = 0;
  const address = await serve(t, (request, response) => {
    const url = new URL(request.url ?? '', 'http://registry');
    if (!/\/(tags\/list|referrers\/.*)$/.test(url.pathname)) {
      response.writeHead(404).end();
      return;
    }
    count += 1;
    const { entries, link } = page(url.searchParams.get('page') ?? '', count);
    const manifests = entries.map((name) => descriptorOf(digestOf(name)));
    const headers = link === undefined ? {} : { link };
    response.writeHead(200, headers).end(JSON.stringify({ tags: entries, manifests }));
  });
  return { repository: repositoryIn(address), count: () => count };
}

function descriptorOf(digest: Digest) {
  return { mediaType: MEDIA_TYPES.manifest, digest, size: 7 };
}

describe('a list', () => {
  it('is followed to its end, however its next page is named', async (t) => {
    const { repository } = await listing(t, (name) => {
      if (name === '') return { entries: ['c'], link: '</v2/team/podinfo/tags/list?page=2>; rel="next"' };
      if (name === '2') return { entries: ['a'], link: '<?page=3>; title="a, b"; rel=next' };
      if (name === '3') return { entries: [], link: '<?page=0>; rel="first", <?page=4>;rel="last next"' };
      return { entries: ['b'], link: '<?page=0>; rel="prev"' };
    });
    assert.deepEqual(await repository.tags(), ['a', 'b', 'c']);
    assert.equal((await repository.referrers(SUBJECT)).length, 3);
  });

  it('that goes round in circles is no list', async (t) => {
    const { repository, count } = await listing(t, (name) => ({
      entries: ['a'],
      link: `<?page=${name === '1' ? 2 : 1}>; rel="next"`,
    }));
    await assert.rejects(repository.referrers(SUBJECT), refusal('REGISTRY_UNAVAILABLE', /circles/));
    assert.equal(count(), 3);
  });

  it('without end is no list', async (t) => {
    const empty = await listing(t, (_name, count) => ({ entries: [], link: `<?page=${count}>; rel="next"` }));
    await assert.rejects(empty.repository.tags(), refusal('TOO_LARGE'));
    const full = await listing(t, (_name, count) => ({
      entries: Array.from({ length: 100 }, (_, index) => `${count}-${index}`),
      link: `<?page=${count}>; rel="next"`,
    }));
    await assert.rejects(full.repository.tags(), refusal('TOO_LARGE'));
    assert.ok(full.count() <= 102);
  });

  it('of too many that refer to an image is a flood', async (t) => {
    const entries = Array.from({ length: MOST_REFERRERS + 1 }, (_, index) => `referrer ${index}`);
    const whole = await listing(t, () => ({ entries: entries.slice(1) }));
    assert.equal((await whole.repository.referrers(SUBJECT)).length, MOST_REFERRERS);
    const flood = await listing(t, () => ({ entries }));
    await assert.rejects(flood.repository.referrers(SUBJECT), refusal('TOO_MANY_REFERRERS'));
  });

  it('whose next page cannot be found is not taken for whole', async (t) => {
    const links = ['next', '<>; rel="next"', '<http://[>; rel="next"', '; rel="next"', '<?page=2 rel="next"'];
    for (const link of links) {
      const { repository } = await listing(t, () => ({ entries: ['a'], link }));
      await assert.rejects(repository.referrers(SUBJECT), refusal('REGISTRY_UNAVAILABLE'), link);
    }
  });

  it('that goes on elsewhere is not followed', async (t) => {
    const elsewhere = await serve(t, () => assert.fail('it was followed'));
    for (const link of [`<http://${elsewhere}/>; rel="next"`, '<http://169.254.169.254/>; rel="next"']) {
      const { repository } = await listing(t, () => ({ entries: ['a'], link }));
      await assert.rejects(repository.referrers(SUBJECT), refusal('REDIRECT_REFUSED'), link);
    }
  });
});
