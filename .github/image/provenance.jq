# The predicate https://slsa.dev/provenance/v1 of a build by a workflow of GitHub, from the environment of the job that
# signs it. Takes $base (REPOSITORY@DIGEST) and $finished (RFC 3339).
# https://actions.github.io/buildtypes/workflow/v1

def source: "\(env.GITHUB_SERVER_URL)/\(env.GITHUB_REPOSITORY)";
def workflow: env.GITHUB_WORKFLOW_REF | ltrimstr("\(env.GITHUB_REPOSITORY)/") | split("@")[0];

{
  buildDefinition: {
    buildType: "https://actions.github.io/buildtypes/workflow/v1",
    externalParameters: {
      workflow: { ref: env.GITHUB_REF, repository: source, path: workflow }
    },
    internalParameters: {
      github: {
        event_name: env.GITHUB_EVENT_NAME,
        repository_id: env.GITHUB_REPOSITORY_ID,
        repository_owner_id: env.GITHUB_REPOSITORY_OWNER_ID,
        runner_environment: env.RUNNER_ENVIRONMENT
      }
    },
    resolvedDependencies: [
      { uri: "git+\(source)@\(env.GITHUB_REF)", digest: { gitCommit: env.GITHUB_SHA } },
      { uri: "docker://\($base)", digest: { sha256: ($base | split("@sha256:")[1]) } }
    ]
  },
  runDetails: {
    builder: { id: "\(env.GITHUB_SERVER_URL)/\(env.GITHUB_WORKFLOW_REF)" },
    metadata: {
      invocationId: "\(source)/actions/runs/\(env.GITHUB_RUN_ID)/attempts/\(env.GITHUB_RUN_ATTEMPT)",
      finishedOn: $finished
    }
  }
}
