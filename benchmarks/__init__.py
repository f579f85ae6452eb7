"""The measurements that the documentation quotes: each prints one table and writes JSON (benchmarks/README.md)."""
