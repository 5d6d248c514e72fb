"""The socket and what of a request is let in at all."""
