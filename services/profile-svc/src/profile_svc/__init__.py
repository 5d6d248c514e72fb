"""profile-svc owns the people. It answers no call without a grant, and selects nothing that the grant does not name."""
