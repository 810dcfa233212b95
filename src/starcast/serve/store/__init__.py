"""A service that writes ratings into a store, and whose answers know them at once."""
