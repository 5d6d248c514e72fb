"""What crosses a wire between services: frozen pydantic models and nothing that does I/O."""
