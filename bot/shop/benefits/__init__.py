"""Coupons, points and promotions: reading only."""
