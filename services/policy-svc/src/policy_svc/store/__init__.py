"""The database `policy`: what it keeps, and how it tells of what is new. The only place of policy-svc with SQL."""
