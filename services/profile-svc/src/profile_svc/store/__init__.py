"""SQL, and nothing but SQL: what is selected, inserted and deleted. Decides nothing."""
