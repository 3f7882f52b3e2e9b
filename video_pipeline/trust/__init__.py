"""Certificates, issuers and the claims that an overlay may show. Only this package makes a Claim."""
