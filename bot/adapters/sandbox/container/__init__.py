"""Commands in containers of Docker or Podman."""
