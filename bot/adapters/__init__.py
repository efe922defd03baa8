"""The only places that talk to GitHub, the model, the database, the engine and the sandbox."""
