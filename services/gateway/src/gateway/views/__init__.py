"""What answers look like: the schemas of the API."""
