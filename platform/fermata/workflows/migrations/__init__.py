"""Migrations of the workflow tables."""
