"""Tests of the rehearsal's machines, forwards and clock."""
