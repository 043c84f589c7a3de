import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Refusal } from '../../core/permission/admission.ts';
import { assess } from './assess.ts';
import { type Assessment, refusalsOf } from './assessment.ts';
import { READ_BACK_LEVEL } from './own-identity.ts';
import { policyDigest } from './policy-digest.ts';
import {
  complete,
  exceptionOf,
  HOUR,
  IMAGE,
  NOW,
  OTHER_IMAGE,
  policyOf,
  PREDICATES,
  provenanceOf,
  sbomOf,
  scanOf,
  signatureOf,
  statement,
  summaryOf,
} from './testing/statements.ts';
import type { AttachedEvidence, VerifiedStatement } from '../verification/evidence.ts';
import type { Policy, RuleOf } from './policy.ts';

function judge(
  statements: readonly VerifiedStatement[],
  changes: Partial<Policy> = {},
  rejected: AttachedEvidence['rejected'] = [],
): Assessment {
  return assess(policyOf(changes), IMAGE, { statements, rejected }, NOW);
}

const codes = (assessment: Assessment) => refusalsOf(assessment).map(({ code }: Refusal) => code);
const details = (assessment: Assessment) =>
  refusalsOf(assessment)
    .map(({ detail }) => detail)
    .join('\n');
const notes = (assessment: Assessment) => assessment.rules.flatMap((rule) => rule.notes).join('\n');

/** All that is needed, with other scans, verdicts or whatever kind is given. */
function withOther(...others: readonly VerifiedStatement[]): readonly VerifiedStatement[] {
  const types = others.map((other) => other.statement.predicateType);
  return [...complete().filter((each) => !types.includes(each.statement.predicateType)), ...others];
}

describe('an image that brings everything', () => {
  it('is admitted, with exactly the evidence that was used', () => {
    const { admission, rules } = judge(complete());
    assert.ok(admission !== null);
    assert.deepEqual(
      admission.evidence.map(({ kind, signer }) => [kind, signer]),
      [
        ['signature', 'build (key 1)'],
        ['provenance', 'build (key 1)'],
        ['sbom', 'build (key 1)'],
        ['scan', 'build (key 1)'],
        ['verdict', 'engine-dev (key 1)'],
      ],
    );
    assert.equal(admission.policy, policyDigest(policyOf()));
    assert.equal(admission.builtAt, NOW - 3 * HOUR);
    assert.ok(rules.every(({ kind }) => kind === 'met'));
  });

  it('is refused for each kind that is missing', () => {
    const missing = ['SIGNATURE', 'PROVENANCE', 'SBOM', 'SCAN', 'VSA'].map((name) => `MISSING_${name}`);
    for (const [index, code] of missing.entries()) {
      assert.deepEqual(codes(judge(complete().toSpliced(index, 1))), [code]);
    }
  });

  it('is refused when its evidence is by somebody who does not count for that rule', () => {
    const assessment = judge(withOther(sbomOf({ signers: ['engine-dev'] })));
    assert.deepEqual(codes(assessment), ['UNTRUSTED_SIGNER']);
    assert.match(
      details(assessment),
      /SBOM sha256:\w+… is by engine-dev \(key 1\), and only that of build counts/,
    );
  });

  it('says why what claims to be the evidence was not believed', () => {
    const rejected = {
      referrer: IMAGE.digest,
      code: 'CERTIFICATE_ERROR' as const,
      detail: 'its authority is not trusted',
      claimsToBe: PREDICATES.sbom,
    };
    const assessment = judge(complete().toSpliced(2, 1), {}, [rejected]);
    assert.deepEqual(codes(assessment), ['CERTIFICATE_ERROR']);
    assert.match(details(assessment), /claims to be the SBOM.*its authority is not trusted/);
  });

  it('is refused when the evidence is about another image, and only its name is right', () => {
    const moved = sbomOf({ subject: [{ name: IMAGE.digest, digest: { sha256: OTHER_IMAGE.slice(7) } }] });
    assert.deepEqual(codes(judge(withOther(moved))), ['SUBJECT_MISMATCH']);
    const wrongKey = sbomOf({ subject: [{ name: 'x', digest: { sha512: IMAGE.digest.slice(7) } }] });
    assert.deepEqual(codes(judge(withOther(wrongKey))), ['SUBJECT_MISMATCH']);
  });

  it('is admitted by evidence about several images, and that is told', () => {
    const subject = [
      { name: 'other', digest: { sha256: OTHER_IMAGE.slice(7) } },
      { name: 'ours', digest: { sha256: IMAGE.digest.slice(7) } },
    ];
    const assessment = judge(withOther(sbomOf({ subject })));
    assert.ok(assessment.admission !== null);
    assert.match(notes(assessment), /SBOM .* is about 1 other subject as well/);
  });

  it('is refused when it is of another repository or platform', () => {
    const elsewhere = assess(
      policyOf(),
      { ...IMAGE, repository: 'registry/shop-evil', platform: 'linux/arm64' },
      { statements: complete(), rejected: [] },
      NOW,
    );
    assert.deepEqual(codes(elsewhere).slice(0, 2), ['REPOSITORY_NOT_ALLOWED', 'WRONG_PLATFORM']);
  });

  it('is not admitted by a policy that asks for nothing', () => {
    assert.equal(judge(complete(), { rules: [] }).admission, null);
  });
});

describe('provenance', () => {
  it('of another builder or type is refused', () => {
    assert.deepEqual(codes(judge(withOther(provenanceOf({ builder: 'https://evil.example' })))), [
      'PROVENANCE_POLICY',
    ]);
    assert.deepEqual(codes(judge(withOther(provenanceOf({ buildType: 'https://evil.example' })))), [
      'PROVENANCE_POLICY',
    ]);
  });

  it('(28) with parameters that the policy does not know is refused', () => {
    const assessment = judge(withOther(provenanceOf({ parameters: { source: 'main', debug: true } })));
    assert.deepEqual(codes(assessment), ['PROVENANCE_POLICY']);
    assert.match(details(assessment), /the parameter "debug", which the policy does not know/);
  });

  it('with another value than the policy wants, or none, is refused', () => {
    assert.match(
      details(judge(withOther(provenanceOf({ parameters: { source: 'x' } })))),
      /source "x", not main/,
    );
    assert.match(details(judge(withOther(provenanceOf({ parameters: {} })))), /does not say what .*"source"/);
  });

  it('cannot pass a name with a dot for a path', () => {
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'provenance' ? { ...rule, parameters: { 'workflow.ref': ['main'] } } : rule,
    );
    const good = provenanceOf({ parameters: { workflow: { ref: 'main' } } });
    assert.deepEqual(codes(judge(withOther(good), { rules })), []);
    const bad = provenanceOf({ parameters: { workflow: { ref: 'evil' }, 'workflow.ref': 'main' } });
    assert.ok(codes(judge(withOther(bad), { rules })).includes('PROVENANCE_POLICY'));
  });

  it('cannot pass a path for a name with a dot either', () => {
    const name = String.raw`work\.flow`;
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'provenance' ? { ...rule, parameters: { [name]: ['main'] } } : rule,
    );
    const bad = provenanceOf({ parameters: { 'work.flow': 'evil', 'work\\': { flow: 'main' } } });
    assert.ok(codes(judge(withOther(bad), { rules })).includes('PROVENANCE_POLICY'));
  });

  it('was built when a log saw it, if it says that it was later', () => {
    const { statement: said } = provenanceOf({});
    const seen = statement(said.predicateType, said.predicate, { signedAt: NOW - 30 * HOUR });
    assert.equal(judge(withOther(seen)).admission?.builtAt, NOW - 30 * HOUR);
  });

  const COMMIT = 'c0ffee'.padEnd(40, '0');
  const fromSource = { repositories: ['https://example.com/acme/shop'], refs: ['refs/heads/main'] };

  function judgeSource(
    definition: Readonly<Record<string, unknown>>,
    source: NonNullable<RuleOf<'provenance'>['source']> = fromSource,
  ): Assessment {
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'provenance' ? { ...rule, source } : rule,
    );
    return judge(withOther(provenanceOf({ definition })), { rules });
  }

  function commitAt(uri: string) {
    return { uri, digest: { gitCommit: COMMIT } };
  }

  it('of a commit of the repository that the policy asks for is accepted, and says so', () => {
    const other = { uri: 'git+https://example.com/tools', digest: { gitCommit: '1'.repeat(40) } };
    for (const address of ['https://example.com/acme/shop', 'https://example.com/acme/shop.git']) {
      const definition = {
        resolvedDependencies: [commitAt(`git+${address}@refs/heads/main`), other, { name: 'x' }, 7],
      };
      const { admission } = judgeSource(definition);
      const says = admission?.evidence.find(({ kind }) => kind === 'provenance')?.says ?? '';
      assert.match(says, /of c0ffee000000 of https:\/\/example\.com\/acme\/shop at refs\/heads\/main$/);
    }
  });

  it('of another repository, ref or no commit is refused', () => {
    const wrong: readonly (readonly [dependencies: unknown, says: RegExp])[] = [
      [[commitAt('git+https://example.com/acme/shop-evil@refs/heads/main')], /not of .*shop at refs/],
      [[commitAt('git+https://example.com/acme/shop@refs/heads/evil')], /at refs\/heads\/evil, not of/],
      [[commitAt('git+https://example.com/acme/shop')], /not of/],
      [[{ digest: { gitCommit: COMMIT } }], /a repository that it does not name, not of/],
      [[{ uri: 'git+https://example.com/acme/shop@refs/heads/main' }], /does not say of which commit/],
      [[], /does not say of which commit/],
      [{ gitCommit: COMMIT }, /does not say of which commit/],
    ];
    for (const [resolvedDependencies, says] of wrong) {
      const assessment = judgeSource({ resolvedDependencies });
      assert.deepEqual(codes(assessment), ['PROVENANCE_POLICY'], JSON.stringify(resolvedDependencies));
      assert.match(details(assessment), says);
    }
  });

  it('of a commit of any ref is accepted where the policy names none', () => {
    const detached = { resolvedDependencies: [commitAt('git+https://example.com/acme/shop')] };
    assert.ok(judgeSource(detached, { ...fromSource, refs: null }).admission !== null);
  });

  it('of changed files is refused where a source is asked for, and told where none is', () => {
    const definition = { internalParameters: { git: { commit: COMMIT, changedFiles: 2 } } };
    assert.match(details(judgeSource(definition)), /of no commit of .*: 2 files are not as committed/);
    const { admission } = judge(withOther(provenanceOf({ definition })));
    assert.match(
      admission?.evidence.find(({ kind }) => kind === 'provenance')?.says ?? '',
      /of files that no commit has$/,
    );
  });

  it('is met by any good one, whatever else there is', () => {
    const evidence = [...complete(), provenanceOf({ builder: 'https://evil.example' })];
    assert.ok(judge(evidence).admission !== null);
    assert.ok(judge(evidence.toReversed()).admission !== null);
  });
});

describe('scans', () => {
  it('(13) that found something too severe refuse the image', () => {
    const assessment = judge(withOther(scanOf({ found: [{ id: 'CVE-1', severity: 'critical' }] })));
    assert.deepEqual(codes(assessment), ['VULNERABLE']);
    assert.match(details(assessment), /CVE-1 \(critical\) in pkg:npm\/left@1\.0\.0/);
  });

  it('that found something less severe do not', () => {
    assert.ok(judge(withOther(scanOf({ found: [{ id: 'CVE-1', severity: 'medium' }] }))).admission !== null);
  });

  it('that found something nobody has rated count it as high', () => {
    assert.deepEqual(codes(judge(withOther(scanOf({ found: [{ id: 'CVE-1', severity: null }] })))), [
      'VULNERABLE',
    ]);
  });

  it('count the worst that anybody says, and what cannot be read as high', () => {
    const rated = (...scores: readonly string[]) =>
      codes(judge(withOther(scanOf({ found: [{ id: 'CVE-1', severity: null, scores }] }))));
    for (const harmless of [['low'], ['Moderate', '3.1'], ['6.9'], ['0.0'], ['unknown', 'medium']]) {
      assert.deepEqual(rated(...harmless), [], harmless.join(' '));
    }
    for (const severe of [
      ['7.0'],
      ['low', 'IMPORTANT'],
      ['low', 'CVSS:3.1/AV:N'],
      ['11'],
      ['-1'],
      ['unknown'],
    ]) {
      assert.deepEqual(rated(...severe), ['VULNERABLE'], severe.join(' '));
    }
  });

  it('are read where they give the vector of CVSS instead of its score', () => {
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'scan' ? { ...rule, failOn: 'critical' as const } : rule,
    );
    const rated = (vector: string) =>
      codes(
        judge(withOther(scanOf({ found: [{ id: 'CVE-1', severity: null, scores: [vector] }] })), { rules }),
      );
    assert.deepEqual(rated('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'), ['VULNERABLE']);
    assert.deepEqual(rated('CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N'), []);
  });

  it('(14) that are stale, or made with stale data, refuse the image', () => {
    assert.deepEqual(codes(judge(withOther(scanOf({ age: 25 * HOUR })))), ['SCAN_STALE']);
    assert.deepEqual(codes(judge(withOther(scanOf({ databaseAge: 8 * 24 * HOUR })))), ['SCAN_STALE']);
    assert.deepEqual(codes(judge(withOther(scanOf({ databaseAge: null })))), ['SCAN_STALE']);
  });

  it('that were in a log long before they say they were made are as old as the log says', () => {
    assert.deepEqual(codes(judge(withOther(scanOf({ signedAt: NOW - 25 * HOUR })))), ['SCAN_STALE']);
  });

  it('(38) from the future refuse the image, but not for clocks that differ a little', () => {
    assert.deepEqual(codes(judge(withOther(scanOf({ age: -2 * HOUR })))), ['SCAN_STALE']);
    assert.deepEqual(codes(judge(withOther(scanOf({ age: -30_000 })))), []);
  });

  it('(33) are outdone by a newer one, whichever of the signers made it', () => {
    const bad = { found: [{ id: 'CVE-1', severity: 'high' as const }] };
    const newer = scanOf({ age: 5 * 60_000, signers: ['security'], ...bad });
    assert.deepEqual(codes(judge(withOther(scanOf({ age: HOUR }), newer))), ['VULNERABLE']);
    const older = scanOf({ age: 2 * HOUR, signers: ['security'], ...bad });
    assert.ok(judge(withOther(scanOf({ age: HOUR }), older)).admission !== null);
  });

  it('of the same time count as the worse one says', () => {
    const scans = [scanOf({}), scanOf({ found: [{ id: 'CVE-1', severity: 'high' }] })];
    assert.deepEqual(codes(judge(withOther(...scans))), ['VULNERABLE']);
    assert.deepEqual(codes(judge(withOther(...scans.toReversed()))), ['VULNERABLE']);
  });

  it('of strangers do not count, for better or worse', () => {
    const stranger = scanOf({ age: 0, signers: ['engine-dev'], found: [{ id: 'CVE-1', severity: 'high' }] });
    assert.ok(judge(withOther(scanOf({}), stranger)).admission !== null);
  });

  it('that did not come to an end refuse the image, also when an older one did', () => {
    const broken = statement(PREDICATES.scan, { scanner: { uri: 'scanner' }, error: 'no database' });
    assert.deepEqual(codes(judge(withOther(scanOf({}), broken))), ['SCAN_FAILED']);
  });
});

describe('an exception for a vulnerability', () => {
  const bad = scanOf({ found: [{ id: 'CVE-1', severity: 'high' }] });
  const judged = (...exceptions: readonly VerifiedStatement[]) => judge(withOther(bad, ...exceptions));

  it('of the right signer, with a reason that a program can weigh, is used and named', () => {
    const assessment = judged(exceptionOf({}));
    assert.ok(assessment.admission !== null, details(assessment));
    const used = assessment.admission.evidence.find(({ kind }) => kind === 'exception');
    assert.match(used?.says ?? '', /CVE-1 does not matter here: vulnerable code not present/);
  });

  it('is not applied, and it is said why, when', () => {
    const reasons: readonly (readonly [VerifiedStatement, RegExp])[] = [
      [exceptionOf({ signers: ['build'] }), /its signer may not make exceptions/],
      [exceptionOf({ status: 'under_investigation' }), /its status is under_investigation/],
      [exceptionOf({ status: 'affected' }), /its status is affected/],
      [exceptionOf({ justification: undefined }), /gives no justification/],
      [exceptionOf({ justification: 'trust_me' }), /gives no justification/],
      [exceptionOf({ age: 91 * 24 * HOUR }), /said 2184 h ago, and counts for 2160 h/],
      [exceptionOf({ age: -HOUR }), /dated in the future/],
      [
        exceptionOf({ product: 'pkg:oci/shop?repository_url=registry/shop-evil' }),
        /product is not this image/,
      ],
      [
        exceptionOf({ product: `pkg:oci/shop@${OTHER_IMAGE}?repository_url=registry/shop` }),
        /not this image/,
      ],
      [exceptionOf({ product: 'pkg:npm/left@1.0.0' }), /product is not this image/],
      [exceptionOf({ component: 'pkg:npm/right@1.0.0' }), /another component/],
    ];
    for (const [exception, why] of reasons) {
      const assessment = judged(exception);
      assert.deepEqual(codes(assessment), ['VULNERABLE']);
      assert.match(notes(assessment), /an exception for CVE-1 is present \(\S+\) but not applied, because/);
      assert.match(notes(assessment), why);
    }
  });

  it('names the image by digest, by repository, or by the subject of the attestation alone', () => {
    const products = [
      IMAGE.digest,
      `pkg:oci/shop@${encodeURIComponent(IMAGE.digest)}`,
      'pkg:oci/shop?repository_url=registry/shop',
      null,
    ];
    for (const product of products)
      assert.deepEqual(codes(judged(exceptionOf({ product }))), [], String(product));
  });

  it('may know the vulnerability by another name', () => {
    const other = scanOf({ found: [{ id: 'GHSA-1', severity: 'high', aliases: ['CVE-1'] }] });
    assert.deepEqual(codes(judge(withOther(other, exceptionOf({})))), []);
  });

  it('goes for one CVE, and not for another that a scanner has joined with it', () => {
    const aliases = ['CVE-2', 'GHSA-1'];
    const joined = scanOf({ found: [{ id: 'CVE-1', severity: 'high', aliases }] });
    const saying = (...vulnerabilities: readonly string[]) =>
      judge(withOther(joined, ...vulnerabilities.map((vulnerability) => exceptionOf({ vulnerability }))));
    assert.deepEqual(codes(saying('CVE-1')), ['VULNERABLE']);
    assert.deepEqual(codes(saying('GHSA-1')), ['VULNERABLE'], 'which may be about one of them only');
    assert.match(notes(saying('CVE-1')), /CVE-1 stands for CVE-1 and CVE-2 there, and CVE-2 is not excepted/);
    const both = saying('CVE-1', 'CVE-2');
    assert.deepEqual(codes(both), []);
    const used = both.admission?.evidence.filter(({ kind }) => kind === 'exception');
    assert.equal(used?.length, 2);
    const back = exceptionOf({ vulnerability: 'GHSA-1', status: 'affected', age: HOUR });
    const first = exceptionOf({ vulnerability: 'CVE-1' });
    const second = exceptionOf({ vulnerability: 'CVE-2' });
    assert.deepEqual(codes(judge(withOther(joined, first, second, back))), ['VULNERABLE']);
  });

  it('needs no reason when it is fixed', () => {
    assert.deepEqual(codes(judged(exceptionOf({ status: 'fixed', justification: undefined }))), []);
  });

  it('is taken back by a newer word about the same', () => {
    const back = exceptionOf({ status: 'affected', age: HOUR });
    assert.deepEqual(codes(judged(exceptionOf({ age: 2 * HOUR }), back)), ['VULNERABLE']);
    assert.deepEqual(codes(judged(exceptionOf({ age: 0 }), back)), []);
    assert.deepEqual(codes(judged(exceptionOf({ age: HOUR }), back)), ['VULNERABLE'], 'the worse of two');
  });

  it('is taken back by what cannot be read', () => {
    const broken = statement(PREDICATES.exception, { statements: 'none' }, { signers: ['security'] });
    assert.deepEqual(codes(judged(exceptionOf({}), broken)), ['VULNERABLE']);
  });
});

describe('the verdict of the environment before', () => {
  it('(22) that the image failed there refuses it, also when it passed before', () => {
    const failed = summaryOf({ result: 'FAILED', age: HOUR });
    assert.deepEqual(codes(judge(withOther(failed))), ['VSA_POLICY']);
    assert.deepEqual(codes(judge(withOther(summaryOf({ age: 2 * HOUR }), failed))), ['VSA_POLICY']);
    assert.deepEqual(codes(judge(withOther(summaryOf({ age: 0.5 * HOUR }), failed))), []);
  });

  it('(23) about another environment, service, image or repository does not count', () => {
    const digest = OTHER_IMAGE;
    for (const about of [
      { environment: 'test' },
      { service: 'pay' },
      { digest },
      { repository: 'registry/x' },
    ]) {
      assert.deepEqual(codes(judge(withOther(summaryOf(about)))), ['VSA_POLICY'], JSON.stringify(about));
    }
    const uris = ['oci://registry/shop', `${summaryUri()}&env=dev`, `${summaryUri()}#x`, 'pkg:oci/shop'];
    for (const uri of uris)
      assert.deepEqual(codes(judge(withOther(summaryOf({ uri })))), ['VSA_POLICY'], uri);
  });

  it('about another environment hides neither good nor bad news about the right one', () => {
    const elsewhere = summaryOf({ environment: 'test', age: 0 });
    assert.deepEqual(codes(judge(withOther(summaryOf({ result: 'FAILED' }), elsewhere))), ['VSA_POLICY']);
    const failedElsewhere = summaryOf({ environment: 'test', result: 'FAILED', age: 0 });
    assert.deepEqual(codes(judge(withOther(summaryOf({}), failedElsewhere))), []);
  });

  it('(21) of a signer who may not speak for that verifier does not count', () => {
    assert.deepEqual(codes(judge(withOther(summaryOf({ signers: ['build'] })))), ['UNTRUSTED_SIGNER']);
    assert.deepEqual(codes(judge(withOther(summaryOf({ verifier: 'https://other.example' })))), [
      'VSA_POLICY',
    ]);
  });

  it('(38) from the future refuses the image', () => {
    assert.deepEqual(codes(judge(withOther(summaryOf({ age: -2 * HOUR })))), ['VSA_POLICY']);
  });

  it('that is too fresh makes it wait', () => {
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'verdict' ? { ...rule, soak: 2 * HOUR } : rule,
    );
    const assessment = judge(withOther(summaryOf({ age: HOUR })), { rules });
    assert.deepEqual(codes(assessment), ['SOAKING']);
    assert.match(details(assessment), /promoted in dev 60 min ago and has to last 2 h: another 60 min/);
    assert.deepEqual(codes(judge(withOther(summaryOf({ age: 2 * HOUR })), { rules })), []);
  });

  it('(53) by another policy than those that are accepted refuses the image', () => {
    const accepted = `sha256:${'c'.repeat(64)}`;
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'verdict' ? { ...rule, policies: [accepted] } : rule,
    );
    assert.deepEqual(codes(judge(withOther(summaryOf({})), { rules })), ['VSA_POLICY']);
    assert.deepEqual(codes(judge(withOther(summaryOf({ policy: accepted })), { rules })), []);
  });

  it('without a level that is asked for refuses the image', () => {
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'verdict' ? { ...rule, levels: ['SLSA_BUILD_LEVEL_2'] } : rule,
    );
    assert.deepEqual(codes(judge(withOther(summaryOf({})), { rules })), ['VSA_POLICY']);
    assert.deepEqual(codes(judge(withOther(summaryOf({ levels: ['SLSA_BUILD_LEVEL_2'] })), { rules })), []);
  });

  it('(52) tells what people overruled there', () => {
    const assessment = judge(withOther(summaryOf({ overrides: ['CVE-1, by ann and bob, until Friday'] })));
    assert.match(notes(assessment), /overruled there: CVE-1, by ann and bob, until Friday/);
    const says = assessment.admission?.evidence.map((used) => used.says).join();
    assert.match(says ?? '', /promoted in dev 60 min ago, with 1 overruled by people/);
  });

  function ranOn(digests: Readonly<Record<string, unknown>>) {
    const targets = Object.entries(digests).map(([name, runningDigest]) => ({
      name,
      previousDigest: null,
      ...(runningDigest === undefined ? {} : { runningDigest }),
    }));
    return { id: 'shop-dev-1', targets };
  }

  it('(40) that it passed is not believed where another one was read back, or nothing', () => {
    const right = ranOn({ web: IMAGE.digest, api: IMAGE.digest });
    const admitted = judge(withOther(summaryOf({ rollout: right })));
    assert.match(
      admitted.admission?.evidence.map(({ says }) => says).join() ?? '',
      /promoted in dev 60 min ago, read back from web, api/,
    );
    const wrong: readonly (readonly [digests: Readonly<Record<string, unknown>>, says: RegExp])[] = [
      [{ web: IMAGE.digest, api: OTHER_IMAGE }, /another one ran on "api": sha256:/],
      [{ web: IMAGE.digest, api: null }, /nothing was read back from "api"/],
      [{ web: IMAGE.digest, api: undefined }, /nothing was read back from "api"/],
      [{ web: IMAGE.digest.toUpperCase() }, /another one ran on "web"/],
    ];
    for (const [digests, says] of wrong) {
      const assessment = judge(withOther(summaryOf({ rollout: ranOn(digests) })));
      assert.deepEqual(codes(assessment), ['VSA_POLICY'], JSON.stringify(digests));
      assert.match(details(assessment), says);
    }
  });

  it('(40) outdoes an older one that was better, and is outdone by a newer one', () => {
    const wrong = ranOn({ web: OTHER_IMAGE });
    const older = summaryOf({ age: 2 * HOUR, rollout: ranOn({ web: IMAGE.digest }) });
    assert.deepEqual(codes(judge(withOther(older, summaryOf({ rollout: wrong })))), ['VSA_POLICY']);
    assert.deepEqual(
      codes(judge(withOther(summaryOf({}), summaryOf({ age: 2 * HOUR, rollout: wrong })))),
      [],
    );
  });

  it('of an engine that does not say what ran is believed, unless a level is asked for', () => {
    const silent = summaryOf({ rollout: ranOn({ web: undefined }) });
    assert.deepEqual(codes(judge(withOther(silent))), []);
    const rules = policyOf().rules.map((rule) =>
      rule.evidence === 'verdict' ? { ...rule, levels: [READ_BACK_LEVEL] } : rule,
    );
    assert.match(details(judge(withOther(silent), { rules })), /lacks the level ROLLOUT_DIGEST_READ_BACK/);
  });

  it('whose word about what ran cannot be understood refuses the image', () => {
    for (const rollout of [{ targets: 'all' }, ranOn({ web: 7 }), { targets: [{}] }, {}, null]) {
      const assessment = judge(withOther(summaryOf({ rollout })));
      assert.deepEqual(codes(assessment), ['VSA_POLICY'], JSON.stringify(rollout));
    }
  });

  it('that cannot be read refuses the image: it may be bad news', () => {
    const broken = statement(PREDICATES.verdict, { verifier: 1 }, { signers: ['engine-dev'] });
    assert.deepEqual(codes(judge(withOther(summaryOf({}), broken))), ['VSA_POLICY']);
  });
});

function summaryUri(): string {
  return `oci://registry/shop@${IMAGE.digest}?env=dev&service=shop`;
}

describe('whatever evidence says', () => {
  it('(44) nothing breaks, and nothing is admitted by it', () => {
    const hostile = JSON.parse(
      `{"__proto__": {"a": 1}, "constructor": ${'['.repeat(2000)}${']'.repeat(2000)}}`,
    );
    const types = Object.values(PREDICATES).filter((type) => type !== PREDICATES.signature);
    for (const type of types) assert.equal(judge([signatureOf(), statement(type, hostile)]).admission, null);
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue({ maxDepth: 6 }), (type, predicate) => {
        const others = complete().filter((each) => each.statement.predicateType !== type);
        const signers = ['build', 'security', 'engine-dev'];
        return (
          judge([...others, statement(type, predicate, { signers })]).admission === null ||
          type === PREDICATES.exception
        );
      }),
      { numRuns: 500 },
    );
  });

  it('no piece that is changed somewhere breaks the judgement or is half believed', () => {
    const good = complete();
    fc.assert(
      fc.property(fc.nat(4), fc.nat(), fc.jsonValue(), (which, where, value) => {
        const target = good[which];
        assert.ok(target !== undefined);
        const predicate = replaced(target.statement.predicate, where, value);
        const changed = { ...target, statement: { ...target.statement, predicate } };
        const assessment = judge(good.with(which, changed));
        assert.equal(assessment.admission === null, refusalsOf(assessment).length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

/** The tree with one of its members replaced; `where` counts them through. */
function replaced(tree: unknown, where: number, value: unknown): unknown {
  if (typeof tree !== 'object' || tree === null) return value;
  const entries = Object.entries(tree);
  const [name, child] = entries[where % Math.max(1, entries.length)] ?? [];
  if (name === undefined) return value;
  const inner = replaced(child, Math.floor(where / entries.length), value);
  if (Array.isArray(tree)) return tree.with(Number(name), inner);
  return { ...tree, [name]: inner };
}
