"""What the `control:` section of an architecture file may say, part by part."""
