"""HTTP of matching-svc: each call checks its grant, does one thing in one transaction, and answers once that is committed."""
