"""Contracts of the rehearsal AWS, held against it and against moto alone."""
