"""Certificates, issuers and the claims an overlay may show. Only this package makes a Claim."""
