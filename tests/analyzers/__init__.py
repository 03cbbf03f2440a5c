"""Tests of devchat.analyzers."""
