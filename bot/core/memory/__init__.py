"""What is remembered of a repository, and which of it is worth showing to an agent."""
