"""The small web service that the nodes of the tests and of the demo run."""
