"""What two services need to be identical for safety; never business rules, tables or helpers."""
