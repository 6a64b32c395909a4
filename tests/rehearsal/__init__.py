"""The rehearsal AWS: an AWS of one's own on the loopback, for tests and for `make up`. See README.md."""
