"""The people of the shop: accounts, roles and sign-in, shared by desk and studio."""
