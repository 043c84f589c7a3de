# Turns what Grype prints as JSON into the predicate https://in-toto.io/attestation/vulns/v0.2. Takes $started and $finished
# (RFC 3339). Fails when the scan does not say how old its database is: a policy could not judge it.

def database_time:
  (.descriptor.db.status.built? // .descriptor.db.built?)
  | if type == "string" then . else error("the scan does not say when its database was built") end;

if (.matches | type) != "array" then error("this is no result of Grype") else
{
  scanner: {
    uri: "pkg:github/anchore/grype@v\(.descriptor.version)",
    version: .descriptor.version,
    db: { lastUpdate: database_time },
    result: [
      .matches[] | {
        id: .vulnerability.id,
        severity: [{ method: "grype", score: .vulnerability.severity }],
        annotations: [{
          purl: .artifact.purl,
          installed: .artifact.version,
          fixed: (.vulnerability.fix.versions // []),
          aliases: [(.relatedVulnerabilities // [])[].id]
        }]
      }
    ]
  },
  metadata: { scanStartedOn: $started, scanFinishedOn: $finished }
}
end
