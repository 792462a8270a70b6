"""What all after-sales share: which goods, why, what shows it, how it is settled, and what is told of it."""
