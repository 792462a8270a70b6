"""Graph components that read a shopper's message, in the order of the pipeline in config.yml."""
