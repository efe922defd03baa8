"""The web door: deliveries in, pages and numbers out."""
