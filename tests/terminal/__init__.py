"""Tests of the command line at work in a checkout."""
