"""The registry: a TOML file a paper, with its claims, where each number was read, margins, recipe and deviations."""

from reproduce.registry.load import available, load_registry
from reproduce.registry.schema import Registry

__all__ = ["Registry", "available", "load_registry"]
