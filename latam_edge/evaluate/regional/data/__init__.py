"""What the regional evaluation asks, as data."""
