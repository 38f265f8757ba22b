"""The sandbox's own tests: that it keeps to the API description and holds every special case."""
