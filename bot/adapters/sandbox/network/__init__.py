"""The one way out that a sandbox can have: an HTTP proxy that connects to allowed hosts only."""
