"""One module a revision; `upgrade(op)` gets the operations to use. Revisions that were released never change."""
