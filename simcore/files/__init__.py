"""Reading YAML files: documents with places, patches, validation. Knows no kind of file."""
