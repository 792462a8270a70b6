"""Where shoppers come in."""
