import { repositoryContract } from '../../../../test/contracts/repository-contract.ts';
import { faultyRegistry, withoutReferrers, withSubjectOnly } from '../server/testing/faulty-registry.ts';
import { repositoryIn } from './testing/client.ts';

repositoryContract('a registry with referrers', async (t) => {
  const { address } = await faultyRegistry(t);
  return repositoryIn(address);
});

repositoryContract('a registry that gives one entry a page', async (t) => {
  const { address } = await faultyRegistry(t, { pageSize: 1 });
  return repositoryIn(address);
});

repositoryContract('a registry without referrers', async (t) => {
  const { address, fail } = await faultyRegistry(t);
  fail(withoutReferrers);
  return repositoryIn(address);
});

repositoryContract('a registry that promises referrers and lists none', async (t) => {
  const { address, fail } = await faultyRegistry(t);
  fail(withSubjectOnly);
  return repositoryIn(address);
});
