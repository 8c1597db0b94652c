"""Asks tocsin and a real Prometheus the same questions about the same samples, and compares the answers."""
