"""The register of processing activities (GDPR Art 30), made from the rulebook."""
