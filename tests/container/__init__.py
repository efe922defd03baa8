"""The image and the Compose files: rules on every machine, the real build and a real pair of workers with Podman."""
