"""What the integration tests start, talk to and end."""
