"""Verifies the bundle in a file with sigstore-python: <trusted root> <bundle> <subject> <issuer>."""

import sys

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

root, file, subject, issuer = sys.argv[1:]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
with open(file, encoding="utf-8") as bundle:
    who = policy.Identity(identity=subject, issuer=issuer)
    payload_type, _ = verifier.verify_dsse(Bundle.from_json(bundle.read()), who)
print(payload_type)
