"""Messages, one module per domain."""
