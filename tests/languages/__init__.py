"""Tests of devchat.languages."""
